package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/store"
)

func TestCheckWritesAndReadsBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, other := open(t, store.Options{Dir: dir}), open(t, store.Options{Dir: dir})
	for range 3 {
		require.NoError(t, s.Check(t.Context()))
		require.NoError(t, other.Check(t.Context()))
	}
	require.Equal(t, 6, number(t, raw(t, dir), "select count from probe"))
	require.NoError(t, s.Stop(t.Context()))
	require.ErrorIs(t, s.Check(t.Context()), store.ErrClosed)
}

// A copy in the place of the database is not the database.
func TestCheckKnowsTheOpenFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"dagu.db", "dagu.db-wal"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, store.Options{Dir: dir})
			path, aside := filepath.Join(dir, name), filepath.Join(t.TempDir(), name)
			require.NoError(t, s.Check(t.Context()))
			require.NoError(t, os.Rename(path, aside))
			require.ErrorContains(t, s.Check(t.Context()), "the open database is gone")
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			require.ErrorContains(t, s.Check(t.Context()), "it was replaced")
			require.NoError(t, os.Rename(aside, path))
			require.NoError(t, s.Check(t.Context()))
		})
	}
}

// waits holds that a call waits for as long as it may while conn, of another process,
// writes, and works afterwards.
func waits(t *testing.T, conn *sql.Conn, call func(context.Context) error) {
	t.Helper()
	tx, err := conn.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "insert into suspensions (dag, from_at) values ('held', 1)")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, call(ctx), store.ErrUnknown)
	require.NoError(t, tx.Rollback())
	require.NoError(t, call(t.Context()))
}

func TestCheckFailsWhileAnotherProcessWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	waits(t, raw(t, dir), s.Check)
}

// What stands outside of transactions waits for another process as all writes do.
func TestShrinkWaitsForAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir})
	enqueue(t, s, "d", 200)
	conn := raw(t, dir)
	_, err := conn.ExecContext(t.Context(), "delete from runs")
	require.NoError(t, err)
	waits(t, conn, s.Shrink)
}

// Damage that any call has met is told until nothing of it is found.
func TestCheckTellsOfDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "dagu.db")
	s := openOwner(t, store.Options{Dir: dir})
	enqueue(t, s, "d", 200)
	require.NoError(t, s.Prune(t.Context(), time.Now())) // moves all from the log into the database
	sound, err := os.ReadFile(path)
	require.NoError(t, err)
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() }) // after the store: see createFile
	// The pages of the table and of the index that have this run.
	const size = 4096
	var spoilt []int64
	for at := int64(0); at < int64(len(sound)); at += size {
		if bytes.Contains(sound[at:at+size], []byte("d-150")) {
			spoilt = append(spoilt, at)
			_, err = file.WriteAt(bytes.Repeat([]byte{0xa5}, size), at)
			require.NoError(t, err)
		}
	}
	require.NotEmpty(t, spoilt)

	fresh := open(t, store.Options{Dir: dir}) // it has nothing in its cache
	_, err = fresh.Runs(t.Context(), store.Filter{Limit: 200})
	require.ErrorContains(t, err, "damaged")
	require.ErrorContains(t, fresh.Check(t.Context()), "damaged")
	require.ErrorContains(t, fresh.Check(t.Context()), "damaged")

	for _, at := range spoilt {
		_, err = file.WriteAt(sound[at:at+size], at)
		require.NoError(t, err)
	}
	require.NoError(t, fresh.Check(t.Context()))
}

// What the disk gave wrongly does not stay in the writer's memory.
func TestWritesWorkAgainWhenTheDiskDoes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sqlite_schema", "runs_waiting"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var turns counter
			s := openOwner(t, store.Options{Dir: dir, Pulse: &turns})
			other := raw(t, dir)
			write := func() error {
				_, err := s.Admit(t.Context(), store.Admission{Free: 1})
				return err
			}
			require.NoError(t, write())
			root := 1 // of the schema's
			if name != "sqlite_schema" {
				root = number(t, other, "select rootpage from sqlite_schema where name = '"+name+"'")
			}
			size := number(t, other, "pragma page_size")
			var busy, frames, moved int
			require.NoError(t, other.QueryRowContext(t.Context(), "pragma wal_checkpoint(truncate)").Scan(&busy, &frames, &moved))
			require.Zero(t, busy)

			file, err := os.OpenFile(filepath.Join(dir, "dagu.db"), os.O_RDWR, 0)
			require.NoError(t, err)
			t.Cleanup(func() { _ = file.Close() }) // after the store: see createFile
			sound, at := make([]byte, size), int64(root-1)*int64(size)
			_, err = file.ReadAt(sound, at)
			require.NoError(t, err)
			_, err = file.WriteAt(bytes.Repeat([]byte{0xa5}, size), at)
			require.NoError(t, err)
			require.Error(t, write())
			require.Error(t, write())
			require.Error(t, s.Check(t.Context()))
			before := turns.beats.Load() // idle, each look for other processes' commits is two
			require.Eventually(t, func() bool { return turns.beats.Load() >= before+6 }, 10*time.Second, 10*time.Millisecond)

			_, err = file.WriteAt(sound, at)
			require.NoError(t, err)
			require.NoError(t, write())
			require.NoError(t, s.Check(t.Context()))
		})
	}
}

// counter is a pulse.
type counter struct{ beats atomic.Int64 }

func (c *counter) Beat(string) { c.beats.Add(1) }

func TestTheWriterHasAPulse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var pulse counter
		s, err := store.New(store.Options{Dir: dir, Pulse: &pulse, AllowNetworkFS: true}, zap.NewNop())
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		before := pulse.beats.Load()
		time.Sleep(10 * time.Second) // synctest
		require.GreaterOrEqual(t, pulse.beats.Load()-before, int64(40), "idle it turns five times a second")
		hold := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = s.Decide(t.Context(), []store.Candidate{{DAG: "d", Kind: store.KindStart, Due: noon()}},
				func(int, store.State) store.Verdict {
					<-hold
					return missed()
				})
		}()
		synctest.Wait()
		before = pulse.beats.Load()
		time.Sleep(time.Minute) // synctest
		require.Equal(t, before, pulse.beats.Load(), "a writer that hangs is silent")
		close(hold)
		<-done
		require.NoError(t, s.Stop(t.Context()))
	})
}
