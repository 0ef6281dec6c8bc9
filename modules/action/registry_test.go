package action_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/action"
)

// TestRegistry holds that every action can be found, and tells editors what it and its
// fields are for.
func TestRegistry(t *testing.T) {
	t.Parallel()
	var names []string
	for _, d := range action.All() {
		for _, name := range append([]string{d.Name}, d.Older...) {
			found, ok := action.Lookup(name)
			require.True(t, ok, name)
			require.Equal(t, d.Name, found.Name, name)
			require.NotContains(t, names, name, "a name stands for one action")
			_, unsupported := action.Unsupported(name)
			require.False(t, unsupported, name)
			names = append(names, name)
		}
		require.NotEmpty(t, d.Summary, d.Name)
		var fields []string
		for _, f := range d.Fields {
			require.NotContains(t, fields, f.Name, d.Name)
			require.NotEmpty(t, f.Kind, "%s of %s", f.Name, d.Name)
			require.NotEmpty(t, f.Doc, "%s of %s", f.Name, d.Name)
			require.Equal(t, f.Raw, d.Raw(f.Name))
			fields = append(fields, f.Name)
		}
		require.ElementsMatch(t, fields, d.Names())
	}
	require.True(t, slices.IsSorted(action.Names()))
	_, ok := action.Lookup("nothing")
	require.False(t, ok)
	require.Empty(t, action.All()[0].Field("nothing"))
}

// TestUnsupported holds what is known and not done.
func TestUnsupported(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"docker.run", "container.exec", "k8s.job", "kubernetes.run", "ssh.run", "sftp.put", "s3.get", "redis.query", "postgres.query",
		"git.checkout", "archive.create", "artifact.write", "state.get", "chat.completion", "harness.run", "human.task", "router.route",
		"owner/repo@v1", "owner/repo@main", "docker", "ssh", "s3", "gha",
	} {
		use, unsupported := action.Unsupported(name)
		require.True(t, unsupported, name)
		require.NotEmpty(t, use, name)
	}
	for _, name := range []string{"", "jq", "dockers.run", "docker.", "a/b/c@v1", "repo@v1", "owner/repo", "http.get", "gha.run"} {
		_, unsupported := action.Unsupported(name)
		require.False(t, unsupported, name)
	}
}
