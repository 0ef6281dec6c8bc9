package queue

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"dagu/modules/store"
)

const (
	// again is the shortest time between two reviews, which cost the more the more runs wait.
	again = time.Second
	// told bounds the queues that one log line names.
	told = 10
)

// drift is what was last known of the limits in force.
type drift struct {
	generation int
	differs    bool
}

// declare puts the limits of the own configuration in force.
func (q *Queue) declare(ctx context.Context) error {
	before, now, err := q.store.SetLimits(ctx, q.options.Limits)
	if err != nil {
		return err
	}
	q.drift.generation = now.Generation
	if was, is := Compare(before, now); before.Generation > 0 && was != "" {
		q.log.Info("queue limits are changed to those of this process", zap.Int("generation", now.Generation),
			zap.String("was", was), zap.String("is", is), zap.String("source", now.Source))
	}
	return nil
}

// review looks, at most once in a while, at what waits and whose limits are in
// force. It returns false when a later turn has to do it.
func (q *Queue) review(ctx context.Context) bool {
	if time.Since(q.reviewed) < again {
		return false
	}
	q.reviewed = time.Now()
	q.pulse.Beat("counting what waits")
	ctx = context.WithoutCancel(ctx)
	backlog, err := q.store.Backlog(ctx)
	if err != nil {
		return false // admission fails too, and says so
	}
	q.options.Metrics.waiting(backlog)
	limits, err := q.store.Limits(ctx)
	if err != nil {
		return false
	}
	q.follow(limits)
	return true
}

// follow tells, once for each generation, whether the limits in force are others
// than those of the own configuration.
func (q *Queue) follow(l store.Limits) {
	if l.Generation == q.drift.generation {
		return
	}
	own, inForce := Compare(q.options.Limits, l)
	differed := q.drift.differs
	q.drift = drift{generation: l.Generation, differs: own != ""}
	fields := []zap.Field{zap.Int("generation", l.Generation), zap.String("source", l.Source)}
	switch {
	case q.drift.differs:
		q.log.Warn("queue limits of a newer configuration are in force, and followed",
			append(fields, zap.String("own", own), zap.String("in_force", inForce))...)
	case differed:
		q.log.Info("queue limits in force are those of this process again", fields...)
	}
}

// Compare words, for each of two limits, what they say of the queues of which they
// say different things; both are "" when there are none. Of many, the first are named.
func Compare(a, b store.Limits) (ofA, ofB string) {
	names := slices.Sorted(maps.Keys(a.Slots))
	for name := range b.Slots {
		if _, ok := a.Slots[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if a.Unlimited != b.Unlimited {
		names = append([]string{other}, names...)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return Slots(a, name) == Slots(b, name) })
	return word(a, names), word(b, names)
}

// other stands for the queues that no configuration names.
const other = "any other"

// Slots is the limit of a queue, as a word.
func Slots(l store.Limits, queue string) string {
	if n, limited := l.Of(queue); limited {
		return fmt.Sprint(n)
	}
	return "unlimited"
}

func word(l store.Limits, names []string) string {
	words := make([]string, 0, told+1)
	for i, name := range names {
		if i == told {
			words = append(words, fmt.Sprintf("and %d more", len(names)-told))
			break
		}
		words = append(words, fmt.Sprintf("%s: %s", name, Slots(l, name)))
	}
	return strings.Join(words, ", ")
}
