package action

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// fileCopy copies a file or a directory.
func fileCopy() *Definition {
	return &Definition{
		Name:    "file.copy",
		Summary: "Copy a file, or a directory with all that is in it.",
		Fields:  transferFields("Copy a directory with all that is in it; false by default."),
		Run: func(ctx context.Context, c *Call) error {
			t, err := newTransfer(ctx, c, "copy")
			if err != nil {
				return err
			}
			t.report.Copied = new(!t.dry)
			if t.dir && !c.With.Bool("recursive") {
				return fmt.Errorf("%s is a directory; recursive: true copies it with all that is in it", t.source)
			}
			if !t.dry {
				if err = t.copy(ctx); err != nil {
					return err
				}
			}
			return t.report.print(c)
		},
	}
}

// fileMove moves a file or a directory.
func fileMove() *Definition {
	return &Definition{
		Name:    "file.move",
		Summary: "Move or rename a file or a directory.",
		Fields:  transferFields("Accepted for the sake of file.copy: a directory always moves as a whole."),
		Run: func(ctx context.Context, c *Call) error {
			t, err := newTransfer(ctx, c, "move")
			if err != nil {
				return err
			}
			t.report.Moved = new(!t.dry)
			if !t.dry {
				if err = t.move(ctx); err != nil {
					return err
				}
			}
			return t.report.print(c)
		},
	}
}

func transferFields(recursive string) []Field {
	return []Field{
		{Name: "source", Kind: KindText, Required: true, Check: named, Doc: "What is there; relative to the directory of the step."},
		{Name: "destination", Kind: KindText, Required: true, Check: named, Doc: "The new path; relative to the directory of the step."},
		flagField("overwrite", "Replace files that are there; false by default."),
		flagField("create_dirs", "Make the directories that the destination stands in; false by default."),
		flagField("recursive", recursive),
		dryRunField(),
		flagField("follow_symlinks", "Take what a symbolic link points to instead of the link; false by default."),
	}
}

// transfer is a copy or a move.
type transfer struct {
	source, destination string
	dir, dry            bool
	overwrite, follow   bool
	report              fileReport
}

// newTransfer looks at both ends and counts what is there.
func newTransfer(ctx context.Context, c *Call, operation string) (*transfer, error) {
	t := &transfer{
		source: c.Path(c.With.Text("source")), destination: c.Path(c.With.Text("destination")), dry: c.With.Bool("dry_run"),
		overwrite: c.With.Bool("overwrite"), follow: c.With.Bool("follow_symlinks"),
	}
	t.report = fileReport{Operation: operation, Source: t.source, Destination: t.destination, DryRun: new(t.dry)}
	info, err := look(t.source, t.follow)
	if err != nil {
		return nil, err
	}
	if t.follow {
		if t.source, err = filepath.EvalSymlinks(t.source); err != nil {
			return nil, err
		}
	}
	t.dir, t.report.Type = info.IsDir(), fileType(info.Mode())
	if t.dir && within(t.source, t.destination) {
		return nil, fmt.Errorf("%s is inside of %s", t.destination, t.source)
	}
	if err = t.room(); err != nil {
		return nil, err
	}
	if err = t.report.count(ctx, t.source); err != nil {
		return nil, err
	}
	if c.With.Bool("create_dirs") && !t.dry {
		if err = os.MkdirAll(filepath.Dir(t.destination), dirMode); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// room tells why nothing can come to the destination; nil where it can.
func (t *transfer) room() error {
	info, err := os.Lstat(t.destination)
	switch {
	case absent(err):
		return nil
	case err != nil:
		return err
	case t.itself():
		return fmt.Errorf("source and destination are both %s", t.destination)
	case !t.overwrite:
		return fmt.Errorf("%s exists already; overwrite: true replaces it", t.destination)
	case info.IsDir() != t.dir:
		return fmt.Errorf("%s is a %s, and %s is a %s", t.source, t.report.Type, t.destination, fileType(info.Mode()))
	}
	return nil
}

// itself tells whether the destination is the source, by whatever path, or what the
// source is a link to: that would be replaced by a link to itself.
func (t *transfer) itself() bool {
	if entry(t.source) == entry(t.destination) {
		return true
	}
	source, err := os.Lstat(t.source)
	if err != nil || source.Mode()&fs.ModeSymlink == 0 {
		return false
	}
	return sameFile(t.source, t.destination, os.Stat)
}

// entry is a path without links on the way to its last part.
func entry(path string) string {
	return filepath.Join(unlinked(filepath.Dir(path)), filepath.Base(path))
}

// sameFile tells whether two paths are names of one file.
func sameFile(a, b string, stat func(string) (fs.FileInfo, error)) bool {
	one, err := stat(a)
	if err != nil {
		return false
	}
	other, err := stat(b)
	return err == nil && os.SameFile(one, other)
}

// copy copies everything. Files that are there are replaced one by one.
func (t *transfer) copy(ctx context.Context) error {
	return filepath.WalkDir(t.source, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("copy: %w", context.Cause(ctx))
		}
		rel, err := filepath.Rel(t.source, path)
		if err != nil {
			return err
		}
		return t.copyOne(path, filepath.Join(t.destination, rel))
	})
}

func (t *transfer) copyOne(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if t.follow && info.Mode()&fs.ModeSymlink != 0 {
		if info, err = os.Stat(from); err != nil {
			return err
		}
		if info.IsDir() { // which may lead back to where we come from
			return fmt.Errorf("%s is a link to a directory, which is not followed inside of a directory", from)
		}
	}
	switch {
	case info.IsDir():
		return copyDir(from, to, info.Mode().Perm()|0o700) // it must be filled
	case info.Mode()&fs.ModeSymlink != 0:
		return copyLink(from, to)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file, a directory or a link", from)
	}
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	return writeAtomic(to, file, info.Mode().Perm(), os.Rename)
}

// copyDir makes a directory, but not where a link to one is: what is copied would come to
// the place that it points to.
func copyDir(from, to string, mode fs.FileMode) error {
	if info, err := os.Lstat(to); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is a directory, and %s is a %s", from, to, fileType(info.Mode()))
	}
	if err := os.MkdirAll(to, dirMode); err != nil {
		return err
	}
	return os.Chmod(to, mode)
}

func copyLink(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	if err = os.Remove(to); err != nil && !absent(err) {
		return err
	}
	return os.Symlink(target, to)
}

// count adds the files, directories and bytes below a path.
func (r *fileReport) count(ctx context.Context, path string) error {
	return filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("count files: %w", context.Cause(ctx))
		}
		if entry.IsDir() {
			r.Directories++
			return nil
		}
		r.Files++
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			r.Bytes += info.Size()
		}
		return nil
	})
}
