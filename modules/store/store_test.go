package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/store"
)

// raw opens the database file beside the store, as another program would.
func raw(tb testing.TB, dir string) *sql.Conn {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "dagu.db")+"?_busy_timeout=5000&_foreign_keys=1")
	require.NoError(tb, err)
	conn, err := db.Conn(tb.Context())
	require.NoError(tb, err)
	tb.Cleanup(func() {
		require.NoError(tb, conn.Close())
		require.NoError(tb, db.Close())
	})
	return conn
}

func number(tb testing.TB, conn *sql.Conn, query string) (n int) {
	tb.Helper()
	require.NoError(tb, conn.QueryRowContext(tb.Context(), query).Scan(&n))
	return n
}

func TestOptions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, test := range map[string]struct {
		options store.Options
		want    string
	}{
		"no directory":       {store.Options{}, `Dir is ""`},
		"relative directory": {store.Options{Dir: "data"}, `Dir is "data"`},
		"database server":    {store.Options{Dir: dir, URL: "postgres://u:secret@h/db"}, "database.url"},
		"negative timeout":   {store.Options{Dir: dir, WriteTimeout: -1}, "WriteTimeout"},
		"negative retention": {store.Options{Dir: dir, KeepOccurrences: -1}, "KeepOccurrences"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := store.New(test.options, zap.NewNop())
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestStartAndStopInAnyOrder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b?c#d%41", "data")
	s, err := store.New(store.Options{Dir: dir}, zap.NewNop())
	require.NoError(t, err)
	_, err = s.Run(t.Context(), "r")
	require.ErrorIs(t, err, store.ErrClosed)
	require.ErrorIs(t, s.PutTexts(t.Context(), nil), store.ErrClosed)

	require.NoError(t, s.Start(t.Context()))
	require.NoError(t, s.Start(t.Context()), "twice")
	putText(t, s)
	require.NoError(t, s.Stop(t.Context()))
	require.NoError(t, s.Stop(t.Context()), "twice")
	require.ErrorIs(t, s.PutTexts(t.Context(), nil), store.ErrClosed)
	_, err = s.Text(t.Context(), textHash)
	require.ErrorIs(t, err, store.ErrClosed)
	_, err = s.Own(t.Context(), store.RoleScheduler)
	require.ErrorIs(t, err, store.ErrClosed)
	require.ErrorIs(t, s.Start(t.Context()), store.ErrClosed)

	never, err := store.New(store.Options{Dir: dir}, zap.NewNop())
	require.NoError(t, err)
	require.NoError(t, never.Stop(t.Context()), "before Start")
	require.ErrorIs(t, never.Start(t.Context()), store.ErrClosed)

	again, err := store.New(store.Options{Dir: dir}, zap.NewNop())
	require.NoError(t, err)
	require.NoError(t, again.Start(t.Context()))
	text, err := again.Text(t.Context(), textHash)
	require.NoError(t, err)
	require.Equal(t, "steps: []", string(text.Body))
	require.NoError(t, again.Stop(t.Context()))
	require.NoFileExists(t, filepath.Join(dir, "dagu.db-wal"), "all connections are closed")
}

func TestFilesAreClosedToOthers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "data")
	s := openOwner(t, store.Options{Dir: dir})
	require.NotEmpty(t, s.Instance())
	for _, path := range []string{".", "dagu.db", "dagu.db-wal", "dagu.db-shm", "dagu.lock", "owners", filepath.Join("owners", s.Instance())} {
		info, err := os.Stat(filepath.Join(dir, path))
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o027, "%s has mode %v", path, info.Mode())
	}
	conn := raw(t, dir)
	require.Equal(t, 2, number(t, conn, "pragma auto_vacuum"), "incremental")
	require.Equal(t, 9, number(t, conn, "select max(version_id) from goose_db_version"))
}

// What a commit promises hangs on the settings of one connection.
func TestWriterSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, when := range []string{"new", "again"} {
		s, err := store.New(store.Options{Dir: dir}, zap.NewNop())
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		for name, want := range map[string]int64{
			"synchronous": 2 /* FULL */, "foreign_keys": 1, "auto_vacuum": 2 /* INCREMENTAL */, "journal_size_limit": 16 << 20,
		} {
			got, err := s.Pragma(t.Context(), name)
			require.NoError(t, err)
			require.Equal(t, want, got, "%s, %s", name, when)
		}
		require.NoError(t, s.Stop(t.Context()))
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	require.NoError(t, s.Stop(t.Context()))
	_, err := raw(t, dir).ExecContext(t.Context(), "insert into goose_db_version (version_id, is_applied) values (4711, true)")
	require.NoError(t, err)

	s, err = store.New(store.Options{Dir: dir}, zap.NewNop())
	require.NoError(t, err)
	err = s.Start(t.Context())
	require.ErrorContains(t, err, "version 4711")
	require.ErrorContains(t, err, "knows version 9:")
	require.NoError(t, s.Stop(t.Context()))
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(t *testing.T, dir string)
		want    string
	}{
		"not a database": {func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "dagu.db"), []byte("this is a text file, and a long one at that: "+fmt.Sprint(make([]int, 600))), 0o600))
		}, "is not a database"},
		"damaged": {func(t *testing.T, dir string) {
			t.Helper()
			s, err := store.New(store.Options{Dir: dir}, zap.NewNop())
			require.NoError(t, err)
			require.NoError(t, s.Start(t.Context()))
			require.NoError(t, s.Stop(t.Context()))
			path := filepath.Join(dir, "dagu.db")
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			for i := 100; i < len(data); i++ {
				data[i] ^= 0x5a
			}
			require.NoError(t, os.WriteFile(path, data, 0o600))
		}, "is damaged"},
		"a file in place of the directory": {func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Remove(dir))
			require.NoError(t, os.WriteFile(dir, nil, 0o600))
		}, "create data directory"},
		"a directory in place of the database": {func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "dagu.db"), 0o700))
		}, "cannot be written"},
		"a lock that cannot be made": {func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "dagu.lock"), 0o700))
		}, "the data directory cannot be written"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			require.NoError(t, os.Mkdir(dir, 0o700))
			test.prepare(t, dir)
			s, err := store.New(store.Options{Dir: dir}, zap.NewNop())
			require.NoError(t, err)
			err = s.Start(t.Context())
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, dir)
			require.NoError(t, s.Stop(t.Context()))
		})
	}
}

func TestNetworkFileSystems(t *testing.T) {
	t.Parallel()
	for magic, want := range map[uint32]string{
		0x6969: "NFS", 0xff534d42: "CIFS/SMB", 0xfe534d42: "CIFS/SMB", 0x517b: "CIFS/SMB", 0x00c36400: "Ceph",
		0x01021997: "9p", 0x65735546: "FUSE", 0xef53: "", 0x58465342: "", 0x9123683e: "", 0x01021994: "", 0x794c7630: "",
	} {
		require.Equal(t, want, store.NetworkName(magic), "%#x", magic)
	}
}

func TestStartsAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var group sync.WaitGroup
	errs := make(chan error, 8)
	for i := range cap(errs) {
		group.Go(func() {
			s, err := store.New(store.Options{Dir: dir}, zap.NewNop())
			if err == nil {
				err = s.Start(context.Background())
			}
			if err == nil {
				err = s.PutTexts(context.Background(), []store.Text{{Hash: fmt.Sprint(i)}})
			}
			errs <- errors.Join(err, s.Stop(context.Background()))
		})
	}
	group.Wait()
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	require.Equal(t, cap(errs), number(t, raw(t, dir), "select count(*) from texts"))
}
