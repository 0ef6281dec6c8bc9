package action

import (
	"context"
	"fmt"
	"os"
	"time"
)

// The states that wait.file waits for.
const (
	stateExists  = "exists"
	stateMissing = "missing"
)

// waitFile waits for a file to come or to go.
func waitFile() *Definition {
	return &Definition{
		Name:    "wait.file",
		Summary: "Wait until a file exists, or until it does not.",
		Fields: []Field{
			{Name: "path", Kind: KindText, Required: true, Check: named, Doc: "The file or directory; relative to the directory of the step."},
			{Name: "state", Kind: KindText, OneOf: []string{stateExists, stateMissing}, Doc: "What is waited for; exists by default."},
			{Name: "poll_interval", Kind: KindText, Check: positive, Doc: "The time between two looks; 1s by default."},
		},
		Run: func(ctx context.Context, c *Call) error {
			path, wanted := c.Path(c.With.Text("path")), c.With.TextOr("state", stateExists) == stateExists
			return poll(ctx, c.With.duration("poll_interval", time.Second), func() (bool, error) {
				_, err := os.Stat(path)
				if err != nil && !isMissing(err) {
					return false, fmt.Errorf("wait for file: %w", err)
				}
				return (err == nil) == wanted, nil
			})
		},
	}
}
