package store

import (
	"errors"
	"fmt"
)

// MaxRunID is the length of the longest run id, in bytes.
const MaxRunID = 64

// CheckRunID tells what is wrong with an id that somebody chose for a run.
func CheckRunID(id string) error {
	if id == "" {
		return errors.New("the run id is empty")
	}
	if len(id) > MaxRunID {
		return fmt.Errorf("the run id must be at most %d characters long; this one has %d", MaxRunID, len(id))
	}
	for _, r := range id {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
		default:
			return fmt.Errorf("the run id %q must consist of letters, digits, '-' and '_'", id)
		}
	}
	return nil
}
