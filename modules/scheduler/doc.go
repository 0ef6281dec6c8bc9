// Package scheduler decides what becomes of every due time.
//
// One loop owns a heap of the next due times. It sleeps until the earliest, but
// never longer than a second, takes all that is due, judges it and writes the
// outcomes, each together with its run, to the store. A due time goes this way:
//
//	heap --take--> taken (lateness judged) --Decide--> outcome recorded
//	                 ^                         |
//	                 +---- store unreachable --+
//
// Lateness is judged once, when a due time is taken; how long the store then
// needs changes nothing. A due time is
//
//	on time  at most MisfireThreshold old, and the newest of its DAG: fired, however late
//	         at most MisfireThreshold old, but not the newest: skipped, superseded
//	late     older than that: missed, no_catchup; or dag_absent where its schedule stood in no file
//
// unless the DAG is suspended, or has a run that is queued or running (overlap).
//
// How far an entry has been decided is its mark, which the store keeps. What is
// due is what lies between the mark and now, whatever happened in between, so a
// restart, a stall and a suspend need no care of their own.
//
// Beside the loop, a second one looks for processes that died and closes their runs.
package scheduler
