package dag

import "fmt"

// decodeRetentionDays decodes how long history is kept, which takes the place of a
// number of runs in the base file.
func decodeRetentionDays(d *draft, n node) {
	setInt(&d.dag.RetentionDays, n, 0)
	d.dag.RetentionRuns = 0
}

// decodeRetentionRuns decodes how many runs are kept, which takes the place of a time.
func decodeRetentionRuns(d *draft, n node) {
	setInt(&d.dag.RetentionRuns, n, 1)
	d.dag.RetentionDays = 0
}

// checkRetention records both ways to say what is kept.
func (d *draft) checkRetention() {
	if runs := d.fields.given("hist_retention_runs"); runs != nil && d.fields.has("hist_retention_days") {
		runs.keyNode.failHere("hist_retention_days and hist_retention_runs exclude each other")
	}
}

// decodeActiveRuns decodes a bound that nothing heeds, see warnActiveRuns.
func decodeActiveRuns(d *draft, n node) {
	if bound, ok := n.integer(-maxInt); ok {
		d.activeRuns, d.activeRunsAt = bound, n
	}
}

// warnActiveRuns warns of max_active_runs where a queue does not say more: a queue of
// the DAG's own has one slot. A bound of the base file is told of once.
func (d *draft) warnActiveRuns(l *loading, first bool) {
	at := &d.activeRunsAt
	if d.dag.Queue != "" || d.activeRuns == 0 || d.activeRuns == 1 || (at.report != &l.report && !first) {
		return
	}
	l.report.warn(Warning{File: at.report.file, Line: at.line, Column: at.column, Message: fmt.Sprintf(
		"Deprecated DAG syntax: %s is deprecated; it is ignored for local queues; use a global queue with queue", at.path())})
}
