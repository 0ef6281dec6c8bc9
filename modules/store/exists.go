package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// Exists tells whether anything was ever recorded in a data directory. It opens
// and makes nothing.
func Exists(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, fileName))
	return err == nil && info.Mode().IsRegular()
}

// OwnerAlive tells whether the process that executes, or executed, a run lives:
// whether it holds the lock on the file of its instance id.
func (s *Store) OwnerAlive(id string) (bool, error) {
	alive, err := isLocked(filepath.Join(s.options.Dir, ownersDir, id))
	if err != nil {
		return false, fmt.Errorf("look for owner %s: %w", id, err)
	}
	return alive, nil
}
