package action

import (
	"context"
	"fmt"
	"time"
)

// positive judges a text that must be a duration of more than nothing.
func positive(v any) error {
	d, err := time.ParseDuration(textOf(v))
	if err != nil || d <= 0 {
		return fmt.Errorf("must be a duration of more than 0 such as 30s or 1h30m, not %q", textOf(v))
	}
	return nil
}

// duration returns a field that positive has judged, and otherwise when it is not given.
func (v Values) duration(name string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(v.Text(name)); err == nil {
		return d
	}
	return otherwise
}

// sleep waits until d is over. The error is that of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait: %w", context.Cause(ctx))
	}
}

// poll asks again and again, with a pause between, until done says so or fails.
func poll(ctx context.Context, pause time.Duration, done func() (bool, error)) error {
	for {
		over, err := done()
		if over || err != nil {
			return err
		}
		if err = sleep(ctx, pause); err != nil {
			return err
		}
	}
}
