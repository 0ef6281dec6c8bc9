package queue

import (
	"context"
	"time"
)

// retry is when a run that waits for its time may next be admitted, as the monotonic
// clock has it: the store is asked again every few seconds, whatever its clock did.
type retry struct {
	at time.Time // zero is never
	// unknown tells that the store did not say.
	unknown bool
}

// foresee asks for the next retry. It comes before admission, which takes all that are
// due by then: none falls in between.
func (q *Queue) foresee(ctx context.Context) {
	wait, err := q.store.NextRetry(context.WithoutCancel(ctx))
	q.retry = retry{unknown: err != nil} // admission fails as well then, and says so
	if wait > 0 {
		q.retry.at = time.Now().Add(wait)
	}
}

// pause is how long the loop may rest.
func (r retry) pause() time.Duration {
	if r.at.IsZero() {
		return tick
	}
	return min(tick, max(time.Until(r.at), 0))
}

// due tells whether admission is to be tried although nothing has changed.
func (r retry) due() bool {
	return r.unknown || !r.at.IsZero() && time.Until(r.at) <= 0
}
