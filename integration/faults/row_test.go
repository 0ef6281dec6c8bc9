package faults_test

import (
	"cmp"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// variant is a way to make a fault.
type variant struct {
	name string
	// lacks tells why it cannot be made here; nil is that it always can.
	lacks func() string
	// wrapper is a command that prepares what the process sees, and becomes it.
	wrapper func(s *subject) []string
	// prepare leads up to the fault, and turns nothing red; nil is that there is nothing to prepare.
	prepare func(s *subject) error
	// make makes the fault, and returns what lifts it. Times count from its beginning.
	make func(s *subject) (lift func() error, err error)
}

// row is a fault with what must be seen of it.
type row struct {
	fault string
	// parts are those that find it: a mutant is without them.
	parts []string
	// without are parts that would find it too, and hide whether parts do.
	without []string
	env     []string
	// red are the endpoints that must turn red; all others stay green.
	red map[string]want
	// hold is how long the fault lasts once all is red that must be; 0 is five seconds.
	hold     time.Duration
	variants []variant
}

const (
	// hold is that of most rows.
	hold = 5 * time.Second
	// slack is what a prober that asks every 100 ms on a busy machine is late at most.
	slack = time.Second
)

// longest is when everything has to be red.
func (r row) longest() time.Duration {
	var d time.Duration
	for _, w := range r.red {
		d = max(d, w.within)
	}
	return d
}

// lasting is how long the fault lasts at the longest.
func (r row) lasting() time.Duration {
	if len(r.red) == 0 {
		return settings.healthy
	}
	return r.longest() + slack
}

// TestFaults holds every row in all of its variants, and that it fails on its mutant.
func TestFaults(t *testing.T) {
	t.Parallel()
	list := rows()
	if settings.soak {
		list = slices.DeleteFunc(list, func(r row) bool { return len(r.red) > 0 })
		burn(t)
	}
	for _, r := range list {
		for _, v := range r.variants {
			name := strings.NewReplacer(" ", "-", ",", "").Replace(r.fault + "/" + v.name)
			if v.lacks != nil {
				if why := v.lacks(); why != "" {
					t.Logf("%s: not run here: %s", name, why)
					results.skip(r, v, why)
					continue
				}
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				verdicts := r.fair(t, v, nil, func(_ string, verdict verdict) bool { return len(verdict.wrong) == 0 })
				results.add(r, v, verdicts)
				for endpoint, verdict := range verdicts {
					require.Empty(t, verdict.wrong, endpoint)
				}
			})
			if len(r.parts) == 0 {
				continue // there is nothing to take out where nothing turns red
			}
			t.Run(name+"/mutant", func(t *testing.T) {
				t.Parallel()
				missed := func(endpoint string, verdict verdict) bool {
					_, must := r.red[endpoint]
					return !must || verdict.missing()
				}
				for endpoint, verdict := range r.fair(t, v, r.parts, missed) {
					require.True(t, missed(endpoint, verdict), "%s: without %s the judge has to miss the red, and said %q",
						endpoint, strings.Join(r.parts, ", "), verdict.wrong)
				}
			})
		}
	}
}

// burn keeps all processors busy until the test has ended.
func burn(t *testing.T) {
	t.Helper()
	var burners sync.WaitGroup
	for range runtime.NumCPU() {
		burners.Go(func() {
			for t.Context().Err() == nil { // this is the work
			}
		})
	}
	t.Cleanup(burners.Wait)
}

const (
	// attempts is how often something is tried that the machine may have spoilt.
	attempts = 3
	// stalled is a time for which only a machine that is in trouble keeps a small write waiting.
	stalled = 3 * time.Second
)

