package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/agext/levenshtein"
	yaml "go.yaml.in/yaml/v4"

	"dagu/modules/dag"
)

// NotFoundError says that an argument names no DAG file.
type NotFoundError struct {
	// Arg is the argument as given.
	Arg string
	// Tried are the paths that were looked for, and Dir the directory whose
	// names were looked through; "" when the argument cannot be a name.
	Tried []string
	Dir   string
	// Directory is the path from the working directory when a directory is there,
	// which is not among Tried; else "".
	Directory string
	// Nearest is the DAG name that is most like the argument; "" when none is.
	Nearest string
	// Err is why the directory could not be looked through; nil when it could.
	Err error
}

// Error says what was tried, and what may have been meant.
func (e *NotFoundError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no DAG %q: ", e.Arg)
	if e.Directory != "" {
		fmt.Fprintf(&b, "%s is a directory, want a DAG file", e.Directory)
	}
	if e.Directory != "" && len(e.Tried) > 0 {
		b.WriteString("; ")
	}
	if len(e.Tried) > 0 {
		fmt.Fprintf(&b, "there is no %s", strings.Join(e.Tried, ", no "))
	}
	if e.Dir != "" && e.Err == nil {
		fmt.Fprintf(&b, ", and no file in %s has that name", e.Dir)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ", and %s", e.Err)
	}
	if e.Nearest != "" {
		fmt.Fprintf(&b, "; did you mean %q?", e.Nearest)
	}
	return b.String()
}

// Unwrap returns fs.ErrNotExist and Err.
func (e *NotFoundError) Unwrap() []error { return []error{fs.ErrNotExist, e.Err} }

// Resolve returns the absolute path of the file that a DAG argument stands for:
// an absolute path; else a path that exists from the working directory; else a
// name in dagsDir, the extension left out or not; else the file in dagsDir whose
// DAG has that name. "~/" stands for the home directory. It needs no catalog. The
// error is a [*NotFoundError] when nothing is found; a path that is there and
// cannot be followed is found, since reading it tells why.
func Resolve(arg, dagsDir string) (string, error) {
	if arg == "" {
		return "", errors.New("the DAG is empty: give a name or a path")
	}
	path := arg
	if rest, ok := strings.CutPrefix(arg, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("resolve DAG %q: %w", arg, err)
		}
		path = filepath.Join(home, rest)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("resolve DAG %q: %w", arg, err)
	}
	if isFile(abs) {
		return abs, nil
	}
	missing := &NotFoundError{Arg: arg}
	if info, err := os.Stat(abs); err == nil && info.IsDir() {
		missing.Directory = abs
	} else {
		missing.Tried = []string{abs}
	}
	if !strings.ContainsRune(path, filepath.Separator) && path != "." && path != ".." {
		if path = missing.lookIn(dagsDir); path != "" {
			return path, nil
		}
	}
	if i := slices.IndexFunc(missing.Tried, isObstructed); i >= 0 {
		return missing.Tried[i], nil
	}
	return "", missing
}

// isFile tells whether there is something at path that is no directory: a
// directory in the working directory does not hide the DAG of its name.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// isObstructed tells whether something other than its absence keeps us from what
// is at path: a link that leads nowhere or in a circle, a directory that is closed
// to us.
func isObstructed(path string) bool {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Lstat(path)
		return err == nil
	}
	return err != nil && !errors.Is(err, syscall.ENOTDIR)
}

// lookIn looks for the argument as a name in the directory of DAGs; "" when
// nothing has it.
func (e *NotFoundError) lookIn(dir string) string {
	e.Dir = dir
	files := []string{e.Arg + ".yaml", e.Arg + ".yml"}
	if isDAGFile(e.Arg) {
		files = []string{e.Arg}
	}
	for _, file := range files {
		path := filepath.Join(dir, file)
		if isFile(path) {
			return path
		}
		if !slices.Contains(e.Tried, path) {
			e.Tried = append(e.Tried, path)
		}
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		e.Err = fmt.Errorf("the DAG directory cannot be read: %w", err)
		return ""
	}
	var names []string
	for _, f := range list {
		if !isDAGFile(f.Name()) {
			continue
		}
		path := filepath.Join(dir, f.Name())
		name := nameOf(path)
		if name == e.Arg {
			return path
		}
		names = append(names, name)
	}
	e.Nearest = nearest(stem(e.Arg), names)
	return ""
}

// nameOf returns the name that a file gives to its DAG, even when the rest of the
// file is wrong; its stem when it gives none or cannot be read.
func nameOf(path string) string {
	text, err := dag.ReadFile(path)
	// Most files have no name, and need not be parsed to know that.
	if err == nil && bytes.Contains(text, []byte("name")) {
		var head struct{ Name yaml.Node }
		if yaml.NewDecoder(bytes.NewReader(text)).Decode(&head) == nil && head.Name.Kind == yaml.ScalarNode {
			if name := strings.TrimSpace(head.Name.Value); name != "" {
				return name
			}
		}
	}
	return stem(filepath.Base(path))
}

// nearest returns the name that is most like want; "" when none is like it.
func nearest(want string, names []string) string {
	best, similarity := "", 0.6
	slices.Sort(names)
	for _, name := range names {
		if s := levenshtein.Match(strings.ToLower(want), strings.ToLower(name), nil); s > similarity {
			best, similarity = name, s
		}
	}
	return best
}

// LoadOptions are what a one-shot command loads a file with.
type LoadOptions struct {
	dag.Options
	// Name overrides the DAG's name; "" overrides nothing.
	Name string
}

// ReadSource reads what the DAG at path is loaded from: the file, and the base
// files that there are. The path is made absolute.
func ReadSource(path string, bases Bases) (dag.Source, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return dag.Source{}, fmt.Errorf("read DAG file %s: %w", path, err)
	}
	text, err := dag.ReadFile(abs)
	if err != nil {
		return dag.Source{}, fmt.Errorf("read DAG file: %w", err)
	}
	src := dag.Source{File: abs, Text: text}
	if err = bases.read(&src); err != nil {
		return dag.Source{}, err
	}
	return src, nil
}

// LoadFile reads and loads the DAG at path for a run. The source is returned
// also when the text does not load; the error is then that of [dag.Load].
func LoadFile(path string, bases Bases, o LoadOptions) (dag.Source, *dag.DAG, error) {
	src, err := ReadSource(path, bases)
	if err != nil {
		return dag.Source{}, nil, err
	}
	src.Name = o.Name
	d, err := dag.Load(src, o.Options)
	return src, d, err
}
