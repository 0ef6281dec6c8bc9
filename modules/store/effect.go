package store

import "context"

// stopStarted asks for the end of the DAG's runs that started before the due time.
// Those that wait for another attempt end at once. by is the run that waits for their
// end; "" is none.
func (d *decider) stopStarted(ctx context.Context, c Candidate, by string) error {
	open, err := d.started(ctx, c)
	if err != nil || len(open) == 0 {
		return err
	}
	d.wake |= TopicStop
	for _, r := range open {
		if _, err = d.exec(ctx, `update runs set stop_requested = case when stop_requested = 0 then $2 else stop_requested end,
			restarted_by = case when $3 = '' then restarted_by else $3 end where seq = $1`, r.seq, nanos(d.now), by); err != nil {
			return err
		}
		if r.Status == StatusQueued {
			if err = d.endQueued(ctx, r, ReasonStopped); err != nil {
				return err
			}
		}
	}
	return nil
}

// hasStarted tells of an open run whether it started before $2: it runs, or waits for
// another attempt.
const hasStarted = `(case when status = 'running' then started < $2
	else not_before <> 0 and exists (select 1 from attempts where attempts.run = runs.seq and attempts.started < $2) end)`

// started reads the DAG's open runs that started before the due time, oldest first.
func (d *decider) started(ctx context.Context, c Candidate) ([]row, error) {
	return collect(ctx, d, scanRow, "select "+runColumns+
		" from runs where parent = '' and dag = $1 and status in ('queued', 'running') and "+hasStarted+" order by seq", c.DAG, nanos(c.Due))
}

// takeOver gives the run of a restart the parameters and the directory of the newest
// of the runs that it stops.
func (d *decider) takeOver(ctx context.Context, c Candidate, run *NewRun) error {
	open, err := d.started(ctx, c)
	if err == nil && len(open) > 0 {
		newest := open[len(open)-1]
		run.Params, run.DefaultWorkingDir = newest.Params, newest.DefaultWorkingDir
	}
	return err
}

// place settles where a new run stands among those of its DAG.
func (d *decider) place(ctx context.Context, c Candidate, v Verdict, run NewRun) error {
	if v.Replace {
		if err := d.supersede(ctx, c); err != nil {
			return err
		}
	}
	if c.Kind == KindRestart {
		if err := d.stopStarted(ctx, c, run.ID); err != nil {
			return err
		}
		_, err := d.exec(ctx, "update runs set restart_wait = $2 where id = $1", run.ID, int64(v.RestartWait))
		return err
	}
	if v.Serial {
		_, err := d.exec(ctx, "update runs set serial = 1 where id = $1", run.ID)
		return err
	}
	return nil
}

// supersede ends the runs of earlier due times of the candidate's kind that have never
// begun, and says so in the outcomes of those.
func (d *decider) supersede(ctx context.Context, c Candidate) error {
	waiting, err := collect(ctx, d, scanRow, "select "+runColumns+` from runs where parent = '' and dag = $1 and status = 'queued'
		and attempt = 0 and due <> 0 and due < $2 and case when restart_wait is null then 'start' else 'restart' end = $3
		order by seq`, c.DAG, nanos(c.Due), c.Kind)
	if err != nil {
		return err
	}
	for _, r := range waiting {
		if err = d.endQueued(ctx, r, ReasonSuperseded); err != nil {
			return err
		}
		if _, err = d.exec(ctx, `update occurrences set outcome = 'skipped', reason = $4
			where dag = $1 and kind = $5 and due = $2 and run_id = $3`, r.DAG, nanos(r.Due), r.ID, ReasonSuperseded, c.Kind); err != nil {
			return err
		}
	}
	return nil
}
