package monitoring_test

import "strings"

// testCase is what a rule must fire on, and what it must not.
type testCase struct{ fires, quiet string }

// series writes one line for each pair of a metric and its values, as scraped from
// one dagu. The values are promtool's: a+bxN is N more samples, each b higher.
func series(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		name, rest, has := strings.Cut(pairs[i], "{")
		if !has {
			rest = "}"
		} else {
			rest = "," + rest
		}
		b.WriteString("  " + name + `{job="dagu",instance="a"` + rest + " " + pairs[i+1] + "\n")
	}
	return b.String()
}

const running = `dagu_phase{phase="running"}`

// histogram has two observations a sample. Those that are not below the limit stand far above it.
func histogram(name, label, limit, below string) []string {
	const all = "0+2x240"
	bucket := func(le string) string { return name + "_bucket{" + label + `le="` + le + `"}` }
	return []string{bucket(limit), below, bucket("100000"), all, bucket("+Inf"), all}
}

// cases has the series for each rule, in samples of half a minute.
func cases() map[string]testCase {
	const decided, finished = `dagu_due_times_decided_total`, `dagu_runs_finished_total`
	const lost = `dagu_runs_recovered_total{result="lost"}`
	return map[string]testCase{
		"DaguDown": {series("up", "1x10 0x230"), series("up", "1x20 0 1x220")},
		"DaguNotRunning": {
			series(running, "1x10 0x230"),
			series(running, "1x10 0x3 1x226"), // a restart
		},
		"DaguSchedulerLoopStalled": {
			series(`dagu_health_verdict{probe="health"}`, "1x10 0x230", running, "1x240"),
			series(`dagu_health_verdict{probe="health"}`, "0x3 1x237", running, "0x3 1x237"),
		},
		"DaguNotReady": {
			series(`dagu_health_check_healthy{check="disk"}`, "1x10 0x230", running, "1x240"),
			series(`dagu_health_check_healthy{check="disk"}`, "1x10 0 1x229", `dagu_health_check_healthy{check="store"}`, "1x240", running, "1x240"),
		},
		"DaguDueTimesUndecided": {
			series("dagu_due_times_taken_total", "0+2x240", decided+`{outcome="fired",reason="none"}`, "0+1x240"),
			series("dagu_due_times_taken_total", "0+3x240", decided+`{outcome="fired",reason="none"}`, "0+2x240",
				decided+`{outcome="skipped",reason="overlap"}`, "0+1x240"),
		},
		"DaguDueTimesMissed": {
			series(decided+`{outcome="missed",reason="no_catchup"}`, "0x20 3x220"),
			series(decided+`{outcome="missed",reason="no_catchup"}`, "0x240", decided+`{outcome="skipped",reason="overlap"}`, "0+1x240"),
		},
		"DaguStartsLate": {
			series(histogram("dagu_run_start_lateness_seconds", "", "30", "0+1x240")...),
			series(histogram("dagu_run_start_lateness_seconds", "", "30", "0+2x240")...),
		},
		"DaguQueueWaitLong": {
			series(histogram("dagu_queue_wait_seconds", "", "600", "0+1x240")...),
			series(histogram("dagu_queue_wait_seconds", "", "600", "0+2x240")...),
		},
		"DaguQueueStuck": {
			series("dagu_runs_queued", "5x240", "dagu_runs_held", "4x240", "dagu_runs_active", "0x240"),
			// A backlog is no fault, nor is a paused queue.
			series("dagu_runs_queued", "9000x240", "dagu_runs_held", "0x120 9000x120", "dagu_runs_active", "1x120 0x120"),
		},
		"DaguRunsFailing": {
			series(finished+`{status="failed"}`, "0+3x240", finished+`{status="succeeded"}`, "0+1x240"),
			series(finished+`{status="failed"}`, "0x100 4x140", finished+`{status="succeeded"}`, "0x240"), // four are too few
		},
		"DaguRunsLost": {
			series(lost, "_x20 2x220", "process_start_time_seconds", "_x20 590x220"), // counted before the first scrape
			series(lost, "0x240", "process_start_time_seconds", "0x240"),
		},
		"DaguLifeBroken": {
			series(`dagu_previous_life_end{how="killed"}`, "_x20 1x220", "process_start_time_seconds", "_x20 590x220"),
			series(`dagu_previous_life_end{how="clean"}`, "1x240", `dagu_previous_life_end{how="killed"}`, "0x240", "process_start_time_seconds", "0x240"),
		},
		"DaguSchedulerPanics": {series("dagu_scheduler_panics_total", "0x20 1x220"), series("dagu_scheduler_panics_total", "0x240")},
		"DaguStoreErrors": {
			series(`dagu_store_errors_total{kind="write"}`, "0x20 3x220"),
			series(`dagu_store_errors_total{kind="write"}`, "0x240"),
		},
		"DaguStoreSlow": {
			series(histogram("dagu_store_call_duration_seconds", `kind="write",`, "1", "0+1x240")...),
			series(histogram("dagu_store_call_duration_seconds", `kind="write",`, "1", "0+2x240")...),
		},
		"DaguLogLinesDropped": {series("dagu_log_lines_dropped_total", "0x20 9x220"), series("dagu_log_lines_dropped_total", "0x240")},
		"DaguClockStepped": {
			series(`dagu_clock_steps_total{direction="backward"}`, "0x20 1x220"),
			series(`dagu_clock_steps_total{direction="backward"}`, "0x240"),
		},
		"DaguFilesBroken": {series("dagu_catalog_broken_files", "1x240"), series("dagu_catalog_broken_files", "0x20 1x10 0x210")},
		"DaguWatchOverflows": {
			series("dagu_catalog_watch_overflows_total", "0+1x240"),
			series("dagu_catalog_watch_overflows_total", "0x20 3x220"),
		},
	}
}
