package integration_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A one-shot command waits longer for a busy database than the loops, which give up
// after 5 s to go on with something else.
func TestAOneShotCommandWaits(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("a", "steps:\n  - run: \"true\"\n")
	h.enqueue("a")
	db, err := sql.Open("sqlite", "file:"+h.path("data", "dagu.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	_, err = conn.ExecContext(t.Context(), "begin immediate")
	require.NoError(t, err)

	done := make(chan result, 1)
	go func() { done <- h.run("enqueue", "a") }()
	select {
	case r := <-done:
		require.Fail(t, "it did not wait", r.stderr)
	case <-time.After(6 * time.Second):
	}
	_, err = conn.ExecContext(t.Context(), "rollback")
	require.NoError(t, err)
	require.Zero(t, (<-done).code)
}
