package faults_test

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

const due = "schedule: \"* * * * *\"\nsteps:\n  - id: a\n    run: \"true\"\n"

// lost has a minute pass of which the loop takes nothing.
func lost() variant {
	return variant{name: "hook scheduler.lose", make: func(s *subject) (func() error, error) {
		s.write("dags/due.yaml", due)
		err := s.order("scheduler.lose", "error EIO")
		wait(3*time.Second, func() bool { return false }) // it is loaded
		return func() error { return s.order("scheduler.lose", "") }, errors.Join(err, s.order("wall", "offset 1m"))
	}}
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

// forgotten has a file loaded of which the loop plans nothing; written anew, it is planned.
func forgotten() variant {
	return variant{name: "hook scheduler.plan", make: func(s *subject) (func() error, error) {
		err := s.order("scheduler.plan", "error EIO")
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
