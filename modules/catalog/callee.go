package catalog

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ResolveCallee returns the absolute path of the file that a step means which calls
// another DAG: an absolute path; else a path or name beside the file that the step
// stands in, whose directory is dir; else one in dagsDir. The extension may be left out,
// and a name may be that of the DAG in the file. "~/" stands for the home directory. The
// error is a [*NotFoundError] when nothing is found.
func ResolveCallee(target, dir, dagsDir string) (string, error) {
	missing := &NotFoundError{Arg: target}
	if rest, ok := strings.CutPrefix(target, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("resolve DAG %q: %w", target, err)
		}
		target = filepath.Join(home, rest)
	}
	bases := []string{dir, dagsDir}
	if filepath.IsAbs(target) {
		bases = []string{""}
	}
	for i, base := range bases {
		if (base == "" && !filepath.IsAbs(target)) || slices.Contains(bases[:i], base) {
			continue
		}
		if path := missing.callee(base, target); path != "" {
			return path, nil
		}
	}
	if i := slices.IndexFunc(missing.Tried, isObstructed); i >= 0 {
		return missing.Tried[i], nil
	}
	return "", missing
}

// callee looks for a target in a directory; "" when it is not there.
func (e *NotFoundError) callee(base, target string) string {
	if !strings.ContainsRune(target, filepath.Separator) {
		nearest := e.Nearest
		path := e.lookIn(base)
		e.Nearest = cmp.Or(e.Nearest, nearest)
		return path
	}
	paths := []string{target + ".yaml", target + ".yml", target}
	if isDAGFile(target) {
		paths = []string{target}
	}
	for _, path := range paths {
		if path = filepath.Join(base, path); isFile(path) {
			return path
		}
		e.Tried = append(e.Tried, path)
	}
	return ""
}
