package action

import (
	"context"
	"fmt"
	"time"
)

// waitDuration waits for some time.
func waitDuration() *Definition {
	return &Definition{
		Name:    "wait.duration",
		Summary: "Wait for some time.",
		Fields: []Field{
			{Name: "duration", Kind: KindText, Required: true, Check: positive, Doc: "How long, such as 30s or 1h30m."},
		},
		Run: func(ctx context.Context, c *Call) error { return sleep(ctx, c.With.duration("duration", 0)) },
	}
}

// waitUntil waits for an instant.
func waitUntil() *Definition {
	return &Definition{
		Name:    "wait.until",
		Summary: "Wait until an instant; one that is past is no wait.",
		Fields: []Field{
			{Name: "until", Kind: KindText, Required: true, Check: instant, Doc: "The instant (RFC 3339), such as 2031-05-01T06:30:00+02:00."},
		},
		Run: func(ctx context.Context, c *Call) error {
			at, err := time.Parse(time.RFC3339, c.With.Text("until"))
			if err != nil {
				return fmt.Errorf("with.until: %w", err)
			}
			// A long wait looks at the wall clock now and then, which may be set.
			for left := time.Until(at); left > 0; left = time.Until(at) {
				if err = sleep(ctx, min(left, time.Minute)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// instant judges a text that must be an instant.
func instant(v any) error {
	if _, err := time.Parse(time.RFC3339, textOf(v)); err != nil {
		return fmt.Errorf("must be an instant such as 2031-05-01T06:30:00Z (RFC 3339), not %q", textOf(v))
	}
	return nil
}
