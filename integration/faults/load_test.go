package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"dagu/modules/store"
)

// queued queues many runs of a DAG, which has one slot.
func queued(n int, step string) variant {
	return variant{name: step, make: func(s *subject) (func() error, error) {
		s.write("dags/many.yaml", fmt.Sprintf("steps:\n  - id: a\n    run: %q\n", step))
		if err := s.enqueue("many"); err != nil {
			return nil, err
		}
		return func() error { return nil }, s.repeat(n)
	}}
}

// enqueue queues a run of a DAG, by a process that is without the faults.
func (s *subject) enqueue(dag string) error {
	binary, err := build()
	if err != nil {
		return err
	}
	cmd := exec.Command(binary, "enqueue", dag) //nolint:noctx // a one-shot command
	cmd.Env, cmd.Dir = append(slices.Clone(s.cmd.Env), "DAGU_FAULTS="), s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("enqueue %s: %w: %s", dag, err, out)
	}
	return nil
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
// stepping the clock. Each panic is counted, and each due time has its outcome.
func panicking() variant {
	return variant{name: "hook scheduler.take panic", make: func(s *subject) (func() error, error) {
		s.write("dags/due.yaml", "schedule: \"* * * * *\"\nsteps:\n  - id: a\n    run: \"true\"\n")
		err := s.order("scheduler.take", "panic")
		for minute := 1; err == nil && minute <= 5; minute++ {
			wait(2*time.Second, func() bool { return false })
			err = s.order("wall", fmt.Sprintf("offset %dm", minute))
		}
		if err == nil && !wait(patience, func() bool {
			return s.metric("dagu_scheduler_panics_total") >= 5 &&
				s.metric(`dagu_due_times_decided_total{outcome="missed",reason="internal_error"}`) >= 5
		}) {
			err = errors.New("the panics are not counted")
		}
		return func() error { return s.order("scheduler.take", "") }, err
	}}
}
