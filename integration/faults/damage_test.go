package faults_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"
)

// damageRows are a database file in which a page has become garbage.
//
// Nobody mends a database below a running process: what these rows lift is a disk that
// gives the right bytes again, and then all is green by itself. A backup that takes the
// place of the file is another database, see the rows of it, and takes a restart.
func damageRows() []row {
	const (
		first = "the first page of the database is garbage"
		inner = "a page within the database is garbage"
	)
	others := []string{"store-writer", "overdue", "starved", "clock"}
	red := map[string]want{ready: {within: 15 * time.Second, recovers: checked}}
	// The check of the store reads no page but its own: it looks for damage elsewhere once
	// a call has met some. Who reads may do so after a commit, which this check makes every
	// ten seconds, and it looks itself ten seconds later.
	later := map[string]want{ready: {within: 25 * time.Second, recovers: checked}}
	return []row{
		{fault: first, parts: []string{"store"}, without: others, red: red, variants: []variant{spoilt("sqlite_schema")}},
		{fault: inner, parts: readers(), red: red, variants: []variant{spoilt("runs_waiting")}},
		{
			fault: inner + ", seen by the store's check alone", parts: []string{"store"}, without: others,
			red: later, variants: []variant{spoilt("runs_waiting")},
		},
	}
}

// spoilt overwrites the root page of a table or an index. The log is moved into the
// database before, as it would hide what the database has.
func spoilt(name string) variant {
	return variant{name: "root of " + name + " overwritten", make: func(s *subject) (func() error, error) {
		p, err := s.rootOf(name)
		if err != nil {
			return nil, err
		}
		sound, err := s.overwrite(p.at, bytes.Repeat([]byte{0xa5}, p.size))
		return func() error {
			_, failed := s.overwrite(p.at, sound)
			return failed
		}, err
	}}
}

// page is where a page of the database lies.
type page struct {
	at   int64
	size int
}

// rootOf finds the root page of a table or an index, and has it in the database file.
func (s *subject) rootOf(name string) (p page, err error) {
	db, err := sql.Open("sqlite", "file:"+s.path("data", "dagu.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return page{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	number := 1 // of the schema's
	if err = db.QueryRowContext(ctx, "pragma page_size").Scan(&p.size); err != nil {
		return page{}, err
	}
	if name != "sqlite_schema" {
		if err = db.QueryRowContext(ctx, "select rootpage from sqlite_schema where name = $1", name).Scan(&number); err != nil {
			return page{}, fmt.Errorf("find %s: %w", name, err)
		}
	}
	p.at = int64(number-1) * int64(p.size)
	busy, frames, moved := 1, 0, 0
	for busy != 0 { // others read and write for moments only
		if err = db.QueryRowContext(ctx, "pragma wal_checkpoint(truncate)").Scan(&busy, &frames, &moved); err != nil {
			return page{}, fmt.Errorf("move the log into the database: %w", err)
		}
	}
	return p, nil
}

// overwrite writes into the database file, and returns what stood there.
func (s *subject) overwrite(at int64, text []byte) (before []byte, err error) {
	file, err := os.OpenFile(s.path("data", "dagu.db"), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	before = make([]byte, len(text))
	if _, err = file.ReadAt(before, at); err != nil {
		return nil, err
	}
	_, err = file.WriteAt(text, at)
	return before, err
}
