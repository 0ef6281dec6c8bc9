package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"dagu/modules/store"
)

func TestExistsAndOwnerAlive(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	require.False(t, store.Exists(dir))
	require.NoDirExists(t, dir, "looking makes nothing")

	s, err := store.New(store.Options{Dir: dir}, zaptest.NewLogger(t))
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	require.True(t, store.Exists(dir))

	id, err := s.Own(t.Context(), store.RoleOneShot)
	require.NoError(t, err)
	other, err := store.New(store.Options{Dir: dir}, zaptest.NewLogger(t))
	require.NoError(t, err)
	alive, err := other.OwnerAlive(id)
	require.NoError(t, err)
	require.True(t, alive)

	require.NoError(t, s.Stop(t.Context()))
	alive, err = other.OwnerAlive(id)
	require.NoError(t, err)
	require.False(t, alive)
	require.NoError(t, os.RemoveAll(dir))
	require.False(t, store.Exists(dir))
}
