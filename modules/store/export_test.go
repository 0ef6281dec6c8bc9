package store

import (
	"context"
	"fmt"
)

// NetworkName is networkName: there are no network file systems in tests.
func NetworkName(magic uint32) string { return networkName(magic) }

// Statements returns the text of every statement that was prepared. Nothing may
// be under way.
func (s *Store) Statements() []string {
	var list []string
	for text := range s.db.writer.stmts {
		list = append(list, text)
	}
	s.db.readers.stmts.Range(func(text, _ any) bool {
		t, _ := text.(string)
		list = append(list, t)
		return true
	})
	return list
}

// LimitPages makes the database full at a number of pages, as a full disk does.
func (s *Store) LimitPages(ctx context.Context, pages int) error {
	_, err := s.maintain(ctx, func(ctx context.Context, t *tx) (int64, error) {
		n, _, err := first(ctx, t, number, fmt.Sprintf("pragma max_page_count = %d", pages))
		return n, err
	})
	return err
}

// Pragma asks the writer's connection for a setting.
func (s *Store) Pragma(ctx context.Context, name string) (int64, error) {
	return s.maintain(ctx, func(ctx context.Context, t *tx) (int64, error) {
		n, _, err := first(ctx, t, number, "pragma "+name)
		return n, err
	})
}

// MaxReaders is maxReaders.
const MaxReaders = maxReaders

// PollTwice looks for commits of others with a context that has ended, and then with
// one that has not, after before has run; all in one turn of the writer. It tells
// whether the second look found any.
func (s *Store) PollTwice(ctx context.Context, before func() error) (found bool, err error) {
	return perform(ctx, s, "poll twice", true, func(ctx context.Context, _ *tx) (bool, error) {
		if err := before(); err != nil {
			return false, err
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		s.writer.poll(ended)
		count := s.Changes()
		s.writer.poll(ctx)
		return s.Changes() > count, nil
	})
}

// Shrink gives free pages back to the file system, as Prune does at its end.
func (s *Store) Shrink(ctx context.Context) error { return s.shrink(ctx) }

// Die lets go of the lock of this process, as its end does, and of nothing else.
func (s *Store) Die() error {
	s.ownMu.Lock()
	defer s.ownMu.Unlock()
	file := s.own.file
	s.own.file = nil
	return file.Close()
}
