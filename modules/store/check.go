package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	sqlite3 "modernc.org/sqlite/lib"
)

// Pulse is touched on every turn of the writer.
type Pulse interface {
	// Beat tells that the writer works, and what it is about to do.
	Beat(doing string)
}

// silent is the pulse of a store whose writer nobody watches.
type silent struct{}

// Beat does nothing.
func (silent) Beat(string) {}

// walSuffix is what SQLite appends for the write-ahead log.
const walSuffix = "-wal"

// identities are the open files, as they were when the database was opened.
type identities map[string]os.FileInfo

// identify looks at the files by their names. They must not be opened: see createFile.
func identify(path string) (identities, error) {
	files := identities{}
	for _, name := range []string{path, path + walSuffix} {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		files[name] = info
	}
	return files, nil
}

// check tells which file is not the one at its path any more.
func (f identities) check() error {
	for name, was := range f {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return fmt.Errorf("the open database is gone: %w", err)
		case !os.SameFile(was, info):
			return fmt.Errorf("the open database is not the file at %s any more: it was replaced", name)
		}
	}
	return nil
}

// Check tells why the store does not work as it should: what it writes does not
// arrive on disk, the open files are not those at their paths any more, or the
// database is damaged. It writes and reads back one row, the latter by a new
// connection, and takes as long as ctx allows at the longest; with a disk that
// hangs it may not return by then.
func (s *Store) Check(ctx context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if err := s.db.files.check(); err != nil {
		return err
	}
	count, err := write(ctx, s, "write the probe", func(ctx context.Context, t *tx) (int64, error) {
		count, _, err := first(ctx, t, number, `insert into probe (id, count) values (1, 1)
			on conflict (id) do update set count = count + 1 returning count`)
		return count, err
	})
	if err != nil {
		return err
	}
	return s.readBack(ctx, count)
}

// readBack reads the probe as a new process would, and looks further where a call
// has met damage. Other processes count as well, but none counts back.
func (s *Store) readBack(ctx context.Context, least int64) (err error) {
	db, err := sql.Open("sqlite", dsn(filepath.Join(s.options.Dir, fileName), readWrite, "_query_only=1", "_busy_timeout=1000"))
	if err != nil {
		return fmt.Errorf("read the probe: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var count int64
	if err = db.QueryRowContext(ctx, "select count from probe").Scan(&count); err != nil {
		return fmt.Errorf("read the probe: %w", s.explain(err))
	}
	if count < least {
		return fmt.Errorf("read the probe: %d was written and %d is there", least, count)
	}
	if !s.damaged.Load() {
		return nil
	}
	var verdict string
	if err = db.QueryRowContext(ctx, "pragma quick_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("look for damage: %w", s.explain(err))
	}
	if verdict != "ok" {
		return fmt.Errorf("the database is damaged: %s", verdict)
	}
	s.damaged.Store(false)
	return nil
}

// isDamage tells that what is on disk is not a sound database.
func isDamage(err error) bool {
	return code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_NOTADB
}
