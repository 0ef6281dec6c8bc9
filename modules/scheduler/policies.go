package scheduler

import (
	"cmp"
	"time"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

// policies are what a DAG says about its due times.
type policies struct {
	overlap dag.Overlap
	// window is how old a start may be and still be caught up; 0 is no catch-up.
	window           time.Duration
	skipIfSuccessful bool
	restartWait      time.Duration
}

func policiesOf(e catalog.Entry) policies {
	return policies{
		overlap: cmp.Or(e.Overlap, dag.OverlapSkip), window: e.CatchupWindow,
		skipIfSuccessful: e.SkipIfSuccessful, restartWait: e.RestartWait,
	}
}

// timing is what the age of a due time means.
type timing struct {
	// late: older than the misfire threshold.
	late bool
	// absent: its schedules stood in no file then.
	absent bool
	// edited: its schedules were edited away since, so that it is not caught up.
	edited bool
	// once: a schedule that is due once is among them, and was not edited away.
	once bool
	// caughtUp: a start that has its place although later ones are due. One that is due
	// once is never too old: the scheduler was down.
	caughtUp bool
}

// lateness judges a due time by its age alone.
func (p policies) lateness(kind store.Kind, t timing) store.Verdict {
	switch {
	case !t.late:
		return store.Verdict{Outcome: store.OutcomeFired}
	case t.absent:
		return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonDAGAbsent}
	case t.caughtUp:
		return store.Verdict{Outcome: store.OutcomeFired}
	case kind == store.KindStart && p.window > 0 && !t.edited:
		return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonOutsideWindow}
	default:
		return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup}
	}
}

func skipped(reason store.Reason) store.Verdict {
	return store.Verdict{Outcome: store.OutcomeSkipped, Reason: reason}
}

// judge gives the final outcome of a taken due time in the state that the store finds.
func judge(c taken, s store.State) store.Verdict {
	switch {
	case c.verdict.Reason == store.ReasonInternalError:
		return c.verdict
	case s.Suspended:
		return skipped(store.ReasonSuspended)
	case c.verdict.Outcome != store.OutcomeFired:
		return c.verdict
	case s.SuspendedNow:
		return skipped(store.ReasonSuspended)
	case s.Later:
		return skipped(store.ReasonSuperseded)
	case c.Kind == store.KindStop:
		return judgeStop(c, s)
	case c.Kind == store.KindRestart:
		return judgeRestart(c, s)
	default:
		return judgeStart(c, s)
	}
}

func judgeStop(c taken, s store.State) store.Verdict {
	if !s.Started {
		return skipped(store.ReasonIdle)
	}
	return c.verdict
}

// judgeRestart starts an idle DAG too, unless that is about to start, or has started since.
// It takes the place of an earlier restart that still waits. To leave it to that one
// would not do: that may wait behind a run which only this one stops.
func judgeRestart(c taken, s store.State) store.Verdict {
	if !s.Started && s.Busy {
		return skipped(store.ReasonOverlap)
	}
	v := c.verdict
	v.Replace = true
	return v
}

func judgeStart(c taken, s store.State) store.Verdict {
	v := c.verdict
	switch {
	case s.Busy && c.overlap == dag.OverlapSkip:
		return skipped(store.ReasonOverlap)
	case s.Succeeded:
		return skipped(store.ReasonAlreadySucceeded)
	}
	v.Replace = c.overlap == dag.OverlapLatest
	return v
}
