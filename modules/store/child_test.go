package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/store"
)

const (
	// childRole tells this test binary to be a process of its own.
	childRole = "STORE_TEST_CHILD"
	childDir  = "STORE_TEST_DIR"
)

// child is a process of its own on a store.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

// spawn starts a child and returns once it has printed its first line.
func spawn(t *testing.T, role, dir string) (*child, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &child{cmd: cmd, lines: bufio.NewScanner(out)}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return c, c.line(t)
}

func (c *child) line(t *testing.T) string {
	t.Helper()
	require.True(t, c.lines.Scan(), "the child ended")
	return c.lines.Text()
}

// kill ends the child as kill -9 does.
func (c *child) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Kill())
	_ = c.cmd.Wait()
}

// runChild is the child's main.
func runChild(role string) int {
	if err := childMain(role, os.Getenv(childDir)); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	return 0
}

func childMain(role, dir string) error {
	ctx := context.Background()
	s, err := store.New(store.Options{Dir: dir, WriteTimeout: time.Minute}, zap.NewNop())
	if err != nil {
		return err
	}
	if err = s.Start(ctx); err != nil {
		return err
	}
	id, err := s.Own(ctx, store.RoleScheduler)
	if err != nil {
		return err
	}
	switch role {
	case "owner":
		runs, err := s.Admit(ctx, store.Admission{Free: 100})
		if err != nil {
			return err
		}
		for _, run := range runs {
			if run.DAG == "not-begun" {
				continue
			}
			if err = s.Begin(ctx, run.Ref(), "/logs", "/work", []store.Step{{Name: "a", Status: store.StepRunning}, {Index: 1, Name: "b", Status: store.StepNotStarted}}); err != nil {
				return err
			}
		}
		fmt.Println(id) //nolint:forbidigo // It is the parent's answer.
	case "writer":
		return childWrites(ctx, s)
	}
	select {} // until it is killed
}

// childWrites records runs as fast as it can and prints each that is durable.
func childWrites(ctx context.Context, s *store.Store) error {
	started := time.Now().UnixNano()
	lines := make(chan string)
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				run := newRun(fmt.Sprint("w", worker), fmt.Sprintf("%d-%d-%d", started, worker, i))
				due := noon().Add(time.Duration(started+int64(i)) * time.Nanosecond)
				run.Due = due
				_, err := s.Decide(ctx, []store.Candidate{{DAG: run.DAG, Kind: store.KindStart, Due: due}},
					func(int, store.State) store.Verdict { return store.Verdict{Outcome: store.OutcomeFired, Run: &run} })
				if err != nil {
					lines <- "error " + err.Error()
					return
				}
				lines <- run.ID
			}
		}()
	}
	for line := range lines {
		fmt.Println(line) //nolint:forbidigo // It is the parent's answer.
	}
	return nil
}
