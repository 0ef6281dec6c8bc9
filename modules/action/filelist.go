package action

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// fileList lists a directory.
func fileList() *Definition {
	return &Definition{
		Name:    "file.list",
		Summary: "List the files of a directory.",
		Fields: []Field{
			pathField(),
			{Name: "pattern", Kind: KindText, Check: globPattern, Doc: "Which paths, relative to the directory: *, ?, [a-z], and ** for any number of directories; all by default."},
			flagField("recursive", "List what is in the directories of the directory too; false by default."),
			flagField("include_dirs", "List directories too; false by default."),
		},
		Run: func(ctx context.Context, c *Call) error {
			report := fileReport{Operation: "list", Path: c.Path(c.With.Text("path"))}
			if err := report.list(ctx, c.With); err != nil {
				return err
			}
			return report.print(c)
		},
	}
}

// list adds what is found, sorted by path.
func (r *fileReport) list(ctx context.Context, with Values) error {
	pattern := with.TextOr("pattern", "**")
	root, err := filepath.EvalSymlinks(r.Path)
	if err != nil {
		return err
	}
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case absent(err) && name != root:
			return nil // it went meanwhile
		case err != nil:
			return err
		case ctx.Err() != nil:
			return fmt.Errorf("list: %w", context.Cause(ctx))
		case name == root && entry.IsDir():
			return nil
		case name == root:
			return fmt.Errorf("%s is not a directory", r.Path)
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if (!entry.IsDir() || with.Bool("include_dirs")) && matches(pattern, filepath.ToSlash(rel)) {
			if err = r.add(rel, entry); err != nil {
				return err
			}
		}
		if entry.IsDir() && !with.Bool("recursive") {
			return fs.SkipDir
		}
		return nil
	})
	slices.SortFunc(r.Entries, func(a, b fileEntry) int { return strings.Compare(a.Path, b.Path) })
	return err
}

func (r *fileReport) add(rel string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if absent(err) {
		return nil // it went meanwhile
	}
	if err != nil {
		return err
	}
	var of fileReport
	of.describe(info)
	r.Entries = append(r.Entries, fileEntry{Path: rel, Type: of.Type, Size: of.Size, Mode: of.Mode, ModTime: of.ModTime})
	if info.IsDir() {
		r.Directories++
		return nil
	}
	r.Files++
	r.Bytes += of.Size
	return nil
}

// globPattern judges a pattern.
func globPattern(v any) error {
	for part := range strings.SplitSeq(textOf(v), "/") {
		if _, err := path.Match(part, ""); err != nil {
			return fmt.Errorf("is not a valid pattern: %q", textOf(v))
		}
	}
	return nil
}

// matches tells whether a relative path is of the pattern, in which ** stands for any
// number of directories.
func matches(pattern, name string) bool {
	return matchParts(strings.Split(pattern, "/"), strings.Split(name, "/"))
}

func matchParts(pattern, name []string) bool {
	for len(pattern) > 0 && pattern[0] != "**" {
		if len(name) == 0 {
			return false
		}
		if ok, err := path.Match(pattern[0], name[0]); err != nil || !ok {
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	if len(pattern) == 0 {
		return len(name) == 0
	}
	for len(pattern) > 1 && pattern[1] == "**" { // two are as good as one, and quicker
		pattern = pattern[1:]
	}
	for skip := range len(name) + 1 {
		if matchParts(pattern[1:], name[skip:]) {
			return true
		}
	}
	return false
}
