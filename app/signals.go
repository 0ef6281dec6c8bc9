package app

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// echo is how soon after a signal another one means the same. timeout(1) sends each of
// its signals twice, to the process and to its group, and others send SIGTERM and SIGHUP
// together; a person who insists takes longer.
const echo = 200 * time.Millisecond

// catch receives the signals that end a process, without their echoes: SIGHUP too, which
// a closed terminal sends, unless it is ignored as under nohup(1). The function gives
// them back to the system.
func catch() (<-chan os.Signal, func()) {
	raw := make(chan os.Signal, 1) // one that finds no place is an echo
	signal.Notify(raw, syscall.SIGTERM, syscall.SIGINT)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(raw, syscall.SIGHUP)
	}
	heard := make(chan os.Signal, 3) // as many as mean something
	done := make(chan struct{})
	go hear(raw, heard, done)
	return heard, func() {
		signal.Stop(raw)
		close(done)
	}
}

// hear hands signals on until done.
func hear(raw <-chan os.Signal, heard chan<- os.Signal, done <-chan struct{}) {
	for {
		select {
		case sig := <-raw:
			select {
			case heard <- sig:
			default: // it means nothing any more
			}
		case <-done:
			return
		}
		if !ignore(raw, done) {
			return
		}
	}
}

// ignore takes the echoes of a signal; false when done.
func ignore(raw <-chan os.Signal, done <-chan struct{}) bool {
	timer := time.NewTimer(echo)
	defer timer.Stop()
	for {
		select {
		case <-raw:
		case <-done:
			return false
		case <-timer.C:
			select {
			case <-raw: // it came while this process was kept from its work
			default:
			}
			return true
		}
	}
}
