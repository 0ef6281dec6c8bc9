package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/store"
)

// An identity stays for the life of a database, and goes with its copies.
func TestIdentity(t *testing.T) {
	t.Parallel()
	dir, copied := t.TempDir(), t.TempDir()
	life := func(dir string) string {
		s, err := store.New(store.Options{Dir: dir}, zap.NewNop())
		require.NoError(t, err)
		require.Empty(t, s.Identity())
		require.NoError(t, s.Start(t.Context()))
		require.NoError(t, s.Stop(t.Context()))
		return s.Identity()
	}
	id := life(dir)
	require.Len(t, id, 8)
	require.Equal(t, id, life(dir))
	text, err := os.ReadFile(filepath.Join(dir, "dagu.db"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(copied, "dagu.db"), text, 0o600))
	require.Equal(t, id, life(copied))
	require.NotEqual(t, id, life(t.TempDir()))
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	enqueue(t, s, "d", 1)
	run := admit(t, s, store.Admission{Free: 1})[0]
	result := store.Result{Status: store.StatusSucceeded, Reason: store.ReasonRecovered}
	for range 2 { // a repeat is no error
		require.NoError(t, s.Adopt(t.Context(), run.Ref(), "/logs/r", "/work/r", result))
	}
	got, err := s.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, store.StatusSucceeded, got.Status)
	require.Equal(t, store.ReasonRecovered, got.Reason)
	require.Equal(t, "/logs/r", got.LogDir)
	require.Equal(t, "/work/r", got.WorkDir)
	result.Status = store.StatusFailed
	require.ErrorIs(t, s.Adopt(t.Context(), run.Ref(), "", "", result), store.ErrLost)
}
