package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"unicode/utf8"

	"dagu/modules/dag"
)

// readEmitted reads the file that a succeeded step may have written its declared
// outputs to. Every declared one must be there, and no other.
func readEmitted(path string, limit int, declared []dag.Declared) (map[string]string, error) {
	text, err := emittedText(path, int64(limit))
	if err != nil {
		return nil, err
	}
	return parseEmitted(text, declared)
}

// emittedText returns what the file holds; "" when the step has removed it.
func emittedText(path string, limit int64) (string, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read DAGU_OUTPUT_FILE: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return "", fmt.Errorf("read DAGU_OUTPUT_FILE: %w", err)
	case !info.Mode().IsRegular():
		return "", errors.New("DAGU_OUTPUT_FILE is not a file any more")
	case info.Size() > limit:
		return "", fmt.Errorf("DAGU_OUTPUT_FILE exceeded maximum size limit of %d bytes", limit)
	}
	text, err := io.ReadAll(io.LimitReader(file, limit))
	if err != nil {
		return "", fmt.Errorf("read DAGU_OUTPUT_FILE: %w", err)
	}
	return string(text), nil
}

// parseEmitted reads the records of a text: name=value, or name<<WORD with the value
// on the lines up to WORD.
func parseEmitted(text string, declared []dag.Declared) (map[string]string, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("DAGU_OUTPUT_FILE is not UTF-8 text")
	}
	p := emission{rest: strings.ReplaceAll(text, "\r\n", "\n"), declared: make(map[string]dag.Declared, len(declared))}
	for _, d := range declared {
		p.declared[d.Name] = d
	}
	for p.rest != "" {
		if err := p.record(); err != nil {
			return nil, err
		}
	}
	for _, d := range declared {
		if _, ok := p.values[d.Name]; !ok {
			return nil, fmt.Errorf("declared output %q was not emitted: the step did not write it to DAGU_OUTPUT_FILE", d.Name)
		}
	}
	return p.values, nil
}

// emission is a text of records while it is read.
type emission struct {
	rest     string
	declared map[string]dag.Declared
	values   map[string]string
}

// line takes the next line; there is one while there is a rest.
func (p *emission) line() string {
	line, rest, _ := strings.Cut(p.rest, "\n")
	p.rest = rest
	return line
}

// record takes the next record.
func (p *emission) record() error {
	line := p.line()
	name, value, plain := strings.Cut(line, "=")
	before, word, block := strings.Cut(line, "<<")
	switch {
	case line == "":
		return errors.New("DAGU_OUTPUT_FILE has an empty line")
	case block && len(before) < len(name):
		var err error
		if name = before; name == "" {
			break
		}
		if value, err = p.block(name, word); err != nil {
			return err
		}
	case !plain:
		return fmt.Errorf("DAGU_OUTPUT_FILE has a line that is no record: %q", firstBytes(line))
	}
	return p.add(name, value)
}

// blockWord is what may end a block.
var blockWord = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// block takes the lines up to the word.
func (p *emission) block(name, word string) (string, error) {
	if !blockWord.MatchString(word) {
		return "", fmt.Errorf("DAGU_OUTPUT_FILE has a block of %q that ends with no word: %q", firstBytes(name), firstBytes(word))
	}
	var lines []string
	for p.rest != "" {
		line := p.line()
		if line == word {
			return strings.Join(lines, "\n"), nil
		}
		lines = append(lines, line)
	}
	return "", fmt.Errorf("DAGU_OUTPUT_FILE has a block of %q without its end %s", firstBytes(name), firstBytes(word))
}

// add takes a value.
func (p *emission) add(name, value string) error {
	d, ok := p.declared[name]
	_, again := p.values[name]
	switch {
	case name == "":
		return errors.New("DAGU_OUTPUT_FILE has a record without a name")
	case !ok:
		return fmt.Errorf("undeclared step output %q in DAGU_OUTPUT_FILE", firstBytes(name))
	case again:
		return fmt.Errorf("duplicate step output %q in DAGU_OUTPUT_FILE", name)
	case d.JSON && !json.Valid([]byte(value)):
		return fmt.Errorf("step output %q is not valid JSON", name)
	}
	if p.values == nil {
		p.values = make(map[string]string)
	}
	p.values[name] = value
	return nil
}

// firstBytes keeps a message short.
func firstBytes(text string) string {
	const most = 80
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
