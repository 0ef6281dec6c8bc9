package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// kill -9 in the middle of writing, again and again: what was answered is there,
// the file is sound, and no due time has half an outcome.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir})
	conn := raw(t, dir)
	acknowledged := map[string]bool{}
	for round := range 6 {
		process, line := spawn(t, "writer", dir)
		for range 20 + 40*round {
			require.NotContains(t, line, "error")
			acknowledged[line] = true
			line = process.line(t)
		}
		require.NoError(t, process.cmd.Process.Kill())
		for process.lines.Scan() { // what it had printed before
			acknowledged[process.lines.Text()] = true
		}
		_ = process.cmd.Wait()
	}
	var sound string
	require.NoError(t, conn.QueryRowContext(t.Context(), "pragma integrity_check").Scan(&sound))
	require.Equal(t, "ok", sound)
	require.Zero(t, number(t, conn, "select count(*) from pragma_foreign_key_check"))
	for id := range acknowledged {
		run, err := s.Run(t.Context(), id)
		require.NoError(t, err, "it was answered, and is lost")
		require.Equal(t, store.StatusQueued, run.Status)
	}
	require.Equal(t, number(t, conn, "select count(*) from runs"), number(t, conn,
		"select count(*) from runs join occurrences on occurrences.run_id = runs.id and occurrences.due = runs.due"), "each run has its due time")
	require.Equal(t, number(t, conn, "select count(*) from runs"), number(t, conn, "select count(*) from occurrences"))
	dead := deadOwners(t, s)
	require.Len(t, dead, 6)
	for _, d := range dead {
		require.NoError(t, d.Release())
	}
	_, err := s.Occurrences(t.Context(), "w0", time.Time{}, time.Time{}, 10)
	require.NoError(t, err)
}
