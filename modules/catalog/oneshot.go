package catalog

import (
	"path/filepath"

	"dagu/modules/dag"
)

// EntryOf is the entry of a DAG that stands in no catalog.
func EntryOf(d *dag.DAG) Entry { return *newVersion(d, d.Source.File, d.Source.Hash()) }

// ReadDir reads and loads the DAG files of a directory for a one-shot command, by
// file, the base file excepted. It needs no catalog, and so knows no last good
// versions: a file that does not load has an entry without schedules, whose Err tells
// why. So has one whose DAG has the name of another before it.
func ReadDir(dir, baseFile string, o dag.Options) ([]Entry, error) {
	files, err := Files(dir)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(files))
	holders := make(map[string]string, len(files))
	for _, file := range files {
		if abs, err := filepath.Abs(file); err == nil && abs == baseFile {
			continue
		}
		e := Entry{Name: nameOf(file), File: file}
		if _, d, err := LoadFile(file, Bases{File: baseFile, DAGsDir: dir}, LoadOptions{Options: o}); err != nil {
			e.Err = err
		} else if holder, ok := holders[d.Name]; ok {
			e.Err = &DuplicateError{Name: d.Name, Other: holder}
		} else {
			e = EntryOf(d)
			holders[e.Name] = file
		}
		entries = append(entries, e)
	}
	return entries, nil
}
