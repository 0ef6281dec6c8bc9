package faults_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/store"
)

// begin starts the scheduler and a watch of its probes.
func (s *subject) begin(wrapper []string) {
	s.tb.Helper()
	s.start(nil, []string{"DAGU_SCHEDULER_STALL_THRESHOLD=" + stall().String()}, wrapper)
	s.watch = newWatch(s.tb, s.port)
	require.True(s.tb, wait(patience, s.watch.green), "the scheduler starts; log:\n%s", s.log.String())
}

// end stops the scheduler as an operator does. But for those that may have been red, no
// probe was.
func (s *subject) end(red ...string) {
	s.tb.Helper()
	s.watch.stop()
	for _, endpoint := range endpoints() {
		line := s.watch.line(endpoint)
		if i := slices.IndexFunc(line, sample.red); i > 0 && slices.ContainsFunc(line[:i], sample.green) {
			require.Contains(s.tb, red, endpoint)
		}
	}
	require.NoError(s.tb, s.cmd.Process.Signal(syscall.SIGTERM))
	require.True(s.tb, wait(patience, func() bool { return s.cmd.ProcessState != nil }), "it ends")
	<-s.done
	require.Zero(s.tb, s.cmd.ProcessState.ExitCode())
}

// records opens the database beside the scheduler.
func (s *subject) records() *store.Store {
	s.tb.Helper()
	st, err := store.New(store.Options{Dir: s.path("data"), WriteTimeout: patience}, zap.NewNop())
	require.NoError(s.tb, err)
	require.NoError(s.tb, st.Start(context.Background()))
	s.tb.Cleanup(func() { _ = st.Stop(context.Background()) })
	return st
}

// sum is the sum of a metric's series, or one of them.
func (s *subject) sum(name string) float64 {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.url("/metrics"), nil)
	require.NoError(s.tb, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.tb, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.tb, err)
	var sum float64
	for line := range strings.Lines(string(text)) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if series == name || strings.HasPrefix(series, name+"{") {
			n, err := strconv.ParseFloat(value, 64)
			require.NoError(s.tb, err)
			sum += n
		}
	}
	return sum
}

// ends waits until the runs of a DAG are these, by status and reason, newest first.
func (s *subject) ends(st *store.Store, dag string, want ...string) {
	s.tb.Helper()
	var got []string
	require.True(s.tb, wait(patience, func() bool {
		runs, err := st.Runs(context.Background(), store.Filter{DAG: dag, Limit: 1000})
		require.NoError(s.tb, err)
		got = nil
		for _, r := range runs {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s", r.Status, r.Reason)))
		}
		return slices.Equal(got, want)
	}), "%s: %v", dag, got)
}

// outcomes are how many due times of a DAG there are by outcome and reason.
func (s *subject) outcomes(st *store.Store, dag string) map[string]int {
	s.tb.Helper()
	now := time.Now()
	list, err := st.Occurrences(context.Background(), dag, now.Add(-24*time.Hour), now.Add(24*time.Hour), 1000)
	require.NoError(s.tb, err)
	counts := map[string]int{}
	for _, o := range list {
		counts[strings.TrimSpace(fmt.Sprintf("%s %s", o.Outcome, o.Reason))] += o.Count
	}
	return counts
}

// upcoming is a minute that does not come by itself while a test lasts.
func upcoming() time.Time { return time.Now().Add(20 * time.Minute).Truncate(time.Minute).UTC() }

// step steps the wall clock and waits until the loop has seen it.
func (s *subject) step(wall time.Time) {
	s.tb.Helper()
	before := s.sum("dagu_clock_steps_total")
	require.NoError(s.tb, s.order("wall", "offset "+time.Until(wall).String()))
	require.True(s.tb, wait(patience, func() bool { return s.sum("dagu_clock_steps_total") > before }), "the step is seen")
}

