package faults_test

import (
	"slices"
	"time"
)

const (
	health  = "/health"
	live    = "/livez"
	ready   = "/readyz"
	startup = "/startupz"
)

// rows are all faults.
func rows() []row {
	return slices.Concat(loopRows(), storeRows(), damageRows(), workRows(), directoryRows(), diskRows(), healthyRows())
}

// soon bounds how long a loop takes to be green again, checked how long a check does that
// runs every ten seconds and has a call of five under way.
const (
	soon    = 6 * time.Second
	checked = 20 * time.Second
)

// silent is what a loop must show that hangs.
func silent(times int) want {
	return want{within: time.Duration(times)*stall() + time.Second, recovers: soon}
}

// hook makes the fault in the code.
func hook(point, act string) variant {
	return variant{name: "hook " + point + " " + act, make: func(s *subject) (func() error, error) {
		return func() error { return s.order(point, "") }, s.order(point, act)
	}}
}

// loopRows are loops that hang, in themselves or in a lock.
func loopRows() []row {
	const interval = 3 * time.Second
	compares := []string{"DAGU_SCHEDULER_RECONCILE_INTERVAL=" + interval.String()}
	watched := map[string]want{ready: {within: 3*interval + interval + time.Second, recovers: soon}}
	if settings.full {
		compares, watched = nil, map[string]want{ready: {within: 91 * time.Second, recovers: 40 * time.Second}}
	}
	queue := map[string]want{ready: silent(1), live: silent(2)}
	const start = 5 * time.Second // until a run is queued
	// An idle queue asks the store every five seconds.
	const sweep = 5 * time.Second
	swept := want{within: queue[live].within + sweep, recovers: soon}
	stored := readers()
	return []row{
		{
			fault: "the scheduling loop hangs", parts: []string{"scheduler-loop"}, without: []string{"entries"},
			red:      map[string]want{health: silent(1), ready: silent(1), live: silent(2)},
			variants: []variant{hook("scheduler.loop", "hang")},
		},
		{
			fault: "the admission loop hangs", parts: []string{"queue-loop"}, red: queue,
			variants: []variant{hook("queue.loop", "hang")},
		},
		{
			fault: "the lock of the queue is never released", parts: []string{"queue-loop"}, without: []string{"starved"}, red: queue,
			variants: []variant{hook("queue.lock", "hang")},
		},
		{
			fault: "the lock of the runner is never released", parts: []string{"queue-loop"},
			red: map[string]want{
				ready: {within: queue[ready].within + start, recovers: soon},
				live:  {within: queue[live].within + start, recovers: soon},
			},
			variants: []variant{unreleased()},
		},
		{
			fault: "the lock of the store is never released", parts: slices.Concat(stored, []string{"queue-loop"}),
			red:      map[string]want{ready: {within: 15 * time.Second, recovers: checked}, live: swept},
			variants: []variant{hook("store.lock", "hang")},
		},
		{
			fault: "the lock of the log is never released", parts: []string{"scheduler-loop"}, without: []string{"entries"},
			red:      map[string]want{health: silent(1), ready: silent(1), live: silent(2)},
			variants: []variant{unlogged()},
		},
		{
			fault: "the lock of the check for due times is never released", parts: []string{"overdue"},
			red: map[string]want{ready: silent(1)}, variants: []variant{hook("scheduler.lock", "hang")},
		},
		{
			fault: "the store's writer hangs", parts: []string{"store-writer"}, without: []string{"store", "starved"},
			red: map[string]want{ready: silent(1)}, variants: []variant{hook("store.writer", "hang")},
		},
		{
			fault: "the comparison of the DAG directory hangs", parts: []string{"catalog-watch"}, without: []string{"dags-dir"},
			env: compares, red: watched,
			variants: []variant{hook("catalog.reconcile", "hang"), hook("catalog.loop", "hang"), hook("catalog.lock", "hang")},
		},
	}
}

// storeRows are faults of the database.
func storeRows() []row {
	stored := readers()
	red := map[string]want{ready: {within: 15 * time.Second, recovers: checked}}
	parts := append([]string{"disk"}, stored...)
	long := time.Duration(0)
	if settings.full {
		long = 3 * time.Minute
	}
	return []row{
		{
			fault: "writes fail or hang", parts: parts, red: red,
			variants: []variant{
				hook("store.write", "error ENOSPC"), hook("store.write", "error EIO"), hook("store.write", "delay 5s"),
				injected("error=EIO"), injected("error=ENOSPC"), injected("delay_enter=5000000"),
			},
		},
		{fault: "another process writes", parts: parts, red: red, hold: long, variants: []variant{held("begin immediate"), held("begin exclusive")}},
		{
			fault: "the database is gone", parts: parts, red: red,
			variants: []variant{moved("database deleted", "data/dagu.db", ""), moved("log deleted", "data/dagu.db-wal", "")},
		},
		{fault: "the database is another", parts: parts, red: red, variants: []variant{moved("replaced", "data/dagu.db", "copy")}},
		{fault: "the data directory is gone", parts: parts, red: red, variants: []variant{moved("renamed", "data", "")}},
	}
}

