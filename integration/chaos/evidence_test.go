package chaos_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// mark is a line that a step wrote: what it did, when.
type mark struct {
	what   string // start, alive or end
	parent int    // the process that started it; 0 is that of another step
	at     time.Duration
}

// trace is what a step of one attempt wrote.
type trace []mark

// count is how often the step did that.
func (t trace) count(what string) (n int) {
	for _, m := range t {
		if m.what == what {
			n++
		}
	}
	return n
}

// span is when the step was seen to be alive, first and last.
func (t trace) span() (first, last time.Duration) {
	first, last = t[0].at, t[0].at
	for _, m := range t {
		first, last = min(first, m.at), max(last, m.at)
	}
	return first, last
}

// key names a step of an attempt.
type key struct{ run, attempt, step string }

// evidence is what all steps wrote.
type evidence map[key]trace

// evidence reads what the steps wrote. The last line of one who was killed may lack
// its end, and then is alone: lines are written at once.
func (h *home) evidence() evidence {
	text, err := os.ReadFile(h.path("evidence"))
	require.NoError(h.tb, err)
	all := evidence{}
	for line := range strings.Lines(string(text)) {
		var marker, step, what string
		var parent int
		var up float64
		_, err = fmt.Sscan(line, &marker, &step, &parent, &what, &up)
		require.NoError(h.tb, err, line)
		run, attempt, _ := strings.Cut(marker, ":")
		k := key{run, attempt, step}
		all[k] = append(all[k], mark{what, parent, time.Duration(up * float64(time.Second))})
	}
	return all
}

// attempts are the times in which each attempt was seen to be alive.
func (e evidence) attempts() map[[2]string]interval {
	list := map[[2]string]interval{}
	for k, t := range e {
		first, last := t.span()
		id := [2]string{k.run, k.attempt}
		if i, ok := list[id]; ok {
			first, last = min(first, i.from), max(last, i.to)
		}
		list[id] = interval{first, last}
	}
	return list
}

// interval is a part of monotonic time.
type interval struct{ from, to time.Duration }