// TestAPanicEndsItsRunAlone has a panic in a run, in a step of one, and while the state
// of one's steps is recorded. Another run goes on, and so do these when it is over.
func TestAPanicEndsItsRunAlone(t *testing.T) {
	t.Parallel()
	s := newSubject(t)
	at := upcoming()
	points := []string{"runner.run", "runner.step", "runner.save"}
	for _, name := range append(points, "other") {
		s.write("dags/"+name+".yaml", fmt.Sprintf("schedule: \"%d,%d * * * *\"\nsteps:\n  - run: until [ -e %s ]; do sleep 0.05; done\n",
			at.Minute(), at.Add(10*time.Minute).Minute(), s.path("go")))
	}
	for _, point := range points {
		require.NoError(t, s.order(point, "panic "+point))
	}
	s.begin(nil)
	st := s.records()
	s.step(at.Add(time.Second))
	for _, point := range points {
		s.ends(st, point, "failed internal_error")
		require.NoError(t, s.order(point, ""))
	}
	s.ends(st, "other", "running")
	s.write("go", "")
	s.ends(st, "other", "succeeded")
	s.step(at.Add(10*time.Minute + time.Second))
	for _, point := range points {
		s.ends(st, point, "succeeded", "failed internal_error")
	}
	s.ends(st, "other", "succeeded", "succeeded")
	s.end()
}

// TestAPanicOfThePlannerIsOneDAGs has the decisions of two DAGs panic each turn, in the
// loop and in the store's transaction, while three due times of each come at once. All
// are recorded and counted as missed, and a third DAG is started.
func TestAPanicOfThePlannerIsOneDAGs(t *testing.T) {
	t.Parallel()
	s := newSubject(t)
	points := []string{"scheduler.take", "scheduler.judge"}
	for _, name := range append(points, "other") {
		s.write("dags/"+name+".yaml", "schedule: \"* * * * *\"\nsteps:\n  - run: \"true\"\n")
	}
	for _, point := range points {
		require.NoError(t, s.order(point, "panic "+point))
	}
	s.begin(nil)
	st := s.records()
	decided := func(name string) int {
		n := 0
		for _, count := range s.outcomes(st, name) {
			n += count
		}
		return n
	}
	const minutes = 3
	began := time.Now()
	s.step(began.Add(minutes * time.Minute))
	for _, name := range append(points, "other") {
		require.True(t, wait(patience, func() bool { return decided(name) >= minutes }), "%s: %v", name, s.outcomes(st, name))
	}
	require.GreaterOrEqual(t, s.sum("dagu_scheduler_panics_total"), 2.0)
	require.GreaterOrEqual(t, s.sum(`dagu_due_times_decided_total{outcome="missed",reason="internal_error"}`), 2.0*minutes)
	for _, point := range points {
		counts := s.outcomes(st, point)
		require.Equal(t, decided(point), counts["missed internal_error"], "%v", counts)
		require.NoError(t, s.order(point, ""))
	}
	require.Positive(t, s.outcomes(st, "other")["fired"])
	s.step(began.Add((minutes + 4) * time.Minute))
	for _, point := range points {
		require.True(t, wait(patience, func() bool { return s.outcomes(st, point)["fired"] > 0 }), "%s is started again", point)
	}
	require.Zero(t, s.outcomes(st, "other")["missed internal_error"])
	s.end()
}

// TestTheClockIsSteppedDuringARun steps it forward by an hour, and back by two, while a
// run with time limits is active. The limits are of time that goes by; the run goes on,
// is not run again, and what is due meanwhile is skipped.
func TestTheClockIsSteppedDuringARun(t *testing.T) {
	t.Parallel()
	s := newSubject(t)
	first := upcoming()
	s.write("dags/active.yaml", fmt.Sprintf("schedule: \"%d * * * *\"\ntimeout_sec: 600\nsteps:\n  - timeout_sec: 600\n"+
		"    run: until [ -e %s ]; do sleep 0.05; done\n", first.Minute(), s.path("go")))
	s.begin(nil)
	st := s.records()
	s.step(first.Add(2 * time.Minute))
	s.ends(st, "active", "running")
	s.step(first.Add(61 * time.Minute)) // a step of more than an hour has to last first
	require.True(t, wait(patience, func() bool { return s.outcomes(st, "active")["skipped overlap"] == 1 }), "%v", s.outcomes(st, "active"))
	s.step(first.Add(time.Minute))
	s.step(first.Add(-59 * time.Minute))
	s.step(first)
	s.ends(st, "active", "running")
	s.write("go", "")
	s.ends(st, "active", "succeeded")
	require.Equal(t, 1, s.outcomes(st, "active")["fired"])
	s.end()
}
