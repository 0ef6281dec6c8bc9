package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir})
	require.NoError(t, s.SaveFiles(t.Context(), []store.File{
		{Path: "/dags/a.yaml", DAG: "a", Hash: textHash},
		{Path: "/next/b.yaml", DAG: "b", Hash: textHash},
		{Path: "/next/deep/c.yaml", DAG: "c", Hash: textHash},
	}))
	require.Empty(t, elsewhere(t, s, "/dags"), "no other scheduler lives")

	oneShot := open(t, store.Options{Dir: dir})
	_, err := oneShot.Own(t.Context(), store.RoleOneShot)
	require.NoError(t, err)
	require.Empty(t, elsewhere(t, s, "/dags"), "a one-shot command follows no directory")

	other := openOwner(t, store.Options{Dir: dir})
	require.Equal(t, []string{"b", "c"}, elsewhere(t, s, "/dags"))
	require.Equal(t, []string{"a", "c"}, elsewhere(t, other, "/next"))
	require.NoError(t, other.Stop(t.Context()))
	require.Empty(t, elsewhere(t, s, "/dags"))
}

func elsewhere(t *testing.T, s *store.Store, dir string) []string {
	t.Helper()
	names, err := s.Elsewhere(t.Context(), dir)
	require.NoError(t, err)
	return names
}
