package faults_test

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// sample is one answer of a probe.
type sample struct {
	at   time.Time // when it was asked for
	code int       // 0 is none
	took time.Duration
}

func (s sample) green() bool { return s.code == http.StatusOK }

// red is the answer that tells of a fault: no answer is none.
func (s sample) red() bool { return s.code == http.StatusServiceUnavailable }

// timeline is what one probe answered, oldest first.
type timeline []sample

// span is when a fault was made, and lifted.
type span struct{ made, lifted time.Time }

// want is what a probe must show of a fault; the zero value is that it stays green.
type want struct {
	// within is the longest time from the fault to the first red answer.
	within time.Duration
	// recovers is the longest time from the fault's end to the last answer that is not green.
	recovers time.Duration
	// unanswered tells that no answer at all is red, too.
	unanswered bool
}

// spare is what is forgiven: how much later red may come, and green again.
type spare struct{ red, recovery time.Duration }

// verdict is what the judge found.
type verdict struct {
	first    time.Duration // from the fault to the first red answer; 0 is none
	recovery time.Duration // from its end to the first of the green answers that stayed
	slowest  time.Duration
	wrong    []string
}

// late is by how much in all questions came later than they should: what a busy machine
// has kept from who asked, and about as often from the process.
func (t timeline) late() time.Duration {
	var sum time.Duration
	for i := range t[min(1, len(t)):] {
		sum += max(0, t[i+1].at.Sub(t[i].at)-every)
	}
	return sum
}

// missing tells that the probe never turned red, and that there is no other objection.
func (v verdict) missing() bool { return slices.Equal(v.wrong, []string{never}) }

const (
	never = "never red"
	// lag is how much later than on an idle machine a process turns: its evaluator
	// counts turns of a second, of which each may begin some milliseconds late.
	lag = 500 * time.Millisecond
)

// judge compares what a probe answered with what is wanted. Red is late when a question
// was answered with green that was asked later than it may be: so nothing is forgiven to
// the process for what its client was late. The process is forgiven what is allowed.
func judge(t timeline, s span, w want, allowed spare) verdict {
	var v verdict
	object := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(v.wrong, text) {
			v.wrong = append(v.wrong, text)
		}
	}
	var green time.Duration // from the fault to the last question before the first red answer
	for _, a := range t {
		v.slowest = max(v.slowest, a.took)
		during := a.at.After(s.made) && a.at.Add(a.took).Before(s.lifted)
		switch {
		case a.code == 0 && !w.unanswered:
			object("no answer")
		case w.within == 0 && !a.green():
			object("%d, must stay green", a.code)
		case w.within == 0:
		case !a.green() && a.at.Add(a.took).Before(s.made):
			object("red before the fault")
		case during && (a.red() || a.code == 0) && v.first == 0:
			v.first = a.at.Add(a.took).Sub(s.made)
		case during && a.green() && v.first > 0:
			object("green while the fault lasts")
		case during && a.green():
			green = a.at.Sub(s.made)
		case !a.green() && a.at.After(s.lifted):
			v.recovery = a.at.Sub(s.lifted)
		}
	}
	if w.within == 0 {
		return v
	}
	switch {
	case v.first == 0:
		object(never)
	case green > w.within+allowed.red:
		object("still green after %s, want red within %s", green, w.within)
	}
	if v.recovery > w.recovers+allowed.recovery {
		object("green again after %s, want %s", v.recovery, w.recovers)
	}
	if len(t) == 0 || !t[len(t)-1].green() {
		object("not green at the end")
	}
	return v
}
