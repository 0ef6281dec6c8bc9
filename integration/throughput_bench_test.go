package integration_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// bareLoop forks and executes "sh -c true" n times, so many at once, and returns how
// long that took. It is what runs are measured by.
func bareLoop(b *testing.B, n, at int) time.Duration {
	b.Helper()
	var all sync.WaitGroup
	failed := make([]error, at)
	begin := time.Now()
	for i := range at {
		all.Go(func() {
			for range n / at {
				if failed[i] = exec.Command("sh", "-c", "true").Run(); failed[i] != nil { //nolint:noctx // it ends at once
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	for _, err := range failed {
		require.NoError(b, err)
	}
	return took
}

// BenchmarkDrain has 500 queued runs of one step "true" in a queue with few slots, and
// tells how many end in a second; the ratio is against a bare loop of as many at once.
func BenchmarkDrain(b *testing.B) {
	for _, slots := range []int{4, 16} {
		b.Run(fmt.Sprint(slots), func(b *testing.B) {
			for b.Loop() {
				drain(b, sizes(16, 500)[0], slots)
			}
		})
	}
}

func drain(b *testing.B, n, slots int) {
	b.Helper()
	h := newHome(b)
	h.write("config.yaml", fmt.Sprintf("queues:\n  config:\n    - {name: wide, max_concurrency: %d}\n", slots))
	h.dag("true", "queue: wide\nsteps:\n  - run: \"true\"\n")
	d := h.scheduler()
	s := h.records()
	ctx := context.Background()
	_, err := s.PauseQueue(ctx, "wide")
	require.NoError(b, err)
	h.enqueue("true")
	pattern := h.runs(s, "true")[0].NewRun
	for i := range n - 1 {
		pattern.ID = fmt.Sprint("r-", i)
		_, err = s.Enqueue(ctx, pattern)
		require.NoError(b, err)
	}
	bare := bareLoop(b, n, slots)
	begin := time.Now()
	_, err = s.ResumeQueue(ctx, "wide")
	require.NoError(b, err)
	eventually(b, func() bool {
		running, queued, err := s.Counts(ctx)
		return err == nil && running+queued == 0
	}, "%d runs end", n)
	took := time.Since(begin)
	require.Equal(b, n, h.counts(s, "true")[string(store.StatusSucceeded)])
	b.ReportMetric(float64(n)/took.Seconds(), "runs/s")
	b.ReportMetric(float64(took)/float64(bare), "times-bare")
	b.ReportMetric(0, "ns/op")
	d.stop()
}

// BenchmarkStartCommand tells how long "dagu start" takes, and how many times as long
// as a shell that does the same: one step, 20 one after the other, 100 at once.
func BenchmarkStartCommand(b *testing.B) {
	for _, c := range []struct {
		name, dag, shell string
	}{
		{"one", oneStep("graph", 1), "sh -c true"},
		{"20-sequential", oneStep("chain", 20), "for i in $(seq 20); do sh -c true; done"},
		{"100-parallel", oneStep("graph", 100), "for i in $(seq 100); do sh -c true & done; wait"},
	} {
		b.Run(c.name, func(b *testing.B) {
			h := newHome(b)
			h.dag("job", c.dag)
			h.must("start", "job") // the next one finds its data directory
			var ours, shell time.Duration
			n := 0
			for b.Loop() {
				begin := time.Now()
				h.must("start", "job")
				middle := time.Now()
				require.NoError(b, exec.Command("sh", "-c", c.shell).Run()) //nolint:noctx // it ends at once
				ours, shell, n = ours+middle.Sub(begin), shell+time.Since(middle), n+1
			}
			b.ReportMetric(ms(ours)/float64(n), "ms")
			b.ReportMetric(ms(shell)/float64(n), "shell-ms")
			b.ReportMetric(float64(ours)/float64(shell), "times-shell")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// oneStep is a DAG with so many steps "true".
func oneStep(kind string, n int) string {
	return "type: " + kind + "\nsteps:\n" + strings.Repeat("  - run: \"true\"\n", n)
}

// BenchmarkCatchUp has 10,000 due times of one DAG to make up for, and tells how many
// are decided and queued in a second, from the start of the process on; the ratio is
// against a bare loop that forks as often, one at a time.
func BenchmarkCatchUp(b *testing.B) {
	for b.Loop() {
		catchUp(b, sizes(100, 10_000)[0])
	}
}

func catchUp(b *testing.B, n int) {
	b.Helper()
	h := newHome(b)
	const text = "CRON_TZ=UTC * * * * *"
	h.dag("job", fmt.Sprintf("schedule: %q\ncatchup_window: %dm\noverlap_policy: all\nsteps:\n  - run: \"true\"\n", text, n+5))
	s := h.records()
	ctx := context.Background()
	seen := time.Now().Truncate(time.Minute).Add(-time.Duration(n) * time.Minute)
	_, err := s.SyncSchedules(ctx, []store.ScheduleSet{{DAG: "job", Entries: []store.Entry{
		{Kind: store.KindStart, Text: text, Zone: "UTC"},
	}}}, seen)
	require.NoError(b, err)
	_, err = s.PauseQueue(ctx, "job")
	require.NoError(b, err)
	begin := time.Now()
	d := h.start(launch{})
	eventually(b, func() bool {
		_, queued, err := s.Counts(ctx)
		return err == nil && queued >= n
	}, "%d due times are caught up", n)
	took := time.Since(begin)
	probe := min(n, 500)
	bare := bareLoop(b, probe, 1) * time.Duration(n/probe)
	b.ReportMetric(float64(n)/took.Seconds(), "due-times/s")
	b.ReportMetric(float64(took)/float64(bare), "times-bare")
	b.ReportMetric(0, "ns/op")
	d.kill()
}
