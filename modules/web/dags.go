package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

// dagView is a DAG as JSON and on the page.
type dagView struct {
	Name        string     `json:"name"`
	File        string     `json:"file"`
	Description string     `json:"description,omitempty"`
	Group       string     `json:"group,omitempty"`
	Labels      []string   `json:"labels"`
	Schedules   []string   `json:"schedules"`
	Queue       string     `json:"queue"`
	Priority    int        `json:"priority"`
	Suspended   bool       `json:"suspended"`
	NextRun     *time.Time `json:"next_run,omitempty"`
	LastRun     *RunView   `json:"last_run,omitempty"`
	// Error is the file's present problem; the rest is then its last good version.
	Error string `json:"error,omitempty"`
	// Runnable tells that a version of the file can run.
	Runnable bool `json:"runnable"`
}

// states is what the store knows of all DAGs.
type states struct {
	now       time.Time
	last      map[string]store.Run
	suspended map[string]bool
}

func (a *api) states(ctx context.Context) (states, error) {
	last, err := a.deps.Store.LastRuns(ctx)
	if err != nil {
		return states{}, err
	}
	suspensions, err := a.deps.Store.Suspensions(ctx)
	if err != nil {
		return states{}, err
	}
	s := states{now: time.Now(), last: last, suspended: make(map[string]bool, len(suspensions))}
	for _, one := range suspensions {
		s.suspended[one.DAG] = true
	}
	return s, nil
}

// view puts an entry and its state together.
func (s states) view(e *catalog.Entry) dagView {
	v := dagView{
		Name: e.Name, File: e.File, Description: e.Description, Group: e.Group,
		Labels: append([]string{}, e.Labels...), Schedules: []string{},
		Queue: e.NewRun("", store.TriggerManual).Queue, Priority: e.Priority,
		Suspended: s.suspended[e.Name], Runnable: e.Good,
	}
	if e.Err != nil {
		v.Error = e.Err.Error()
	}
	for _, one := range e.Schedules {
		v.Schedules = append(v.Schedules, one.Text)
		if next := one.Spec.Next(s.now); one.Kind != dag.ScheduleStop && !v.Suspended && !next.IsZero() && (v.NextRun == nil || next.Before(*v.NextRun)) {
			v.NextRun = &next
		}
	}
	if run, ok := s.last[e.Name]; ok {
		last := ViewRun(run, nil, s.now)
		v.LastRun = &last
	}
	return v
}

func (a *api) views(ctx context.Context) ([]dagView, error) {
	s, err := a.states(ctx)
	if err != nil {
		return nil, err
	}
	entries := a.deps.Catalog.Snapshot()
	views := make([]dagView, len(entries))
	for i := range entries {
		views[i] = s.view(&entries[i])
	}
	return views, nil
}

func (a *api) listDAGs(w http.ResponseWriter, r *http.Request) {
	views, err := a.views(r.Context())
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	send(w, http.StatusOK, map[string]any{"dags": views})
}

// entry is the DAG that the path names; when there is none it has answered.
func (a *api) entry(w http.ResponseWriter, r *http.Request) (catalog.Entry, bool) {
	name := part(r, "name")
	e, ok := a.deps.Catalog.Lookup(name)
	if !ok {
		fail(w, http.StatusNotFound, "not_found", "there is no DAG "+name)
	}
	return e, ok
}

func (a *api) showDAG(w http.ResponseWriter, r *http.Request) {
	e, ok := a.entry(w, r)
	if !ok {
		return
	}
	s, err := a.states(r.Context())
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	send(w, http.StatusOK, s.view(&e))
}

func (a *api) start(w http.ResponseWriter, r *http.Request) {
	e, ok := a.entry(w, r)
	if !ok {
		return
	}
	var body struct {
		Params []string `json:"params"`
	}
	if err := decode(r.Body, &body); err != nil {
		fail(w, http.StatusBadRequest, "bad_body", `the body must be empty or {"params": ["NAME=value", ...]}: `+err.Error())
		return
	}
	if !e.Good {
		fail(w, http.StatusConflict, "not_runnable", "no version of the file can run: "+e.Err.Error())
		return
	}
	run, err := a.enqueue(r.Context(), &e, body.Params)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	send(w, http.StatusAccepted, ViewRun(run, nil, time.Now()))
}

// decode reads a body that is one JSON value with known fields, or empty.
func decode(body io.Reader, into any) error {
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}

func (a *api) enqueue(ctx context.Context, e *catalog.Entry, params []string) (store.Run, error) {
	n := e.NewRun(uuid.NewString(), store.TriggerManual)
	n.Params = params
	return a.deps.Store.Enqueue(ctx, n)
}

// stop stops also the runs of a DAG whose file is gone.
func (a *api) stop(w http.ResponseWriter, r *http.Request) {
	name := part(r, "name")
	n, err := a.deps.Store.RequestStop(r.Context(), name, "")
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	if n == 0 {
		if _, ok := a.entry(w, r); !ok {
			return
		}
	}
	send(w, http.StatusAccepted, map[string]any{"dag": name, "stopping": n})
}

func (a *api) suspend(w http.ResponseWriter, r *http.Request) { a.setSuspended(w, r, true) }
func (a *api) resume(w http.ResponseWriter, r *http.Request)  { a.setSuspended(w, r, false) }

func (a *api) setSuspended(w http.ResponseWriter, r *http.Request, on bool) {
	e, ok := a.entry(w, r)
	if !ok {
		return
	}
	change := a.deps.Store.Resume
	if on {
		change = a.deps.Store.Suspend
	}
	if err := change(r.Context(), e.Name, time.Now()); err != nil {
		a.refuse(w, r, err)
		return
	}
	send(w, http.StatusOK, map[string]any{"dag": e.Name, "suspended": on})
}

// Open tells the page that there is something to stop.
func (v dagView) Open() bool {
	return v.LastRun != nil && !store.Status(v.LastRun.Status).Final()
}
