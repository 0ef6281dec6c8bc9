package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestTexts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	base := []byte(strings.Repeat("env: []\n", 1000))
	var texts []store.Text
	for i := range 3 {
		texts = append(texts, store.Text{
			Hash: fmt.Sprint("h", i), DAG: fmt.Sprint("d", i), File: fmt.Sprintf("/dags/%d.yaml", i), Body: []byte{0, byte(i), 0xff},
			BaseFile: "/home/base.yaml", Base: base, WorkspaceFile: "/dags/workspaces/ops/base.yaml", Workspace: base,
		})
	}
	texts = append(texts, store.Text{Hash: "bare", DAG: "d", File: "/dags/bare.yaml"})
	require.NoError(t, s.PutTexts(t.Context(), texts))
	require.NoError(t, s.PutTexts(t.Context(), texts), "a repeat")
	for _, want := range texts {
		got, err := s.Text(t.Context(), want.Hash)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.Equal(t, 1, number(t, raw(t, dir), "select count(*) from bases"), "a base file is kept once")
	_, err := s.Text(t.Context(), "none")
	require.ErrorIs(t, err, store.ErrNotFound)

	files := []store.File{{Path: "/dags/0.yaml", DAG: "d0", Hash: "h0"}, {Path: "/dags/1.yaml", DAG: "d1", Hash: "h1"}}
	require.NoError(t, s.SaveFiles(t.Context(), files))
	files[1].Hash, files[1].DAG = "h2", "renamed"
	require.NoError(t, s.SaveFiles(t.Context(), files))
	got, err := s.Files(t.Context())
	require.NoError(t, err)
	require.Equal(t, files, got)
	bad := []store.File{{Path: "/dags/3.yaml", Hash: "h0"}, {Path: "/dags/2.yaml", Hash: "none"}}
	require.ErrorIs(t, s.SaveFiles(t.Context(), bad), store.ErrNotFound, "and nothing of it is recorded")
	require.NoError(t, s.RemoveFiles(t.Context(), []string{"/dags/0.yaml", "/dags/never.yaml"}))
	got, err = s.Files(t.Context())
	require.NoError(t, err)
	require.Equal(t, files[1:], got)
}
