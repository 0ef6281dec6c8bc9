package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dagu/modules/dag"
	"dagu/modules/store"
)

// Entry is what the catalog publishes about one file: the version of its DAG
// that is scheduled, and what is wrong with the file now. Slices are shared and
// must not be changed.
type Entry struct {
	// Name is the DAG's name. While no version of the file is scheduled it is
	// the name that the file claims, or its stem when it cannot be loaded.
	Name string
	// File is the absolute path.
	File string
	// Hash names the text of the scheduled version in the store; "" when none is scheduled.
	Hash string
	// Schedules are in file order, those of one kind together.
	Schedules []dag.Schedule
	// SkipIfSuccessful, CatchupWindow, Overlap and RestartWait say what becomes of due times, see dag.DAG.
	SkipIfSuccessful bool
	CatchupWindow    time.Duration
	Overlap          dag.Overlap
	RestartWait      time.Duration
	// Queue is the admission queue; "" is the DAG's own.
	Queue string
	// Priority orders admission; higher is earlier.
	Priority int
	// OnInterrupt says what becomes of an interrupted run.
	OnInterrupt dag.Interrupt
	// RetentionDays is how long history is kept; 0 is for ever.
	RetentionDays int
	// RetentionRuns is how many of the newest runs are kept; 0 is any number.
	RetentionRuns int
	// Description, Group and Labels are for display.
	Description string
	Group       string
	Labels      []string
	// Err is the file's present problem; nil is none. When the content is bad the
	// other fields are the last good version, where there is one; when another
	// file only has the same name (see DuplicateError), they are the present one.
	Err error
	// Good tells that a version is scheduled, with or without Err.
	Good bool
}

// same reports whether a reader could tell e from o.
func (e *Entry) same(o *Entry) bool {
	return e.Name == o.Name && e.File == o.File && e.Hash == o.Hash && e.Good == o.Good && errText(e.Err) == errText(o.Err)
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// newVersion keeps of a DAG what an entry holds, and nothing that would keep the
// DAG or its file's text in memory.
func newVersion(d *dag.DAG, file, hash string) *Entry {
	v := &Entry{
		Name:             strings.Clone(d.Name),
		File:             file,
		Hash:             hash,
		Schedules:        slices.Clone(d.Schedules),
		SkipIfSuccessful: d.SkipIfSuccessful,
		CatchupWindow:    d.CatchupWindow,
		Overlap:          d.Overlap,
		RestartWait:      d.RestartWait,
		Queue:            strings.Clone(d.Queue),
		Priority:         d.Priority,
		OnInterrupt:      d.OnInterrupt,
		RetentionDays:    d.RetentionDays,
		RetentionRuns:    d.RetentionRuns,
		Description:      strings.Clone(d.Description),
		Group:            strings.Clone(d.Group),
		Good:             true,
	}
	for _, label := range d.Labels {
		v.Labels = append(v.Labels, strings.Clone(label))
	}
	return v
}

// DuplicateError says that two files give the same name to their DAGs.
type DuplicateError struct {
	// Name is the DAG's name.
	Name string
	// Other is the path of the other file.
	Other string
	// Holder tells that this file is the one that is scheduled under the name.
	Holder bool
}

// Error names the DAG and the other file.
func (e *DuplicateError) Error() string {
	if e.Holder {
		return fmt.Sprintf("duplicate DAG name %q: %s has it too and is not scheduled", e.Name, e.Other)
	}
	return fmt.Sprintf("duplicate DAG name %q: %s has it and stays scheduled", e.Name, e.Other)
}

// Store keeps texts by hash, and which version of each file was good last. All
// methods are called from one goroutine or from a few workers at once, with a
// deadline; a call that failed is repeated.
type Store interface {
	PutTexts(ctx context.Context, texts []store.Text) error
	Text(ctx context.Context, hash string) (store.Text, error)
	SaveFiles(ctx context.Context, files []store.File) error
	RemoveFiles(ctx context.Context, paths []string) error
	Files(ctx context.Context) ([]store.File, error)
}
