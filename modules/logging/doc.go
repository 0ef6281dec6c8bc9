// Package logging makes the logger of a process. What is logged goes through a
// bounded buffer to one goroutine that writes:
//
//	Zap().Info ──► buffer ──► write ──► stderr
//	                 │ full      │ fails
//	                 └─► dropped ◄┘  counted; told in one line when writing works again
//
// So a reader of our log that stalls, or goes away, never stops the caller and
// never ends the process. A write to a closed stdout or stderr would do that by
// SIGPIPE (os/signal, "SIGPIPE"), so the signal is caught from the first line or
// from Start, whichever comes first, until Stop.
//
// A line has a largest length; a longer one is cut and says so. The goroutine
// lives only while there is something to write, so a Logger that is thrown away
// leaves nothing behind.
package logging
