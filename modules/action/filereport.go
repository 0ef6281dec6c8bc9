package action

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// fileReport is what an action of a file prints, as one line of JSON. A boolean that
// is not nil belongs to the operation.
type fileReport struct {
	Operation   string      `json:"operation"`
	Path        string      `json:"path,omitempty"`
	Source      string      `json:"source,omitempty"`
	Destination string      `json:"destination,omitempty"`
	Exists      *bool       `json:"exists,omitempty"`
	Type        string      `json:"type,omitempty"`
	Size        int64       `json:"size,omitempty"`
	Mode        string      `json:"mode,omitempty"`
	ModTime     string      `json:"modTime,omitempty"`
	Files       int         `json:"files,omitempty"`
	Directories int         `json:"directories,omitempty"`
	Bytes       int64       `json:"bytes,omitempty"`
	DryRun      *bool       `json:"dryRun,omitempty"`
	Deleted     *bool       `json:"deleted,omitempty"`
	Created     *bool       `json:"created,omitempty"`
	Moved       *bool       `json:"moved,omitempty"`
	Copied      *bool       `json:"copied,omitempty"`
	Content     string      `json:"content,omitempty"`
	Entries     []fileEntry `json:"entries,omitempty"`
}

// fileEntry is a file or directory that file.list has found.
type fileEntry struct {
	// Path is relative to the directory that is listed.
	Path    string `json:"path"`
	Type    string `json:"type"`
	Size    int64  `json:"size,omitempty"`
	Mode    string `json:"mode,omitempty"`
	ModTime string `json:"modTime,omitempty"`
}

// print writes the report to the step's stdout.
func (r fileReport) print(c *Call) error {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	return writeOut(c.Stdout, []byte(b.String()))
}

// describe adds what is known of a file.
func (r *fileReport) describe(info fs.FileInfo) {
	r.Type, r.Mode, r.ModTime = fileType(info.Mode()), octal(info.Mode()), info.ModTime().UTC().Format(time.RFC3339)
	if info.Mode().IsRegular() {
		r.Size = info.Size()
	}
}

// fileType names what a file is.
func fileType(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "file"
	case mode.IsDir():
		return "directory"
	case mode&fs.ModeSymlink != 0:
		return "symlink"
	default:
		return "other"
	}
}

// octal is the mode of a file as chmod(1) has it.
func octal(mode fs.FileMode) string { return fmt.Sprintf("%04o", mode.Perm()) }

// fileModeText judges a text that must be a mode.
func fileModeText(v any) error {
	_, err := parseMode(textOf(v))
	return err
}

// parseMode reads an octal mode, with or without 0o.
func parseMode(text string) (fs.FileMode, error) {
	digits := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(text), "0o"), "0O")
	mode, err := strconv.ParseUint(digits, 8, 32)
	if err != nil || mode > uint64(fs.ModePerm) {
		return 0, fmt.Errorf("must be an octal mode such as 0644 or 0o755, not %q", text)
	}
	return fs.FileMode(mode), nil
}

// modeOr returns the mode of a field, and otherwise when it is not given.
func (v Values) modeOr(name string, otherwise fs.FileMode) fs.FileMode {
	if mode, err := parseMode(v.Text(name)); err == nil && v.Has(name) {
		return mode
	}
	return otherwise
}

// named judges a text that must name a file. An empty one, which a variable without a
// value becomes, would be the directory of the step.
func named(v any) error {
	if strings.TrimSpace(textOf(v)) == "" {
		return errors.New("must be a path, not an empty text")
	}
	return nil
}

// look is lstat, or stat where links are followed.
func look(path string, follow bool) (fs.FileInfo, error) {
	if follow {
		return os.Stat(path)
	}
	return os.Lstat(path)
}

// absent tells whether an error says that there is no such file.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// isMissing is absent also where a file stands in the place of a directory of the path.
func isMissing(err error) bool { return absent(err) || errors.Is(err, syscall.ENOTDIR) }

// The fields that several actions of files have.
func pathField() Field {
	return Field{Name: "path", Kind: KindText, Required: true, Check: named, Doc: "The path; relative to the directory of the step."}
}

func flagField(name, doc string) Field { return Field{Name: name, Kind: KindBoolean, Doc: doc} }

func dryRunField() Field {
	return flagField("dry_run", "Tell what would be done, and do nothing; false by default.")
}

func missingField() Field {
	return flagField("missing_ok", "Succeed when there is no such file; false by default.")
}

func modeField(otherwise string) Field {
	return Field{Name: "mode", Kind: KindText, Check: fileModeText, Doc: "The octal mode; " + otherwise + " by default."}
}
