package chaos_test

import (
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
		{"store.exec", 150},
		{"store.exec", 30},
		{"store.commit", 30},
		{"store.committed", 30},
		{"store.claim", 1},
		{"store.release", 1},
		{"scheduler.close", 1},
		{"scheduler.loop", 20},
		{"scheduler.take", 10},
		{"runner.begin", 5},
		{"runner.begun", 5},
		{"runner.fork", 5},
		{"runner.forked", 5},
		{"runner.end", 4},
		{"runner.ended", 4},
	}
}

const (
	// longest is how long a life has that is to die at a random instant, or at a point.
	longest = 1500 * time.Millisecond
	// patient is how long a life may take to come to its point.
	patient = 2 * time.Second
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
			s.pause(500 * time.Millisecond) // nobody is there for a while
		}
	}
}

// once starts a life and sees to its end.
func (s *slot) once() {
	within := time.Duration(s.random.Int64N(int64(longest)))
	p := points()[s.random.IntN(len(points()))]
	nth := 1 + s.random.IntN(p.often)
	switch how := s.random.IntN(16); {
	case how < 2: // told to end, which the kill breaks off or not
		l := s.home.start(s.name, "", 0)
		l.endsWithin(longest)
		l.signal(syscall.SIGTERM)
		l.endsWithin(2 * within)
		s.end(l, "while it stops")
	case how < 4: // stopped for a while: it holds its lock, and its runs are its own
		l := s.home.start(s.name, "", 0)
		l.endsWithin(longest)
		l.signal(syscall.SIGSTOP)
		l.endsWithin(2 * within)
		l.signal(syscall.SIGCONT)
		l.endsWithin(longest / 2)
		s.end(l, "after a pause")
	case how < 8:
		l := s.home.start(s.name, "", 0)
		l.endsWithin(within)
		s.end(l, "at an instant")
	default:
		l := s.home.start(s.name, p.name, nth)
		if l.endsWithin(patient) {
			s.end(l, "at "+p.name)
		} else {
			s.end(l, "before it came to its point")
		}
	}
}

// end has the life killed, if it has not ended by itself.
func (s *slot) end(l *life, how string) {
	l.kill()
	s.deaths[how]++
}

// pause waits for a random time.
func (s *slot) pause(longest time.Duration) {
	timer := time.NewTimer(time.Duration(s.random.Int64N(int64(longest))))
	defer timer.Stop()
	<-timer.C
}
