package integration_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// BenchmarkDueAtOnce has many DAGs due in one minute, each with a step that
// writes its time, and tells how late they started and what it cost.
func BenchmarkDueAtOnce(b *testing.B) {
	for _, n := range sizes(20, 100, 1000) {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				dueAtOnce(b, n)
			}
		})
	}
}

// sizes are those of a full run, or the one of a short run.
func sizes(short int, full ...int) []int {
	if testing.Short() {
		return []int{short}
	}
	return full
}

func dueAtOnce(b *testing.B, n int) {
	b.Helper()
	h := newHome(b)
	require.NoError(b, os.Mkdir(h.path("out"), 0o755))
	lead := 3*time.Second + time.Duration(n)*10*time.Millisecond // for the start
	due := time.Now().Add(lead + time.Minute).Truncate(time.Minute).UTC()
	for i := range n {
		name := fmt.Sprintf("dag-%05d", i)
		h.dag(name, fmt.Sprintf("schedule: \"%d %d * * *\"\nsteps:\n  - run: date +%%s%%N > %s\n",
			due.Minute(), due.Hour(), h.path("out", name)))
	}
	d := h.scheduler()
	s := h.records()
	require.True(b, time.Now().Before(due), "it took longer than %v to start", lead)
	time.Sleep(time.Until(due.Add(-500 * time.Millisecond))) //nolint:forbidigo // the minute is real
	before := cpu(b, d.pid())

	eventually(b, func() bool {
		entries, err := os.ReadDir(h.path("out"))
		if err != nil || len(entries) < n {
			return false
		}
		running, queued, err := s.Counts(context.Background())
		return err == nil && running+queued == 0
	}, "%d runs", n)

	used := cpu(b, d.pid()) - before
	late := lateness(b, h.path("out"), due)
	b.ReportMetric(ms(late[len(late)/2]), "p50-ms")
	b.ReportMetric(ms(late[len(late)*99/100]), "p99-ms")
	b.ReportMetric(ms(late[len(late)-1]), "max-ms")
	b.ReportMetric(float64(h.counts(s, "")[string(store.StatusSucceeded)]), "runs")
	b.ReportMetric(ms(used)/float64(n), "cpu-ms/run")
	b.ReportMetric(mib(memory(b, d.pid(), "VmHWM")), "peak-MiB")
	b.ReportMetric(0, "ns/op") // the wait for the minute says nothing
	d.stop()
}

// lateness is how long after due each step wrote its time, in order.
func lateness(b *testing.B, dir string, due time.Time) []time.Duration {
	b.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(b, err)
	late := make([]time.Duration, len(paths))
	for i, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(b, err)
		ns, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		require.NoError(b, err)
		late[i] = time.Unix(0, ns).Sub(due)
	}
	slices.Sort(late)
	return late
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// BenchmarkIdle has many DAGs that are not due, and tells what waiting costs.
func BenchmarkIdle(b *testing.B) {
	for _, n := range sizes(100, 10_000) {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				idle(b, n)
			}
		})
	}
}

func idle(b *testing.B, n int) {
	b.Helper()
	// The first full comparison, after 30 s, reads again what is too young to be
	// known by its times; then come two that are like all others.
	lead, window := 40*time.Second, time.Minute
	if testing.Short() {
		lead, window = 0, time.Second
	}
	h := newHome(b)
	h.farOff(n)
	d := h.scheduler()
	d.stop() // the next one finds its data directory
	d = h.scheduler()
	time.Sleep(lead) //nolint:forbidigo // what follows the start is not idle yet
	before := cpu(b, d.pid())
	time.Sleep(window) //nolint:forbidigo // this is what is measured
	used := cpu(b, d.pid()) - before
	b.ReportMetric(used.Seconds()*float64(time.Minute/window), "cpu-s/min")
	b.ReportMetric(mib(memory(b, d.pid(), "RssAnon")), "anon-MiB")
	b.ReportMetric(0, "ns/op")
	d.stop()
}

// farOff writes n DAGs that are due in half a year.
func (h *home) farOff(n int) {
	h.tb.Helper()
	month := (int(time.Now().Month())+5)%12 + 1
	for i := range n {
		h.dag(fmt.Sprintf("far-%05d", i), fmt.Sprintf(
			"description: Number %d\nschedule: \"%d %d %d %d *\"\nsteps:\n  - run: echo %d\n", i, i%60, i%24, i%28+1, month, i))
	}
}

// BenchmarkStart tells how long it takes from the start of a process to its
// first 200, on a data directory that exists.
func BenchmarkStart(b *testing.B) {
	for _, n := range sizes(100, 100, 10_000) {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			h := newHome(b)
			h.farOff(n)
			h.scheduler().stop()
			runtime.GC()
			var used time.Duration
			var list []time.Duration
			for b.Loop() {
				begin := time.Now()
				d := h.start(launch{})
				for d.answer() != healthy {
					time.Sleep(time.Millisecond) //nolint:forbidigo // a probe a millisecond is enough
				}
				list = append(list, time.Since(begin))
				used += cpu(b, d.pid())
				d.stop()
			}
			slices.Sort(list)
			b.ReportMetric(ms(list[len(list)/2]), "p50-ms")
			b.ReportMetric(ms(list[len(list)-1]), "max-ms")
			b.ReportMetric(ms(used)/float64(len(list)), "cpu-ms/op")
			b.ReportMetric(0, "ns/op")
		})
	}
}
