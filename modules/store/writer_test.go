package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/store"
)

// Another process that writes for long delays writes, and nothing else.
func TestWriterWaitsForOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir, WriteTimeout: 600 * time.Millisecond})
	other := raw(t, dir)
	_, err := other.ExecContext(t.Context(), "begin immediate")
	require.NoError(t, err)

	_, err = s.Enqueue(t.Context(), newRun("d", "late"))
	require.ErrorIs(t, err, store.ErrUnknown)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Enqueue(canceled, newRun("d", "canceled"))
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Run(t.Context(), "late")
	require.ErrorIs(t, err, store.ErrNotFound, "reading goes on, and what nobody waits for was not written")
	second := open(t, store.Options{Dir: dir})
	_, err = second.Text(t.Context(), textHash)
	require.NoError(t, err, "another process starts meanwhile")

	done := make(chan error, 1)
	go func() {
		_, failed := second.Enqueue(context.Background(), newRun("d", "waits"))
		done <- failed
	}()
	_, err = other.ExecContext(t.Context(), "commit")
	require.NoError(t, err)
	require.NoError(t, <-done)
	_, err = s.Enqueue(t.Context(), newRun("d", "late"))
	require.NoError(t, err, "the repeat")
}

// A writer that hangs, as it does in a sync that never returns, holds up no
// reader, no caller beyond its deadline, and no Stop beyond its own.
func TestStuckWriter(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{WriteTimeout: 300 * time.Millisecond})
	entered, release := make(chan struct{}), make(chan struct{})
	stuck := make(chan error, 1)
	go func() {
		_, err := s.Decide(context.Background(), []store.Candidate{{DAG: "d", Kind: store.KindStart, Due: time.Now()}},
			func(int, store.State) store.Verdict {
				close(entered)
				<-release
				return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup}
			})
		stuck <- err
	}()
	<-entered
	require.ErrorIs(t, <-stuck, store.ErrUnknown)
	_, err := s.Enqueue(t.Context(), newRun("d", "r"))
	require.ErrorIs(t, err, store.ErrUnknown)
	_, err = s.Text(t.Context(), textHash)
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Stop(ctx), context.DeadlineExceeded)
	close(release)
}

// What waits when Stop is called is still written.
func TestStopDrains(t *testing.T) {
	t.Parallel()
	for range 8 { // a writer that could choose between its work and its end would choose at random
		dir := t.TempDir()
		stopWhileWritesWait(t, dir)
		require.Equal(t, 10, number(t, raw(t, dir), "select count(*) from runs"))
	}
}

func stopWhileWritesWait(t *testing.T, dir string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.New(store.Options{Dir: dir}, zap.NewNop())
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		putText(t, s)
		release := make(chan struct{})
		results := make(chan error, 12)
		go func() {
			_, failed := s.Decide(t.Context(), []store.Candidate{{DAG: "d", Kind: store.KindStart, Due: noon()}},
				func(int, store.State) store.Verdict {
					<-release
					return missed()
				})
			results <- failed
		}()
		for i := range 10 {
			go func() {
				_, failed := s.Enqueue(t.Context(), newRun("d", fmt.Sprint(i)))
				results <- failed
			}()
		}
		synctest.Wait()
		go func() { results <- s.Stop(t.Context()) }()
		synctest.Wait()
		_, err = s.Enqueue(t.Context(), newRun("d", "late"))
		require.ErrorIs(t, err, store.ErrClosed)
		close(release)
		for range cap(results) {
			require.NoError(t, <-results)
		}
	})
}

// Readers come and go in crowds: each gets its answer, and connections that are
// opened for them make no new file where somebody removed the old one.
func TestManyReaders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	crowd := func() (errs []error) {
		var group sync.WaitGroup
		results := make(chan error, 3000)
		for range 100 {
			group.Go(func() {
				for range 30 {
					_, _, err := s.Counts(context.Background())
					results <- err
				}
			})
		}
		group.Wait()
		for range cap(results) {
			if err := <-results; err != nil {
				errs = append(errs, err)
			}
		}
		return errs
	}
	require.NoError(t, os.Rename(filepath.Join(dir, "dagu.db"), filepath.Join(dir, "gone")))
	for _, err := range crowd() {
		require.ErrorContains(t, err, "unable to open")
	}
	require.NoFileExists(t, filepath.Join(dir, "dagu.db"))
	require.NoError(t, os.Rename(filepath.Join(dir, "gone"), filepath.Join(dir, "dagu.db")))
	// database/sql opens in the background: what failed to open before the file was back
	// may be told to a reader that came after it, once for each connection.
	require.LessOrEqual(t, len(crowd()), store.MaxReaders)
	require.Empty(t, crowd())
}

func TestPanicIsAnError(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	_, err := s.Decide(t.Context(), []store.Candidate{{DAG: "d", Kind: store.KindStart, Due: time.Now()}},
		func(i int, _ store.State) store.Verdict { return []store.Verdict{}[i] })
	require.ErrorContains(t, err, "index out of range")
	_, err = s.Enqueue(t.Context(), newRun("d", "r"))
	require.NoError(t, err, "the writer lives")
}

// Writes that share a commit stand for themselves.
func TestGroupCommitIsolatesFailures(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	entered, release := make(chan struct{}), make(chan struct{})
	hold := make(chan error, 1)
	go func() { // the others gather while this one holds the writer
		_, err := s.Decide(context.Background(), []store.Candidate{{DAG: "hold", Kind: store.KindStart, Due: time.Now()}},
			func(int, store.State) store.Verdict {
				close(entered)
				<-release
				return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup}
			})
		hold <- err
	}()
	<-entered
	const n = 100
	var group sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		group.Go(func() {
			if i%10 == 3 { // fails after it has written
				errs[i] = s.SaveFiles(context.Background(), []store.File{{Path: fmt.Sprint(i), Hash: textHash}, {Path: "x", Hash: "no such text"}})
				return
			}
			run := newRun("d", fmt.Sprint("r", i))
			if i%10 == 7 {
				run.TextHash = "no such text"
			}
			_, errs[i] = s.Enqueue(context.Background(), run)
		})
	}
	close(release)
	group.Wait()
	require.NoError(t, <-hold)
	for i, err := range errs {
		_, found := s.Run(t.Context(), fmt.Sprint("r", i))
		switch i % 10 {
		case 3:
			require.ErrorIs(t, err, store.ErrNotFound)
		case 7:
			require.ErrorIs(t, err, store.ErrNotFound)
			require.ErrorContains(t, err, "no such text")
			require.ErrorIs(t, found, store.ErrNotFound)
		default:
			require.NoError(t, err)
			require.NoError(t, found)
		}
	}
	files, err := s.Files(t.Context())
	require.NoError(t, err)
	require.Empty(t, files)
}
