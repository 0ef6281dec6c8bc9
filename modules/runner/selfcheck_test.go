package runner_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
)

func TestCheckFork(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	check := func(program string, args ...string) error {
		return r.runner.CheckFork(t.Context(), runner.Self{Path: program, Args: append([]string{program}, args...)})
	}
	require.NoError(t, check("/bin/true"))
	require.ErrorContains(t, check("/bin/false"), "exit status 1")
	require.ErrorContains(t, check("/no/such/program"), "no such file")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := r.runner.CheckFork(ctx, runner.Self{Path: "/bin/sleep", Args: []string{"sleep", "1000"}})
	require.ErrorContains(t, err, "does not end")
	require.Zero(t, r.runner.Active())
}
