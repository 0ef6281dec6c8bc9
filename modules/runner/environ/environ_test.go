package environ_test

import (
	"maps"
	"slices"
	"testing"

	"dagu/modules/runner/environ"

	"github.com/stretchr/testify/require"
)

func TestInherit(t *testing.T) {
	t.Parallel()
	ours := environ.Parse([]string{
		"PATH=/bin", "HOME=/root", "LC_ALL=C", "KUBERNETES_PORT=1", "DAGU_HOME=/d", "DAG_X=1", "DOCKER_HOST=h", "XDG_DATA_HOME=/x",
		"DAGU_AUTH_BASIC_PASSWORD=s", "DAGU_AUTH_MODE=basic", "DAGU_DATABASE_URL=u",
		"AWS_KEY=a", "AWS_REGION=b", "GOPATH=/go", "GOPATHS=/go2",
		"DAG_RUN_ID=outer", "DAG_NAME=outer", "DAGU_RUN_MARKER=outer:1", "DAGU_OUTPUT_FILE=/o", "DAG_RUN_STEP_NAME=outer",
		"PATHS=1", "broken", "=C:=x",
	})
	names := func(e environ.Env) []string { return slices.Sorted(maps.Keys(e)) }

	fixed := []string{"DAGU_HOME", "DAG_X", "DOCKER_HOST", "HOME", "KUBERNETES_PORT", "LC_ALL", "PATH", "XDG_DATA_HOME"}
	require.Equal(t, fixed, names(ours.Inherit(nil)))
	require.Equal(t, append([]string{"AWS_KEY", "AWS_REGION"}, append(fixed[:3:3], append([]string{"GOPATH"}, fixed[3:]...)...)...),
		names(ours.Inherit([]string{"AWS_*", "GOPATH"})))
	require.NotContains(t, ours.Inherit([]string{"*"}), "DAGU_AUTH_BASIC_PASSWORD", "nothing lets a secret of ours through")
	require.NotContains(t, ours.Inherit([]string{"DAGU_DATABASE_URL"}), "DAGU_DATABASE_URL")
	require.Equal(t, "/bin", ours.Inherit(nil)["PATH"])
}

func TestVisible(t *testing.T) {
	t.Parallel()
	env := environ.Parse([]string{"A=1", "A=2", "B=x=y", "DAGU_AUTH_MODE=basic", "DAGU_DATABASE_URL=u", "DAG_RUN_ID=r"})
	require.Equal(t, environ.Env{"A": "2", "B": "x=y", "DAG_RUN_ID": "r"}, env.Visible())
}

func TestList(t *testing.T) {
	t.Parallel()
	list := environ.Env{"A": "1", "B": "", "M": "forged"}.List("M=m")
	require.Equal(t, "M=m", list[0])
	require.ElementsMatch(t, []string{"M=m", "A=1", "B="}, list)
}