// readers are the parts that a store without an answer turns red.
func readers() []string {
	return []string{"store", "store-writer", "overdue", "starved", "clock"}
}

// workRows are loops that turn and do not do their work.
func workRows() []row {
	list := []row{
		{
			fault: "the loop takes no due time", parts: []string{"overdue"},
			red:      map[string]want{ready: silent(1)},
			variants: []variant{lost()},
		},
		{
			fault: "admission passes a run by", parts: []string{"starved"},
			red: map[string]want{ready: {within: 31 * time.Second, recovers: soon}}, variants: []variant{passed()},
		},
		{
			fault: "a mark lies ahead of the clock", parts: []string{"clock"},
			red: map[string]want{ready: {within: 15 * time.Second, recovers: checked}}, variants: []variant{marked()},
		},
	}
	if !settings.full { // these look too seldom for a short run
		return list
	}
	// A limit on processes is no way to make this one from outside: it holds for threads
	// too, and the Go runtime ends a process that cannot have another thread.
	return append(list, row{
		fault: "no process can be started", parts: []string{"executor"},
		red:      map[string]want{ready: {within: time.Minute, recovers: time.Minute}},
		variants: []variant{hook("executor.fork", "error EIO"), hook("executor.fork", "hang")},
	}, row{
		fault: "the lock of the run logs is never released", parts: []string{"executor"},
		red:      map[string]want{ready: {within: time.Minute, recovers: time.Minute}},
		variants: []variant{hook("runlog.lock", "hang")},
	}, row{
		fault: "a schedule is not planned", parts: []string{"entries"},
		red:      map[string]want{ready: {within: 91 * time.Second, recovers: time.Minute}},
		variants: []variant{forgotten("error EIO"), forgotten("panic")},
	})
}

// directoryRows are faults of the DAG directory.
func directoryRows() []row {
	red := map[string]want{ready: {within: 15 * time.Second, recovers: 15 * time.Second}}
	return []row{
		{
			fault: "the DAG directory cannot be used", parts: []string{"dags-dir"}, red: red,
			variants: []variant{
				hook("catalog.open", "hang"), hook("catalog.open", "error EIO"),
				moved("renamed away", "dags", ""), moved("a file in its place", "dags", "file"),
				moved("an empty one in its place", "dags", "dir"),
			},
		},
	}
}

// diskRows are faults of the disks, and of what else the machine has to offer.
func diskRows() []row {
	// An answer of 503 closes its connection, and a new one takes a descriptor.
	stored := readers()
	unanswered := map[string]want{ready: {within: 30 * time.Second, recovers: 30 * time.Second, unanswered: true}}
	red := map[string]want{ready: {within: 30 * time.Second, recovers: 30 * time.Second}}
	return []row{
		{
			fault: "the disk cannot be written", parts: []string{"disk"}, red: red,
			variants: []variant{
				hook("disk.probe", "error ENOSPC"), hook("disk.probe", "error EROFS"), hook("disk.probe", "hang"),
				filled("logs"), readOnly("logs"),
			},
		},
		{
			fault: "the disk of the data is full", parts: append([]string{"disk"}, stored...), red: red, variants: []variant{filled("data")},
		},
		{
			fault: "no descriptor is left", parts: slices.Concat(stored, []string{"dags-dir", "disk", "executor"}), red: unanswered, variants: []variant{noDescriptors()},
		},
	}
}

// healthyRows are what may turn nothing red.
func healthyRows() []row {
	return []row{
		{
			fault: "nothing", variants: []variant{{name: "idle", make: func(*subject) (func() error, error) {
				return func() error { return nil }, nil
			}}},
		},
		{fault: "the clock is stepped", variants: []variant{hook("wall", "offset 1h"), hook("wall", "offset -1h")}},
		{fault: "each decision of a DAG panics", variants: []variant{panicking()}},
		{fault: "the lock of the file that tells of this life is never released", variants: []variant{hook("life.lock", "hang")}},
		{fault: "10,000 runs are queued", variants: []variant{queued(10_000, "sleep 600")}},
		{fault: "1,000 runs fail in a row", variants: []variant{queued(1000, "exit 1")}},
		{fault: "the DAG directory is emptied", variants: []variant{emptied()}},
		{fault: "a ConfigMap is swapped", variants: []variant{swapped()}},
		{fault: "no inotify instance is left", variants: []variant{noInotify()}},
		{fault: "the process is stopped and goes on", variants: []variant{paused()}},
		{fault: "2,000 files are rewritten", variants: []variant{rewritten(2000)}},
	}
}
