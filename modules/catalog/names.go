package catalog

import (
	"os"
	"path/filepath"
	"slices"
)

// NameIn returns the name that the file at path gives to its DAG, even when the
// rest of the file is wrong; its stem when it gives none or cannot be read.
func NameIn(path string) string { return nameOf(path) }

// Files returns the paths of the DAG files in dir, sorted. It needs no catalog.
func Files(dir string) ([]string, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, f := range list {
		if isDAGFile(f.Name()) {
			files = append(files, filepath.Join(dir, f.Name()))
		}
	}
	return files, nil
}

// Names returns the names of the DAGs whose files stand in dir, sorted; none when
// the directory cannot be read. It needs no catalog.
func Names(dir string) []string {
	files, err := Files(dir)
	if err != nil {
		return nil
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = nameOf(file)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
