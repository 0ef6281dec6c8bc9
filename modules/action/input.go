package action

import (
	"errors"
	"fmt"
	"os"
)

// maxInput bounds, in bytes, a file that is read into memory.
const maxInput = 64 << 20

// dataFields are those of actions that work on a value or on a file.
func dataFields() []Field {
	return []Field{
		{Name: "data", Kind: KindAny, Doc: "The data: a text in the format that is read, or the value itself."},
		{Name: "input", Kind: KindText, Doc: "The path of a file that holds the data, of at most 64 MiB."},
	}
}

// exclusive judges two fields of which exactly one must be given.
func exclusive(with Values, one, other string) []Problem {
	switch {
	case with.Has(one) && with.Has(other):
		return []Problem{{Key: other, Message: "cannot stand beside " + one}}
	case !with.Has(one) && !with.Has(other):
		return []Problem{{Message: one + " or " + other + " is required"}}
	}
	return nil
}

// given returns what data or input says: a value, or a text that is still to be decoded.
func (c *Call) given() (any, error) {
	if !c.With.Has("input") {
		return c.With["data"], nil
	}
	path := c.Path(c.With.Text("input"))
	text, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read input %s: %w", path, err)
	}
	return string(text), nil
}

// readFile reads a regular file of at most maxInput bytes.
func readFile(path string) ([]byte, error) { return readBounded(path, maxInput) }

// pathless returns an error without the path that its message would repeat.
func pathless(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
