package action

import (
	"errors"
	"fmt"

	"github.com/itchyny/gojq"
)

// The limits of a value that is written. A filter makes what is nested without bound, or
// holds one list many times, in little memory; to write that takes stack, of which Go ends
// the process for want, and memory without end.
const (
	// maxDepth is that of encoding/json when it reads.
	maxDepth = 10_000
	// maxParts is more than a file that can be read holds.
	maxParts = maxInput
)

// Measure tells why a value is too large to be written; nil where it is not.
func Measure(v any) error {
	left := maxParts
	return measure(v, maxDepth, &left)
}

// Writable returns an error of a jq filter, or what is wrong with the value in it, which
// is a part of its text.
func Writable(err error) error {
	var of gojq.ValueError
	if errors.As(err, &of) {
		if large := Measure(of.Value()); large != nil {
			return large
		}
	}
	return err
}

func measure(v any, depth int, left *int) error {
	list, isList := v.([]any)
	m, isMap := v.(map[string]any)
	if !isList && !isMap {
		return nil
	}
	if depth == 0 {
		return fmt.Errorf("the value is nested more than %d levels deep", maxDepth)
	}
	if *left -= len(list) + len(m); *left < 0 {
		return fmt.Errorf("the value has more than %d parts", maxParts)
	}
	for _, item := range list {
		if err := measure(item, depth-1, left); err != nil {
			return err
		}
	}
	for _, item := range m {
		if err := measure(item, depth-1, left); err != nil {
			return err
		}
	}
	return nil
}
