package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"go.yaml.in/yaml/v4"
)

// file is the configuration file while it is read.
type file struct {
	*loader
	path string
	from base
	// set is what the file sets, by the name of the key.
	set layer
}

// readFile reads the configuration file. One that nobody named may be absent;
// then the path is "".
func (l *loader) readFile(p places) (string, layer) {
	if l.opts.NoFile {
		return "", nil
	}
	named := l.opts.File != ""
	text, from := "config.yaml", base{dir: func() (string, error) { return p.config, nil }}
	if named {
		text, from = l.opts.File, l.here()
	}
	path, err := from.path(text)
	if err != nil {
		l.fail(&Error{Origin: Origin{Source: FromFlag, Name: "--config"}, Found: text, Message: err.Error()})
		return "", nil
	}
	content, err := readRegular(path)
	if err != nil {
		if !named && errors.Is(err, os.ErrNotExist) {
			return "", nil
		}
		l.unreadable = true
		l.fail(&Error{Origin: Origin{Source: FromFile, Name: path}, Message: err.Error()})
		return path, nil
	}
	f := &file{loader: l, path: path, from: l.beside(path), set: layer{}}
	if root := f.document(content); root != nil {
		f.section(root, "")
	}
	return path, f.set
}

// readRegular reads a regular file of bounded size. Anything else could block or
// never end, so it is opened without waiting and looked at before it is read.
func readRegular(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, readError(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, readError(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("cannot be read: not a regular file")
	}
	content, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, readError(err)
	}
	if len(content) > MaxFileSize {
		return nil, fmt.Errorf("cannot be read: larger than %d KiB", MaxFileSize>>10)
	}
	return content, nil
}

// readError leaves out the path, which the place of the error names already.
func readError(err error) error {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		err = pathErr.Err
	}
	return fmt.Errorf("cannot be read: %w", err)
}

// document parses the text as YAML and returns its mapping, nil when there is none.
// The text is parsed twice: for the positions, and by the library's own checks of
// duplicate keys, of aliases that grow without bounds, and of those that hold themselves.
func (f *file) document(content []byte) *yaml.Node {
	var documents []yaml.Node
	var values []any
	if err := yaml.Load(content, &documents, yaml.WithAllDocuments()); err != nil {
		f.malformed(err)
		return nil
	}
	if err := yaml.Load(content, &values, yaml.WithAllDocuments()); err != nil {
		f.malformed(err)
		return nil
	}
	if len(documents) > 1 {
		f.syntax(documents[1].Line, "want one document, without further ones behind ---")
		return nil
	}
	if len(documents) == 0 || len(documents[0].Content) == 0 || isNull(documents[0].Content[0]) {
		return nil
	}
	root := follow(documents[0].Content[0])
	if root.Kind != yaml.MappingNode {
		f.syntax(root.Line, fmt.Sprintf("found %s, want a mapping of keys to values", kindOf(root)))
		return nil
	}
	return root
}

// malformed reports every problem that the YAML library found.
func (f *file) malformed(err error) {
	if list, ok := errors.AsType[*yaml.LoadErrors](err); ok && len(list.Errors) > 0 {
		for _, e := range list.Errors {
			f.syntax(e.Mark.Line, loadMessage(e))
		}
		return
	}
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		f.syntax(e.Mark.Line, loadMessage(e))
		return
	}
	f.syntax(0, "not valid YAML: "+err.Error())
}

func loadMessage(e *yaml.LoadError) string {
	message := strings.TrimPrefix(e.Message, "yaml: ")
	if strings.Contains(message, "already defined") {
		return message
	}
	return "not valid YAML: " + message
}

func (f *file) syntax(line int, message string) {
	f.unreadable = true
	f.fail(&Error{Origin: f.at(line), Message: message})
}

func (f *file) at(line int) Origin { return Origin{Source: FromFile, Name: f.path, Line: line} }
