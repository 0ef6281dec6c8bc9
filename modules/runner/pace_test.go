package runner_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// Steps that could start together start one after the other, and one that ends
// meanwhile does not shorten the pause.
func TestDelayBetweenSteps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	began := time.Now()
	r.succeed("delay_sec: 1\nsteps: [{name: a, run: 'true'}, {name: b, run: 'true'}, {name: c, run: 'true', depends: a}]")
	require.GreaterOrEqual(t, time.Since(began), 2*time.Second, "two pauses between three starts")
}

// No pause follows the last step, and a stop ends one.
func TestDelayEndsWithTheRun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed("delay_sec: 3600\nsteps: [{name: a, run: 'true'}]")
	done := r.execute(r.record("delay_sec: 3600\nsteps: [{name: b, run: 'true'}, {name: c, run: 'true'}]"))
	require.Eventually(t, func() bool { return r.store.step("b").Status == store.StepSucceeded }, soon, time.Millisecond)
	r.store.requestStop("run-2")
	result := r.await(done)
	require.Equal(t, store.StatusAborted, result.Status)
	require.Equal(t, store.ReasonStopped, result.Reason)
	require.Equal(t, store.StepAborted, r.store.step("c").Status)
}

// The timeout of the run ends a pause and an interval too.
func TestTimeoutEndsWaits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run("timeout_sec: 1\ndelay_sec: 3600\nsteps: [{name: a, run: exit 1, retry_policy: {limit: 1, interval_sec: 3600}}, {name: b, run: 'true'}]")
	require.Equal(t, store.StatusFailed, result.Status)
	require.Equal(t, store.ReasonTimeout, result.Reason)
}
