package runner

import (
	"errors"
	"fmt"
	"syscall"
)

// errNoRoom is in the chain of the error when a file of ours could not be made
// because its disk is full, over its quota, or cannot be written now.
var errNoRoom = errors.New("no room on the disk")

// orNoRoom puts errNoRoom before an error that means it.
func orNoRoom(err error) error {
	for _, cause := range [...]error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS} {
		if errors.Is(err, cause) {
			return fmt.Errorf("%w: %w", errNoRoom, err)
		}
	}
	return err
}
