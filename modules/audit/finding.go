package audit

import (
	"time"

	"dagu/modules/store"
)

// Problem is the kind of a difference.
type Problem string

// The problems.
const (
	// Missing: it was due and decided, and no outcome is recorded.
	Missing Problem = "missing"
	// Abandoned: it was due, and its schedules went for good before it was decided.
	Abandoned Problem = "abandoned"
	// Extra: an outcome is recorded, and nothing was due then.
	Extra Problem = "extra"
	// Repeated: a second outcome is recorded.
	Repeated Problem = "repeated"
	// Miscounted: a row of outcomes does not stand for the due times that it says.
	Miscounted Problem = "miscounted"
	// NoRun: it fired, and its run is not recorded.
	NoRun Problem = "no_run"
	// WrongRun: it fired, and its run was due at another time.
	WrongRun Problem = "wrong_run"
	// StrayRun: a run of a due time is recorded which no outcome names.
	StrayRun Problem = "stray_run"
	// Unreadable: a recorded schedule is not understood, so that what was due is not known.
	Unreadable Problem = "unreadable"
)

// Finding is a difference between what was due and what is recorded.
type Finding struct {
	DAG string
	// Kind is "" where it is not known.
	Kind    store.Kind
	Problem Problem
	// Due and Last are the first and the last due time that it is about, and Count
	// how many there are; they are zero where it is about none.
	Due, Last time.Time
	Count     int
	// Detail says what was found, for people.
	Detail string
}

// Tally counts the due times of one kind of a DAG. Where there are no findings, Due is
// the sum of Fired, Skipped and Missed.
type Tally struct {
	DAG  string
	Kind store.Kind
	// Due counts what had to be decided, as computed; the outcomes are as recorded.
	Due, Fired, Skipped, Missed int
	// Reasons counts what was skipped or missed by its reason.
	Reasons map[store.Reason]int
	// Waiting counts what is due and for the scheduler to decide.
	Waiting int
	// Forgotten counts what fired and whose run retention may have taken.
	Forgotten int
}

// Report is the result of comparing one ledger.
type Report struct {
	// Tallies are by kind: start, stop, restart; those without a schedule are left out.
	Tallies []Tally
	// Findings are by kind, then by due time; runs that are astray come last.
	Findings []Finding
}
