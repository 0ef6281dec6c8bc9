package action

import "context"

// noop does nothing and succeeds.
func noop() *Definition {
	return &Definition{
		Name:    "noop",
		Summary: "Do nothing and succeed.",
		Run:     func(context.Context, *Call) error { return nil },
	}
}
