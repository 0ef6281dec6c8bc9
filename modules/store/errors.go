package store

import (
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors to branch on.
var (
	// ErrNotFound: there is no such run, step or text.
	ErrNotFound = errors.New("not found")
	// ErrLost: the attempt is over, or another process holds it. Its former holder must not go on.
	ErrLost = errors.New("the attempt is no longer held")
	// ErrExists: a run of this id is recorded, and it is another one.
	ErrExists = errors.New("another run has this id")
	// ErrOpen: the run is queued or running, and the call needs one that is over.
	ErrOpen = errors.New("the run is not over")
	// ErrInside: the run is part of another one, which alone can have more attempts of it.
	ErrInside = errors.New("a run inside of another has no attempts of its own")
	// ErrUnknown: nobody can say whether a write was recorded, because its time
	// was over or the disk failed. It may still be recorded later. Repeat it, or
	// read by its key, before acting on it.
	ErrUnknown = errors.New("it is unknown whether the write was recorded")
	// ErrClosed: the store is not started, or stopped.
	ErrClosed = errors.New("the store is closed")
	// ErrReadOnly: the store was opened for reading alone.
	ErrReadOnly = errors.New("the store is open for reading only")
)

// code is the primary result code of SQLite behind err; 0 when there is none.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// isBusy tells that another process holds the lock for writing.
func isBusy(err error) bool { return code(err) == sqlite3.SQLITE_BUSY }

// isForeignKey tells that a row refers to one that does not exist.
func isForeignKey(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

// isConstraint tells that a row does not keep to the schema.
func isConstraint(err error) bool { return code(err) == sqlite3.SQLITE_CONSTRAINT }
