package faults_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestADiskThatTakesNothingForAnHour has a disk full, or read-only, while an hour passes
// in which 15 DAGs are due, one run is active and one is queued. /readyz tells, and
// nothing else. No due time is missed and no run is lost: when there is room again, all
// goes on by itself.
func TestADiskThatTakesNothingForAnHour(t *testing.T) {
	t.Parallel()
	// What is open for writing keeps its file system from being made read-only.
	for _, v := range []variant{filled("data"), hook("store.write", "error EROFS"), noInodes("logs")} {
		t.Run(strings.ReplaceAll(v.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			if v.lacks != nil && v.lacks() != "" {
				t.Skip("not run here: " + v.lacks())
			}
			hour(t, v)
		})
	}
}

// noInodes leaves a file system without room for another file. One may come or go
// between the count and the change, which is tried again then.
func noInodes(dir string) variant {
	return mounted("no inodes "+dir, dir, `for try in 1 2 3 4 5 6 7 8 9; do
			mount -o remount,nr_inodes=$(df --output=iused "$0" | tail -n 1 | tr -d ' ') "$0" && ! touch "$0/more" && exit 0
			rm -f "$0/more"
		done; exit 1`,
		`mount -o remount,nr_inodes=100000 "$0"`)
}

func hour(t *testing.T, v variant) {
	t.Helper()
	const minutes, each = 60, 4
	s := newSubject(t)
	base := upcoming()
	at := func(name string, minute int, text string) {
		when := base.Add(time.Duration(minute) * time.Minute)
		s.write("dags/"+name+".yaml", fmt.Sprintf("schedule: \"%d %d * * *\"\n%s", when.Minute(), when.Hour(), text))
	}
	// A script of several lines is written before it is run.
	at("active", 0, "queue: narrow\ntype: chain\nsteps:\n  - run: until [ -e "+s.path("go")+" ]; do sleep 0.05; done\n  - run: |\n      echo one\n      echo two\n")
	at("queued", 1, "queue: narrow\nsteps:\n  - run: echo\n")
	var names []string
	for minute := each; minute <= minutes; minute += each {
		names = append(names, fmt.Sprint("due-", minute))
		at(names[len(names)-1], minute, "steps:\n  - run: echo\n")
	}
	var wrapper []string
	if v.wrapper != nil {
		wrapper = v.wrapper(s)
	}
	s.begin(wrapper)
	pass := func(minute int, taken float64) {
		wall := base.Add(time.Duration(minute)*time.Minute + time.Second)
		require.NoError(t, s.order("wall", "offset "+time.Until(wall).String()))
		s.counts(taken, "dagu_due_times_taken_total")
	}
	pass(1, 2)
	s.counts(1, "dagu_runs_active")
	s.counts(1, "dagu_runs_queued")
	lift, err := v.make(s)
	require.NoError(t, err)
	for i := range names {
		pass((i+1)*each, float64(i+3))
		if i == len(names)/2 {
			s.write("go", "")
		}
	}
	require.True(t, wait(patience, func() bool { return s.watch.last("/readyz").red() }), "/readyz tells")
	require.NoError(t, lift())

	all := float64(len(names) + 2)
	s.counts(all, `dagu_runs_finished_total{status="succeeded"}`)
	s.counts(all, "dagu_runs_finished_total")
	s.counts(all, `dagu_due_times_decided_total{outcome="fired",reason="none"}`)
	s.counts(all, "dagu_due_times_decided_total")
	require.True(t, wait(patience, s.watch.green), "all is well again")
	s.end("/readyz")
}

// counts waits until a metric has a value.
func (s *subject) counts(want float64, metric string) {
	s.tb.Helper()
	var got float64
	require.True(s.tb, wait(patience, func() bool { got = s.sum(metric); return got == want }), "%s is %v, not %v", metric, got, want)
}
