package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// oldDatabase makes a database as it was at a version of the schema, with rows.
func oldDatabase(t *testing.T, dir string, version int64, rows ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "dagu.db")+"?_foreign_keys=1&_journal_mode=WAL")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations/sqlite"), goose.WithDisableGlobalRegistry(true))
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), version)
	require.NoError(t, err)
	for _, row := range rows {
		_, err = db.ExecContext(t.Context(), row)
		require.NoError(t, err)
	}
}

func TestOldDatabaseKeepsItsRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	oldDatabase(t, dir, 1,
		`insert into texts (hash, dag, file, body, base_file, stored) values ('`+textHash+`', 'd', '/dags/d.yaml', x'78', '', 1)`,
		`insert into runs (seq, id, dag, text_hash, cause, due, queue, priority, params, labels, retain_days, retry_interrupted, turn,
			queued, status, reason, error, attempt, attempt_id, owner, started, begun, finished, log_dir, work_dir, expires)
			values (7, 'over', 'd', '`+textHash+`', 'manual', 0, 'q', 3, '["a b"]', '["x"]', 30, 1, 1,
			1, 'failed', 'timeout', 'late', 1, 'a', 'o', 2, 3, 4, '/logs', '/work', 5)`,
		`insert into attempts (run, attempt, attempt_id, owner, started, begun, finished, status, reason, error)
			values (7, 1, 'a', 'o', 2, 3, 4, 'failed', 'timeout', 'late')`,
		`insert into runs (id, dag, text_hash, cause, due, queue, priority, params, labels, retain_days, retry_interrupted, turn, queued, status)
			values ('waits', 'd', '`+textHash+`', 'scheduler', 60000000000, 'd', 0, '', '', 0, 0, 60000000000, 8, 'queued')`,
	)
	require.Equal(t, 1, number(t, raw(t, dir), "select max(version_id) from goose_db_version"))

	s := openOwner(t, store.Options{Dir: dir})
	require.Equal(t, 9, number(t, raw(t, dir), "select max(version_id) from goose_db_version"))
	run, err := s.Run(t.Context(), "over")
	require.NoError(t, err)
	at := func(n int64) time.Time { return time.Unix(0, n).UTC() }
	require.Equal(t, store.Run{
		NewRun: store.NewRun{
			ID: "over", DAG: "d", TextHash: textHash, Trigger: store.TriggerManual, Queue: "q", Priority: 3,
			Params: []string{"a b"}, Labels: []string{"x"}, RetainDays: 30, RetryInterrupted: true,
		},
		Status: store.StatusFailed, Reason: store.ReasonTimeout, Error: "late", Attempt: 1, AttemptID: "a", Owner: "o",
		Queued: at(1), Started: at(2), Begun: at(3), Finished: at(4), LogDir: "/logs", WorkDir: "/work",
	}, run)
	attempts, err := s.Attempts(t.Context(), "over")
	require.NoError(t, err)
	require.Len(t, attempts, 1)

	// They are runs like any other.
	admitted := admit(t, s, store.Admission{Free: 1})
	require.Equal(t, []string{"waits"}, idsOf(admitted))
	require.Equal(t, at(60_000_000_000), admitted[0].Due)
	require.Empty(t, admitted[0].DefaultWorkingDir)
	run, err = s.Retry(t.Context(), "over")
	require.NoError(t, err)
	require.Equal(t, 2, run.Attempt)
	n := newRun("d", "new")
	n.DefaultWorkingDir = "/srv"
	run, err = s.Enqueue(t.Context(), n)
	require.NoError(t, err)
	require.Equal(t, "/srv", run.DefaultWorkingDir)
}

// A scheduler that had the database open goes on with the statements it has.
func TestMigrationUnderAnOpenDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	oldDatabase(t, dir, 1)
	stmt, err := raw(t, dir).PrepareContext(t.Context(), `insert into runs (id, dag, text_hash, cause, due, queue, priority, params, labels,
		retain_days, retry_interrupted, turn, queued, status) values ($1, 'd', $2, 'scheduler', 0, 'd', 0, '', '', 0, 0, 1, 1, 'queued')`)
	require.NoError(t, err)
	defer func() { require.NoError(t, stmt.Close()) }()

	s := openOwner(t, store.Options{Dir: dir})
	_, err = stmt.ExecContext(t.Context(), "theirs", textHash)
	require.NoError(t, err)
	run, err := s.Run(t.Context(), "theirs")
	require.NoError(t, err)
	require.Empty(t, run.DefaultWorkingDir)
}
