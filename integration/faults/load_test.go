package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"time"

	"go.uber.org/zap"

	"dagu/modules/store"
)

// queued queues many runs of a DAG, which has one slot.
func queued(n int, step string) variant {
	return variant{name: step, make: func(s *subject) (func() error, error) {
		s.write("dags/many.yaml", fmt.Sprintf("steps:\n  - id: a\n    run: %q\n", step))
		binary, err := build()
		if err != nil {
			return nil, err
		}
		cmd := exec.Command(binary, "enqueue", "many") //nolint:noctx // a one-shot command
		cmd.Env, cmd.Dir = s.cmd.Env, s.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("enqueue: %w: %s", err, out)
		}
		return func() error { return nil }, s.repeat(n)
	}}
}

// repeat queues the only run that is recorded n times more.
func (s *subject) repeat(n int) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	st, err := store.New(store.Options{Dir: s.path("data"), WriteTimeout: patience}, zap.NewNop())
	if err != nil {
		return err
	}
	if err = st.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Stop(ctx)) }()
	runs, err := st.Runs(ctx, store.Filter{Limit: 1})
	if err != nil || len(runs) != 1 {
		return fmt.Errorf("%d runs: %w", len(runs), err)
	}
	const writers = 50
	failed := make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := w; i < n && failed[w] == nil; i += writers {
				next := runs[0].NewRun
				next.ID = fmt.Sprintf("many-%d", i)
				_, failed[w] = st.Enqueue(ctx, next)
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// panicking has a DAG due each minute whose decisions panic, and the minutes pass by
// stepping the clock.
func panicking() variant {
	return variant{name: "hook scheduler.take panic", make: func(s *subject) (func() error, error) {
		s.write("dags/due.yaml", "schedule: \"* * * * *\"\nsteps:\n  - id: a\n    run: \"true\"\n")
		err := s.order("scheduler.take", "panic")
		for minute := 1; err == nil && minute <= 5; minute++ {
			wait(2*time.Second, func() bool { return false })
			err = s.order("wall", fmt.Sprintf("offset %dm", minute))
		}
		return func() error { return s.order("scheduler.take", "") }, err
	}}
}
