// Package audit compares what was due with what is recorded of it.
//
// What was due is computed anew from the recorded versions of each schedule: its
// text, its zone, and the time from which it stood in a file. So the comparison does
// not rest on what the scheduler believed at the time. Each instant at which one of a
// DAG's schedules of one kind was due is one due time, however many of them were due.
//
//	first seen                    mark                  now, or gone
//	    |-------- decided ----------|------- waiting --------|
//
// A due time up to the mark of its schedule must have exactly one outcome, alone or in
// a row of outcomes; each outcome must stand for due times, and a row for as many as
// it says; what fired must have its run. Behind the mark the scheduler has still to
// decide, which is no difference, unless the schedule has been gone for so long that
// nobody will. What retention has taken, or may have taken, is not looked for.
//
// Clocks that went back, schedules that were gone for a while and processes that knew
// old ones need no care here: the store keeps marks and outcomes in step.
package audit
