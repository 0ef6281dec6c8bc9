// Package health says whether the process works, and answers probes with it.
//
// The Registry holds the phase of the process, the pulses of its loops, and its
// checks. The phase only moves forward:
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
// A check is a function that is called again and again, in a goroutine of its own
// and with a deadline. Its last result is what counts; one that is missing or
// overdue is a failure, and one that hangs is not called a second time:
//
//	no result ──> well <──> failed
//	    └──> failed   └──> overdue, until the next result
//
// A verdict follows from these, and from memory alone: it does no I/O and takes
// no lock, so that an answer never waits for what it is about. Every part that is
// red now makes it 503 where it counts:
//
//	probe      starting        running                                draining
//	/health    503 starting    503 while the scheduling loop is silent   503 shutting_down
//	/livez     200             503 while a loop that only a restart      200
//	                           can mend is silent for twice the limit
//	/readyz    503 starting    503 while any pulse or check is red       503 shutting_down
//	/startupz  503 starting    200                                       200
//
// The Server answers GET and HEAD of these paths. It is the first
// to start and the last to stop, so that every probe of a process that starts
// or drains gets an answer; it never fails a start, and binds again by itself
// when its address is taken or serving breaks. Names and states of parts are for
// callers on this machine, unless they are allowed to others; why a part is red is
// for the log alone.
package health
