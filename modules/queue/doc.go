// Package queue admits queued runs: it moves them to running as soon as their
// queue, and this process, have room, and hands them to an executor.
//
// What is queued, what runs, how much of it may, and what is paused stands in the
// store alone, so limits hold over all processes and nothing queued is forgotten. A
// process that starts puts the limits of its configuration in force, and from then
// on follows those that are. A run's way:
//
//	queued --Admit--> running, ours --Execute--> (the executor's) --done--> slot free
//	   ^                    |
//	   +-----Unadmit--------+  when the queue stops before the run was handed over
//
// One loop asks for runs when something was enqueued, when a slot becomes free,
// and every few seconds in case a wake-up was lost.
package queue
