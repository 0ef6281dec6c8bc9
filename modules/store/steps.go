package store

import (
	"context"
	"database/sql"
	"time"
)

func (t *tx) saveSteps(ctx context.Context, run int64, attempt int, steps []Step) error {
	for _, s := range steps {
		emitted, err := textsText(s.Emitted)
		if err != nil {
			return err
		}
		published, err := textsText(s.Published)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `insert into steps (run, attempt, idx, name, step_id, status, started, finished, exited, exit_code,
				error, tries, stdout, stderr, output, output_value, continued, has_output, emitted, published)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
			on conflict (run, attempt, idx) do update set status = excluded.status, started = excluded.started,
				finished = excluded.finished, exited = excluded.exited, exit_code = excluded.exit_code, error = excluded.error,
				tries = excluded.tries, stdout = excluded.stdout, stderr = excluded.stderr, output = excluded.output,
				output_value = excluded.output_value, continued = excluded.continued, has_output = excluded.has_output,
				emitted = excluded.emitted, published = excluded.published`,
			run, attempt, s.Index, s.Name, s.ID, s.Status, nanos(s.Started), nanos(s.Finished), flag(s.Exited), s.ExitCode,
			s.Error, s.Tries, s.Stdout, s.Stderr, s.Output, s.OutputValue, flag(s.Continued),
			flag(s.HasOutput), emitted, published)
		if err != nil {
			return err
		}
	}
	return nil
}

// Steps returns the steps of an attempt in the order of the file. Attempt 0 is
// the run's present or last one.
func (s *Store) Steps(ctx context.Context, runID string, attempt int) ([]Step, error) {
	return read(ctx, s, "read steps of run "+runID, func(ctx context.Context, q queryer) ([]Step, error) {
		r, err := byID(ctx, q, runID)
		if err != nil {
			return nil, err
		}
		if attempt == 0 {
			attempt = r.Attempt
		}
		return collect(ctx, q, scanStep, `select idx, name, step_id, status, started, finished, exited, exit_code, error, tries,
			stdout, stderr, output, output_value, continued, has_output, emitted, published from steps where run = $1 and attempt = $2 order by idx`, r.seq, attempt)
	})
}

func scanStep(rows *sql.Rows) (Step, error) {
	var s Step
	var started, finished int64
	var emitted, published string
	err := rows.Scan(&s.Index, &s.Name, &s.ID, &s.Status, &started, &finished, &s.Exited, &s.ExitCode, &s.Error, &s.Tries,
		&s.Stdout, &s.Stderr, &s.Output, &s.OutputValue, &s.Continued, &s.HasOutput, &emitted, &published)
	if err == nil {
		s.Emitted, err = parseTexts(emitted)
	}
	if err == nil {
		s.Published, err = parseTexts(published)
	}
	s.Started, s.Finished = instant(started), instant(finished)
	return s, err
}

// Attempt is an attempt of a run that is over.
type Attempt struct {
	Number    int
	ID, Owner string
	// Begun is zero when no step was to be forked.
	Started, Begun, Finished time.Time
	Status                   Status
	Reason                   Reason
	Error                    string
}

// Attempts returns the attempts of a run that are over, oldest first.
func (s *Store) Attempts(ctx context.Context, runID string) ([]Attempt, error) {
	return read(ctx, s, "read attempts of run "+runID, func(ctx context.Context, q queryer) ([]Attempt, error) {
		r, err := byID(ctx, q, runID)
		if err != nil {
			return nil, err
		}
		return collect(ctx, q, scanAttempt, `select attempt, attempt_id, owner, started, begun, finished, status, reason, error
			from attempts where run = $1 order by attempt`, r.seq)
	})
}

func scanAttempt(rows *sql.Rows) (Attempt, error) {
	var a Attempt
	var started, begun, finished int64
	err := rows.Scan(&a.Number, &a.ID, &a.Owner, &started, &begun, &finished, &a.Status, &a.Reason, &a.Error)
	a.Started, a.Begun, a.Finished = instant(started), instant(begun), instant(finished)
	return a, err
}
