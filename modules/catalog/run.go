package catalog

import (
	"dagu/modules/dag"
	"dagu/modules/store"
)

// NewRun is a run of the entry's version, to be enqueued or started. The caller
// adds what the entry cannot know: due time and parameters.
func (e *Entry) NewRun(id string, trigger store.Trigger) store.NewRun {
	queue := e.Queue
	if queue == "" {
		queue = e.Name
	}
	return store.NewRun{
		ID:               id,
		DAG:              e.Name,
		TextHash:         e.Hash,
		Trigger:          trigger,
		Queue:            queue,
		Priority:         e.Priority,
		Labels:           e.Labels,
		RetainDays:       e.RetentionDays,
		RetainRuns:       e.RetentionRuns,
		RetryInterrupted: e.OnInterrupt == dag.InterruptRetry,
	}
}

// NewRun is a run of a DAG that stands in no catalog. Its text, which the run
// names by hash, must be in the store first.
func NewRun(d *dag.DAG, id string, trigger store.Trigger) store.NewRun {
	return newVersion(d, d.Source.File, d.Source.Hash()).NewRun(id, trigger)
}
