package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// fileWrite writes a file.
func fileWrite() *Definition {
	return &Definition{
		Name:    "file.write",
		Summary: "Write a file.",
		Fields: []Field{
			pathField(),
			{Name: "content", Kind: KindText, Required: true, Doc: "The content."},
			modeField("0600"),
			flagField("overwrite", "Replace a file that is there; false by default."),
			flagField("create_dirs", "Make the directories that it stands in; false by default."),
			flagField("atomic", "Write a file beside it and rename that, so that nobody sees half of it; true by default."),
			dryRunField(),
		},
		Run: func(_ context.Context, c *Call) error {
			path, dry, overwrite := c.Path(c.With.Text("path")), c.With.Bool("dry_run"), c.With.Bool("overwrite")
			if err := vacant(path, overwrite); err != nil {
				return err
			}
			report := fileReport{Operation: "write", Path: path, DryRun: new(dry), Created: new(!dry)}
			content, mode := c.With.Text("content"), c.With.modeOr("mode", fileMode)
			report.Bytes, report.Mode = int64(len(content)), octal(mode)
			if dry {
				return report.print(c)
			}
			if c.With.Bool("create_dirs") {
				if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
					return err
				}
			}
			write := writePlain
			if c.With.BoolOr("atomic", true) {
				write = writeWhole
			}
			if err := write(path, content, mode, overwrite); err != nil {
				return fmt.Errorf("write %s: %w", path, pathless(err))
			}
			return report.print(c)
		},
	}
}

// writeWhole writes a file that is there as a whole, or not at all.
func writeWhole(path, content string, mode fs.FileMode, overwrite bool) error {
	place := placeNew
	if overwrite {
		place = os.Rename
	}
	return writeAtomic(path, strings.NewReader(content), mode, place)
}

// writePlain writes into the file itself.
func writePlain(path, content string, mode fs.FileMode, overwrite bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if overwrite {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(path, flags, mode)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Chmod(mode), file.Close()) // the mode is not that of a file that was there
}

// vacant tells why nothing can be written to a path; nil where it can.
func vacant(path string, overwrite bool) error {
	info, err := os.Lstat(path)
	switch {
	case absent(err):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a directory", path)
	case !overwrite:
		return fmt.Errorf("%s exists already; overwrite: true replaces it", path)
	}
	return nil
}

// fileMkdir makes a directory.
func fileMkdir() *Definition {
	return &Definition{
		Name:    "file.mkdir",
		Summary: "Make a directory, with those that it stands in. One that is there is fine.",
		Fields:  []Field{pathField(), modeField("0750"), dryRunField()},
		Run: func(_ context.Context, c *Call) error {
			path, dry := c.Path(c.With.Text("path")), c.With.Bool("dry_run")
			mode := c.With.modeOr("mode", dirMode)
			info, err := os.Stat(path)
			switch {
			case err == nil && !info.IsDir():
				return fmt.Errorf("%s exists and is not a directory", path)
			case err != nil && !absent(err):
				return err
			}
			missing := err != nil
			report := fileReport{Operation: "mkdir", Path: path, Mode: octal(mode), DryRun: new(dry), Created: new(missing && !dry)}
			if missing && !dry {
				if err = errors.Join(os.MkdirAll(path, dirMode), os.Chmod(path, mode)); err != nil {
					return err
				}
			}
			return report.print(c)
		},
	}
}

// fileDelete deletes a file or a directory.
func fileDelete() *Definition {
	return &Definition{
		Name:    "file.delete",
		Summary: "Delete a file, or a directory with all that is in it.",
		Fields:  []Field{pathField(), flagField("recursive", "Delete a directory with all that is in it; false by default."), missingField(), dryRunField()},
		Run: func(ctx context.Context, c *Call) error {
			path, dry := c.Path(c.With.Text("path")), c.With.Bool("dry_run")
			if path == "/" {
				return errors.New("the root directory / is not deleted")
			}
			report := fileReport{Operation: "delete", Path: path, DryRun: new(dry), Deleted: new(false)}
			info, err := os.Lstat(path)
			switch {
			case isMissing(err) && c.With.Bool("missing_ok"):
				return report.print(c)
			case err != nil:
				return err
			case info.IsDir() && !c.With.Bool("recursive"):
				return fmt.Errorf("%s is a directory; recursive: true deletes it with all that is in it", path)
			}
			report.Type = fileType(info.Mode())
			if err = report.count(ctx, path); err != nil {
				return err
			}
			if !dry {
				if err = os.RemoveAll(path); err != nil {
					return err
				}
				report.Deleted = new(true)
			}
			return report.print(c)
		},
	}
}
