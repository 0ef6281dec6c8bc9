package faults_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// lost has a due time come that the loop does not take. It lies half an hour ahead, so
// that it comes by a step of the clock, at a known moment, and not before.
func lost() variant {
	return variant{
		name: "hook scheduler.lose",
		prepare: func(s *subject) error {
			s.due = time.Now().UTC().Truncate(time.Minute).Add(30 * time.Minute)
			s.write("dags/due.yaml", fmt.Sprintf("schedule: \"%d %d * * *\"\nsteps:\n  - id: a\n    run: \"true\"\n", s.due.Minute(), s.due.Hour()))
			return errors.Join(s.order("scheduler.lose", "error EIO"), s.loaded(2))
		},
		make: func(s *subject) (func() error, error) {
			err := s.order("wall", "offset "+time.Until(s.due).String())
			return func() error { return s.order("scheduler.lose", "") }, err
		},
	}
}

// loaded waits until so many DAG files are planned: the catalog has them, and the loop
// and the check that follow it, a second later at most, have had their turns.
func (s *subject) loaded(files int) error {
	if !wait(patience, func() bool { return s.metric("dagu_catalog_files") == float64(files) }) {
		return fmt.Errorf("%d files are not loaded", files)
	}
	turns := func() float64 { return s.metric("dagu_scheduler_turn_duration_seconds_count") }
	enough := turns() + 3
	if !wait(patience, func() bool { return turns() >= enough }) {
		return errors.New("the loop does not turn")
	}
	return nil
}

// passed queues a run that admission does not look at.
func passed() variant {
	v := queued(0, "true")
	return variant{name: "hook queue.pass", make: func(s *subject) (func() error, error) {
		if err := s.order("queue.pass", "error EIO"); err != nil {
			return nil, err
		}
		_, err := v.make(s)
		return func() error { return s.order("queue.pass", "") }, err
	}}
}

// unreleased has a run handed over to a runner that never lets go of its lock.
func unreleased() variant {
	v := queued(0, "true")
	return variant{name: "hook runner.lock hang", make: func(s *subject) (func() error, error) {
		if err := s.order("runner.lock", "hang"); err != nil {
			return nil, err
		}
		_, err := v.make(s)
		return func() error { return s.order("runner.lock", "") }, err
	}}
}

// unlogged has the loop write a line to a log that never lets go of its lock: it tells
// of each step of the clock.
func unlogged() variant {
	return variant{name: "hook logging.lock hang", make: func(s *subject) (func() error, error) {
		err := errors.Join(s.order("logging.lock", "hang"), s.order("wall", "offset 2s"))
		return func() error { return s.order("logging.lock", "") }, err
	}}
}

// forgotten has a file loaded of which the loop plans nothing; written anew, it is planned.
func forgotten(act string) variant {
	return variant{name: "hook scheduler.plan " + act, make: func(s *subject) (func() error, error) {
		err := s.order("scheduler.plan", act)
		s.write("dags/late.yaml", "schedule: \"0 5 29 2 *\"\nsteps:\n  - id: a\n    run: \"true\"\n")
		return func() error {
			lifted := s.order("scheduler.plan", "")
			s.write("dags/late.yaml", "schedule: \"0 6 29 2 *\"\nsteps:\n  - id: a\n    run: \"true\"\n")
			return lifted
		}, err
	}}
}

// marked moves the marks of all schedules ahead of the clock, as one that was once wrong does.
func marked() variant {
	return variant{name: "database", make: func(s *subject) (func() error, error) {
		return func() error { return s.moveMarks(-2 * time.Hour) }, s.moveMarks(2 * time.Hour)
	}}
}

func (s *subject) moveMarks(by time.Duration) error {
	db, err := sql.Open("sqlite", "file:"+s.path("data", "dagu.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), "update schedules set mark = mark + $1", by.Nanoseconds())
	return errors.Join(err, db.Close())
}
