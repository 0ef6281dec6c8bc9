// Package process starts and ends the processes of steps, and nothing else: it
// knows no workflows.
//
// A process is the leader of a group of its own:
//
//	Spawn ──> runs ──────────────────> ended, reaped (Done is closed)
//	            │                          ▲
//	            └─ End: SIGTERM, again, SIGKILL, then what is left of the group
//
// Three facts of Linux shape it. The kernel sends a parent death signal when the
// forking thread ends, not the process, so forks happen on threads that are kept
// for this. An exit code can be collected once only, so whoever adopts orphans,
// as PID 1 does, must never collect the code of a child of ours (see reaper).
// And Go forks with CLONE_VFORK: a child that hangs before its exec holds up the
// whole process, so a caller makes sure first that the program and the directory
// answer.
//
// On other systems there is no death signal, no adoption and no search for
// leftovers; starting and ending work the same.
package process
