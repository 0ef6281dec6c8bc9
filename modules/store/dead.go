package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dagu/modules/fault"
)

// DeadOwner is a process that is gone, and whose lock this process holds until
// Release or Unlock: while it does, nobody else closes its runs.
type DeadOwner struct {
	store *Store
	owner Owner
	file  *os.File
}

// DeadOwners finds the processes that died: those whose lock can be taken. One
// that another process is closing right now is left out. Each must be released
// or unlocked. With an error, those found before it are returned too.
func (s *Store) DeadOwners(ctx context.Context) ([]DeadOwner, error) {
	self := s.Instance()
	dir := filepath.Join(s.options.Dir, ownersDir)
	owners, err := read(ctx, s, "find dead owners", func(ctx context.Context, q queryer) ([]Owner, error) {
		return knownOwners(ctx, q, dir)
	})
	if err != nil {
		return nil, err
	}
	var dead []DeadOwner
	for _, o := range owners {
		if o.ID == self {
			continue
		}
		file, e := seize(filepath.Join(dir, o.ID))
		if e != nil {
			err = errors.Join(err, fmt.Errorf("find dead owners: %w", e))
		}
		if file != nil {
			dead = append(dead, DeadOwner{store: s, owner: o, file: file})
		}
	}
	return dead, err
}

// knownOwners collects who has a row, a running run or a file.
func knownOwners(ctx context.Context, q queryer, dir string) ([]Owner, error) {
	// The files come first: a new owner's file is there, locked, before its row.
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	owners, err := collect(ctx, q, scanOwner, `select id, role, host, pid, started from owners
		union all
		select distinct owner, '', '', 0, 0 from runs where status = 'running' and owner not in (select id from owners)`)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(owners))
	for _, o := range owners {
		known[o.ID] = true
	}
	for _, f := range files {
		switch name := f.Name(); {
		case strings.HasPrefix(name, "."):
			removeOrphan(filepath.Join(dir, name), f)
		case !known[name]:
			owners = append(owners, Owner{ID: name})
		}
	}
	return owners, nil
}

func scanOwner(rows *sql.Rows) (o Owner, err error) {
	var started int64
	err = rows.Scan(&o.ID, &o.Role, &o.Host, &o.PID, &started)
	o.Started = instant(started)
	return o, err
}

// staleHidden is the age from which on a file that has not got its name is an orphan.
const staleHidden = time.Minute

// removeOrphan removes what a process left that died before its file had its name.
func removeOrphan(path string, entry os.DirEntry) {
	info, err := entry.Info()
	if err != nil || time.Since(info.ModTime()) < staleHidden {
		return
	}
	if held, err := isLocked(path); err == nil && !held {
		_ = os.Remove(path)
	}
}

// seize locks an owner's file, which is made when somebody removed it: a name
// that can be locked is nobody's. It returns nil when the owner lives.
func seize(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, err
	}
	locked, err := tryLock(file, exclusive)
	locked = locked || fault.Error("store.seize") != nil
	if locked && sameFile(file, path) {
		return file, nil
	}
	// Otherwise it is held, or somebody released it between open and lock.
	return nil, errors.Join(err, file.Close())
}

func sameFile(file *os.File, path string) bool {
	a, err := file.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(path)
	return err == nil && os.SameFile(a, b)
}

// Owner says who died. Only the ID is known of one that has no record.
func (d DeadOwner) Owner() Owner { return d.owner }

// Runs returns the runs that the owner left open.
func (d DeadOwner) Runs(ctx context.Context) ([]Run, error) {
	return read(ctx, d.store, "read runs of a dead owner", func(ctx context.Context, q queryer) ([]Run, error) {
		rows, err := openRuns(ctx, q, d.owner.ID)
		return runs(rows), err
	})
}

func openRuns(ctx context.Context, q queryer, owner string) ([]row, error) {
	return collect(ctx, q, scanRow, "select "+runColumns+" from runs where status = 'running' and owner = $1 order by seq", owner)
}

// Close closes the owner's open runs in one transaction, and returns them as they
// stand then. One that had not begun ran nothing: it goes back to its queue. One
// that had begun ends as with Interrupt, failed for the reason worker_lost where it is
// not queued again. A run inside of another is failed in any case: it is for its parent
// to have another attempt of it. Whatever is left of its processes must have been ended before.
func (d DeadOwner) Close(ctx context.Context) (requeued, lost []Run, err error) {
	type result struct{ requeued, lost []Run }
	r, err := write(ctx, d.store, "close runs of a dead owner", func(ctx context.Context, t *tx) (r result, err error) {
		open, err := openRuns(ctx, t, d.owner.ID)
		if err != nil {
			return r, err
		}
		for _, run := range open {
			if err = t.closeLost(ctx, run); err != nil {
				return r, err
			}
			if run, err = byID(ctx, t, run.ID); err != nil {
				return r, err
			}
			if run.Status == StatusQueued {
				r.requeued = append(r.requeued, run.Run)
			} else {
				r.lost = append(r.lost, run.Run)
			}
		}
		return r, nil
	})
	return r.requeued, r.lost, err
}

func (t *tx) closeLost(ctx context.Context, r row) error {
	if r.Begun.IsZero() && r.Parent == "" {
		return t.unadmit(ctx, r)
	}
	const message = "the process that executed it died"
	if _, err := t.exec(ctx, `update steps set status = 'failed', finished = $3, error = $4
		where run = $1 and attempt = $2 and status in ('running', 'retrying')`, r.seq, r.Attempt, nanos(t.now), message); err != nil {
		return err
	}
	return t.interrupt(ctx, r, Result{Status: StatusFailed, Reason: ReasonWorkerLost, Error: message})
}

// Release forgets the owner, its file too. When it still has open runs it is only
// unlocked, with an error, and will be found again.
func (d DeadOwner) Release() error {
	defer d.Unlock()
	gone, err := write(context.Background(), d.store, "release a dead owner", func(ctx context.Context, t *tx) (bool, error) {
		if _, err := t.forgetOwner(ctx, d.owner.ID); err != nil {
			return false, err
		}
		_, has, err := first(ctx, t, number, "select 1 from runs where status = 'running' and owner = $1 limit 1", d.owner.ID)
		return !has, err
	})
	switch {
	case err != nil:
		return err
	case !gone:
		return fmt.Errorf("release owner %s: it has open runs: %w", d.owner.ID, ErrOpen)
	}
	fault.At("store.release")
	if err = os.Remove(filepath.Join(d.store.options.Dir, ownersDir, d.owner.ID)); err != nil {
		return fmt.Errorf("release owner %s: %w", d.owner.ID, err)
	}
	return nil
}

// Unlock lets go of the owner without having closed its runs; it will be found again.
func (d DeadOwner) Unlock() { _ = d.file.Close() }
