// Package health says whether the scheduler works, and answers probes with it.
//
// The Registry holds the phase of the process and the pulses of its loops. The
// phase only moves forward:
//
//	starting ──> running ──> draining
//	    └──────────────────────^
//
// A pulse is an atomic that a loop touches on each turn, busy or idle, with
// the name of what it is doing. The registry's evaluator looks at every pulse
// once a second and counts the looks that found no beat. Silence is therefore
// measured in turns of the evaluator and not in time: a stepped clock, a
// suspended machine or a paused container stops the evaluator together with
// the loops, and silences nobody.
//
// The verdict follows from the two, and from memory alone: it does no I/O and
// takes no lock, so that an answer never waits for what it is about.
//
//	phase      scheduler-loop   verdict         code
//	starting   any              starting        503
//	running    beats            healthy         200
//	running    silent           unhealthy       503
//	draining   any              shutting_down   503
//
// The Server answers GET and HEAD of /health with the verdict. It is the first
// to start and the last to stop, so that every probe of a process that starts
// or drains gets an answer; it never fails a start, and binds again by itself
// when its address is taken or serving breaks.
package health
