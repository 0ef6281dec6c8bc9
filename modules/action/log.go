package action

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// logWrite writes a message to the step's stdout.
func logWrite() *Definition {
	return &Definition{
		Name:    "log.write",
		Older:   []string{"log"},
		Summary: "Write a message to the step's log.",
		Fields: []Field{
			{Name: "message", Kind: KindText, Required: true, Doc: "The message. A line break is added where it does not end with one."},
		},
		Run: func(_ context.Context, c *Call) error {
			message := c.With.Text("message")
			if !strings.HasSuffix(message, "\n") {
				message += "\n"
			}
			if _, err := io.WriteString(c.Stdout, message); err != nil {
				return fmt.Errorf("write message: %w", err)
			}
			return nil
		},
	}
}
