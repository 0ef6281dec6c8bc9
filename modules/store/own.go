package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"dagu/modules/fault"
)

// own is this process as an owner of runs.
type own struct {
	id string
	// file is locked as long as it is open.
	file *os.File
}

// Own makes this process one that can own runs, and returns its instance id. It
// holds a lock on the file of that name until Stop, or until it dies; others
// tell by it that the process lives. A second call returns the same id.
func (s *Store) Own(ctx context.Context, role Role) (string, error) {
	if err := s.enter(); err != nil {
		return "", fmt.Errorf("own runs: %w", err)
	}
	defer s.leave()
	s.ownMu.Lock()
	defer s.ownMu.Unlock()
	if s.own.id != "" {
		return s.own.id, nil
	}
	dir, id := filepath.Join(s.options.Dir, ownersDir), uuid.NewString()
	file, err := claim(dir, id)
	if err != nil {
		return "", fmt.Errorf("own runs: %w", err)
	}
	_, err = write(ctx, s, "own runs", func(ctx context.Context, t *tx) (int64, error) {
		return t.exec(ctx, `insert into owners (id, role, host, pid, started) values ($1, $2, $3, $4, $5)
			on conflict (id) do nothing`, id, role, hostName(), os.Getpid(), nanos(t.now))
	})
	if err != nil {
		// If the row is there after all, it names a file that nobody holds.
		return "", errors.Join(err, os.Remove(filepath.Join(dir, id)), file.Close())
	}
	s.own = own{id: id, file: file}
	s.instance.Store(&id)
	return id, nil
}

// Instance is the id under which this process owns runs; "" before Own.
func (s *Store) Instance() string {
	if id := s.instance.Load(); id != nil {
		return *id
	}
	return ""
}

// claim makes the file, which says where its owner lives, and locks it. It gets its
// name only when it is locked, so that nobody who looks for dead owners ever sees it free.
func claim(dir, id string) (*os.File, error) {
	hidden, path := filepath.Join(dir, "."+id), filepath.Join(dir, id)
	file, err := os.OpenFile(hidden, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("create owner file: %w", err)
	}
	locked, err := tryLock(file, exclusive)
	if err == nil && !locked {
		err = errors.New("another process holds it")
	}
	if err == nil {
		_, _ = file.WriteString(pidNamespace()) // on a full disk it does not tell
		fault.At("store.claim")
		err = os.Rename(hidden, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock owner file: %w", err), os.Remove(hidden), file.Close())
	}
	return file, nil
}

// disown gives up ownership when the store stops. While runs of this process are
// open its row and file stay, unlocked, for whoever closes dead owners' runs.
func (s *Store) disown(ctx context.Context) error {
	s.ownMu.Lock()
	defer s.ownMu.Unlock()
	if s.own.file == nil {
		return nil
	}
	gone := int64(0)
	o := &op{done: make(chan struct{}), run: func(ctx context.Context, t *tx) (err error) {
		gone, err = t.forgetOwner(ctx, s.own.id)
		return err
	}}
	err := s.submit(ctx, o)
	path := filepath.Join(s.options.Dir, ownersDir, s.own.id)
	if err == nil && gone > 0 {
		err = os.Remove(path)
	}
	err = errors.Join(err, s.own.file.Close())
	s.own.file = nil
	if err != nil {
		return fmt.Errorf("give up ownership: %w", err)
	}
	return nil
}

// forgetOwner deletes the row unless the owner has open runs.
func (t *tx) forgetOwner(ctx context.Context, id string) (int64, error) {
	return t.exec(ctx, "delete from owners where id = $1 and not exists (select 1 from runs where status = 'running' and owner = $1)", id)
}

// SchedulerAlive tells whether a scheduler process lives on this data directory,
// this one included.
func (s *Store) SchedulerAlive(ctx context.Context) (bool, error) {
	return read(ctx, s, "look for a scheduler", func(ctx context.Context, q queryer) (bool, error) {
		return s.anyAlive(ctx, q, func(string) bool { return true })
	})
}

// anyAlive tells whether a scheduler lives whose id is asked for.
func (s *Store) anyAlive(ctx context.Context, q queryer, asked func(id string) bool) (bool, error) {
	ids, err := collect(ctx, q, word, "select id from owners where role = $1 order by started desc", RoleScheduler)
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		if !asked(id) {
			continue
		}
		alive, err := isLocked(filepath.Join(s.options.Dir, ownersDir, id))
		if alive || err != nil {
			return alive, err
		}
	}
	return false, nil
}

// isLocked tells whether another open file holds the lock; a missing one does not.
func isLocked(path string) (bool, error) {
	file, err := os.OpenFile(path, os.O_RDONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	free, err := tryLock(file, shared)
	return !free && err == nil, errors.Join(err, file.Close())
}