// fair makes the fault, and makes it again when a verdict is not good, a check failed
// meanwhile that is none of the row's, and a write of our own was kept waiting too: then
// that check told the truth about the machine, and the verdict says nothing of the row.
// On a machine that has nothing else to do there is no such excuse.
func (r row) fair(t *testing.T, v variant, off []string, good func(endpoint string, verdict verdict) bool) map[string]verdict {
	t.Helper()
	for n := 1; ; n++ {
		m := newMeter(t)
		verdicts, others := r.play(t, v, off)
		waited := m.read(t)
		spoilt := false
		for endpoint, verdict := range verdicts {
			spoilt = spoilt || !good(endpoint, verdict)
		}
		if spoilt {
			t.Logf("other checks that failed: %q; a write of ours took %s", others, waited)
		}
		if !spoilt || len(others) == 0 || waited < stalled || settings.full || n == attempts {
			return verdicts
		}
	}
}

// failing matches the line about a check that begins to fail.
var failing = regexp.MustCompile(`health check fails \{"check": "([^"]+)"`)

// others are the checks that failed and are none of the row's, by the log.
func (r row) others(log string) []string {
	var names []string
	for _, found := range failing.FindAllStringSubmatch(log, -1) {
		if !slices.Contains(r.parts, found[1]) {
			names = append(names, found[1])
		}
	}
	return names
}

// play makes the fault once and returns what the judge says of each endpoint, and which
// other checks failed.
func (r row) play(t *testing.T, v variant, off []string) (map[string]verdict, []string) {
	t.Helper()
	s := newSubject(t)
	var wrapper []string
	if v.wrapper != nil {
		wrapper = v.wrapper(s)
	}
	s.start(append(append([]string{}, r.without...), off...), r.environ(), wrapper)
	before := newWatch(t, s.port)
	require.True(t, wait(patience, before.green), "the scheduler starts; log:\n%s", s.log.String())
	before.stop()
	require.NotContains(t, s.log.String(), "cannot listen", "another process answers")

	w := newWatch(t, s.port)
	s.watch = w
	require.True(t, wait(patience, w.green))
	if v.prepare != nil {
		require.NoError(t, v.prepare(s), "prepare the fault")
	}
	var times span
	times.made = time.Now()
	lift, err := v.make(s)
	require.NoError(t, err, "make the fault")
	lasting := r.lasting()
	if len(r.red) > 0 && wait(lasting, func() bool { return w.red(r.red) }) {
		lasting = cmp.Or(r.hold, hold)
	} else {
		lasting = max(0, lasting-time.Since(times.made))
	}
	wait(lasting, func() bool { return false })
	times.lifted = time.Now()
	require.NoError(t, lift(), "lift the fault")
	wait(r.recovery()+slack, w.green)
	wait(2*time.Second, func() bool { return false }) // that it stays so
	w.stop()

	verdicts := map[string]verdict{}
	for _, endpoint := range endpoints() {
		line := w.line(endpoint)
		verdicts[endpoint] = judge(line, times, r.red[endpoint], spareOf(line))
	}
	return verdicts, r.others(s.log.String())
}

// spareOf is what a process is forgiven. A full run is made on a machine that has nothing
// else to do. A short one may be given little of it: what was kept from who asked is
// forgiven too.
func spareOf(line timeline) spare {
	if settings.full {
		return spare{red: lag}
	}
	return spare{red: lag + line.late(), recovery: line.late()}
}

// recovery is when everything has to be green again.
func (r row) recovery() time.Duration {
	var d time.Duration
	for _, w := range r.red {
		d = max(d, w.recovers)
	}
	return d
}

// environ sets the thresholds of the run.
func (r row) environ() []string {
	return append([]string{"DAGU_SCHEDULER_STALL_THRESHOLD=" + stall().String()}, r.env...)
}

// stall is the stall threshold of the run: the default, or the shortest that is allowed.
func stall() time.Duration {
	if settings.full {
		return 30 * time.Second
	}
	return 10 * time.Second
}

// wait waits until the condition holds, and tells whether it did within the time.
func wait(d time.Duration, condition func() bool) bool {
	end := time.NewTimer(d)
	defer end.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-end.C:
			return condition()
		case <-tick.C:
		}
	}
	return true
}
