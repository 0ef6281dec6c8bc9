package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"dagu/modules/store"
)

const (
	defaultRuns = 100
	maxRuns     = 1000
)

func statuses() []store.Status {
	return []store.Status{
		store.StatusQueued, store.StatusRunning, store.StatusSucceeded,
		store.StatusPartiallySucceeded, store.StatusFailed, store.StatusAborted,
	}
}

func (a *api) listRuns(w http.ResponseWriter, r *http.Request) {
	filter := store.Filter{DAG: part(r, "name"), Limit: defaultRuns}
	if text := r.URL.Query().Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxRuns {
			fail(w, http.StatusBadRequest, "bad_limit", fmt.Sprintf("limit must be a number from 1 to %d", maxRuns))
			return
		}
		filter.Limit = n
	}
	for _, text := range r.URL.Query()["status"] {
		if !slices.Contains(statuses(), store.Status(text)) {
			fail(w, http.StatusBadRequest, "bad_status", fmt.Sprintf("status must be one of %v", statuses()))
			return
		}
		filter.Statuses = append(filter.Statuses, store.Status(text))
	}
	runs, err := a.deps.Store.Runs(r.Context(), filter)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	now := time.Now()
	views := make([]RunView, len(runs))
	for i, run := range runs {
		views[i] = ViewRun(run, nil, now)
	}
	send(w, http.StatusOK, map[string]any{"runs": views})
}

func (a *api) showRun(w http.ResponseWriter, r *http.Request) {
	run, err := a.deps.Store.Run(r.Context(), part(r, "id"))
	if err == nil && run.DAG != part(r, "name") {
		err = store.ErrNotFound
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	steps, err := a.deps.Store.Steps(r.Context(), run.ID, run.Attempt)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	inside, err := a.deps.Store.Children(r.Context(), run.ID)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	now := time.Now()
	view := ViewRun(run, steps, now)
	view.AddSubRuns(steps, inside, now)
	send(w, http.StatusOK, view)
}
