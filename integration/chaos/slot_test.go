package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

// point is a hook at which a life may die, with how often a life of a second or two
// comes there.
type point struct {
	name  string
	often int
}

// points are the hooks. Those of the store stand before each statement, which is
// inside a write, before a commit, and behind it, before anybody knows of it.
func points() []point {
	return []point{
		{"store.exec", 400},
		{"store.exec", 40},
		{"store.commit", 60},
		{"store.committed", 60},
		{"store.claim", 1},
		{"store.release", 1},
		{"scheduler.close", 1},
		{"scheduler.loop", 40},
		{"scheduler.take", 20},
		{"runner.begin", 8},
		{"runner.begun", 8},
		{"runner.fork", 10},
		{"runner.forked", 10},
		{"runner.end", 8},
		{"runner.ended", 8},
	}
}

const (
	// longest is how long a life has that is to die at a random instant, or at a point.
	longest = 1500 * time.Millisecond
	// patient is how long a life may take to come to its point.
	patient = 2500 * time.Millisecond
)

// slot is a place for one process after the other.
type slot struct {
	home   *home
	name   string
	random *rand.Rand
	// deaths count how the lives ended, for the log of the test.
	deaths map[string]int
}

// run has lives killed. Each has its own choice of when.
func (s *slot) run(kills int) {
	for range kills {
		s.once()
		if s.random.IntN(4) == 0 {
			s.pause(time.Second) // nobody is there for a while
		}
	}
}

// once starts a life and sees to its end.
func (s *slot) once() {
	within := time.Duration(s.random.Int64N(int64(longest)))
	p := points()[s.random.IntN(len(points()))]
	nth := 1 + s.random.IntN(p.often)
	switch s.random.IntN(8) {
	case 0: // a stop, that is broken off by the kill or not
		l := s.home.start(s.name, "", 0)
		l.endsWithin(longest)
		_ = l.cmd.Process.Signal(syscall.SIGTERM) // it may have ended with an error, of which the log tells
		l.endsWithin(within / 2)
		l.kill()
		s.deaths["while it stops"]++
	case 1, 2, 3:
		l := s.home.start(s.name, "", 0)
		l.endsWithin(within)
		l.kill()
		s.deaths["at an instant"]++
	default:
		l := s.home.start(s.name, p.name, nth)
		came := l.endsWithin(patient)
		l.kill()
		s.deaths[fmt.Sprintf("at %s, %t", p.name, came)]++
	}
}

// pause waits for a random time.
func (s *slot) pause(longest time.Duration) {
	timer := time.NewTimer(time.Duration(s.random.Int64N(int64(longest))))
	defer timer.Stop()
	<-timer.C
}
