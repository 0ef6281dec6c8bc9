package health_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"dagu/modules/health"
)

// The metrics say what the probes are answered.
func TestMetricsTellTheVerdict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := health.NewRegistry(health.Options{StallThreshold: 10 * time.Second})
		require.NoError(t, err)
		pulse := r.Pulse(health.Loop{Name: "loop", Health: true})
		require.NoError(t, r.Start(t.Context()))
		expect := func(s said) {
			t.Helper()
			require.NoError(t, testutil.CollectAndCompare(r.Collector(), strings.NewReader(s.String()),
				"dagu_phase", "dagu_health_verdict", "dagu_health_check_healthy", "dagu_health_loop_silence_seconds"))
		}
		expect(said{1, 0, 0, 0, 1, 0})
		r.Advance(health.Running)
		pulse.Beat("turning")
		expect(said{0, 1, 1, 1, 1, 0})
		time.Sleep(12*time.Second + time.Millisecond) // synctest
		synctest.Wait()
		expect(said{0, 1, 0, 1, 0, 11})
		require.NoError(t, r.Stop(t.Context()))
	})
}

// said is what a scrape says of a registry with one loop.
type said struct{ starting, running, ready, startup, healthy, silence int }

func (s said) String() string {
	values := strings.NewReplacer("STARTING", strconv.Itoa(s.starting), "RUNNING", strconv.Itoa(s.running),
		"READY", strconv.Itoa(s.ready), "STARTUP", strconv.Itoa(s.startup),
		"HEALTHY", strconv.Itoa(s.healthy), "SILENCE", strconv.Itoa(s.silence))
	return values.Replace(`# HELP dagu_health_check_healthy 1 when the check passes or the loop turns, 0 when it makes the process unready.
# TYPE dagu_health_check_healthy gauge
dagu_health_check_healthy{check="loop"} HEALTHY
# HELP dagu_health_loop_silence_seconds Whole seconds since the loop last turned, by a clock that does not step.
# TYPE dagu_health_loop_silence_seconds gauge
dagu_health_loop_silence_seconds{check="loop"} SILENCE
# HELP dagu_health_verdict 1 when the probe is answered with 200, 0 when with 503.
# TYPE dagu_health_verdict gauge
dagu_health_verdict{probe="health"} READY
dagu_health_verdict{probe="live"} 1
dagu_health_verdict{probe="ready"} READY
dagu_health_verdict{probe="startup"} STARTUP
# HELP dagu_phase 1 for the phase that the process is in, 0 for the others.
# TYPE dagu_phase gauge
dagu_phase{phase="draining"} 0
dagu_phase{phase="running"} RUNNING
dagu_phase{phase="starting"} STARTING
`)
}
