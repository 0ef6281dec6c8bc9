package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/joho/godotenv"

	"dagu/modules/dag"
	"dagu/modules/runner/guard"
)

var errNotDotenv = errors.New("a line is not NAME=value, or a quote is not closed")

// readDotenv adds the variables of the dotenv files. Each is looked for in the
// working directory, then beside the workflow's file. A missing one is fine, one
// that cannot be read is a warning. The error is that ctx ended.
func (x *run) readDotenv(ctx context.Context) error {
	if len(x.dag.Dotenv) == 0 {
		return nil
	}
	dirs := []string{x.workingDir(), filepath.Dir(x.dag.Source.File)}
	host := x.root.withHost(x.runner.host)
	var names []string
	for _, name := range x.dag.Dotenv {
		names = append(names, host.Expand(name))
	}
	places := make([][]string, len(names))
	for i, name := range names {
		for _, dir := range dirs {
			places[i] = append(places[i], x.root.place(name, dir))
		}
	}
	for _, candidates := range places {
		vars, err := x.readVars(ctx, candidates)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			x.warn("a dotenv file is not used", err)
			continue
		}
		for name, value := range vars {
			x.root.env[name] = value
		}
	}
	return nil
}

// readVars reads the first of the files that is there.
func (x *run) readVars(ctx context.Context, paths []string) (map[string]string, error) {
	return guard.Do(ctx, x.runner.guard, func(touch *guard.Touch) (map[string]string, error) {
		path, text, err := readFirst(touch, "dotenv file", paths)
		if err != nil || text == nil {
			return nil, err
		}
		vars, err := godotenv.UnmarshalBytes(text)
		if err != nil {
			// The parser's own words quote the file from the fault on, and what
			// stands there is secret more often than not.
			return nil, fmt.Errorf("parse %s: %w", path, errNotDotenv)
		}
		return vars, nil
	}, nil)
}

// readFirst reads the first of the files that is there; the text is nil when none is.
func readFirst(touch *guard.Touch, what string, paths []string) (path string, text []byte, err error) {
	for _, path := range paths {
		if err := touch.At(what + " " + path); err != nil {
			return "", nil, err
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		text, err := dag.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return path, text, err
	}
	return "", nil, nil
}
