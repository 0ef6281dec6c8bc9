package store

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"dagu/modules/schedule"
)

// Decide records the outcome of each candidate, with its run and the marks of
// its entries, in one transaction. judge chooses it from the state in that
// transaction; it must not call the store, and may be called again for the same
// candidate when the transaction has to be repeated. A candidate that has its
// outcome already, by a repeat or by another process, is answered with that, and
// judge is not asked. One that is Stale is left for its taker to take anew.
func (s *Store) Decide(ctx context.Context, batch []Candidate, judge func(i int, s State) Verdict) ([]Decision, error) {
	return write(ctx, s, "decide due times", func(ctx context.Context, t *tx) ([]Decision, error) {
		names, err := collect(ctx, t, word, "select distinct dag from suspensions")
		if err != nil {
			return nil, err
		}
		d := decider{tx: t, log: s.log, suspended: make(map[string]bool, len(names))}
		for _, name := range names {
			d.suspended[name] = true
		}
		decisions := make([]Decision, len(batch))
		for i, c := range batch {
			decisions[i], err = d.decide(ctx, c.normal(), func(s State) Verdict { return judge(i, s) })
			if err != nil {
				return nil, err
			}
		}
		return decisions, nil
	})
}

// normal spells out what zero values stand for.
func (c Candidate) normal() Candidate {
	if c.Last.IsZero() {
		c.Last = c.Due
	}
	c.Count = max(c.Count, 1)
	return c
}

// decider decides the candidates of one transaction.
type decider struct {
	*tx
	log *zap.Logger
	// suspended are the DAGs that have suspensions, past or present.
	suspended map[string]bool
}

// known is what is recorded of the schedules of a candidate's DAG and kind.
type known struct {
	all []version
	// mine are the newest versions of the candidate's entries.
	mine []version
}

func (k known) isMine(v version) bool {
	for _, m := range k.mine {
		if m.id == v.id {
			return true
		}
	}
	return false
}

// stale tells that something is due between the mark of an entry and the candidate,
// whose taker took it for decided. With the candidate the mark would pass it.
func (k known) stale(c Candidate) bool {
	for _, v := range k.mine {
		if !v.mark.Mark.Before(c.After) {
			continue
		}
		spec, err := schedule.Restore(v.entry.Text, v.entry.Zone)
		if err == nil && spec.Next(v.mark.Mark).Before(c.Due) {
			return true
		}
	}
	return false
}

func (d *decider) decide(ctx context.Context, c Candidate, judge func(State) Verdict) (Decision, error) {
	all, err := versions(ctx, d, c.DAG, c.Kind)
	if err != nil {
		return Decision{}, err
	}
	recorded := known{all: all, mine: latest(all, c.Entries)}
	if len(recorded.mine) > 0 && !reach(recorded.mine).Before(c.Last) {
		return d.earlier(ctx, c)
	}
	if recorded.stale(c) {
		return Decision{Stale: true}, nil
	}
	newest, err := d.newest(ctx, c)
	if err != nil {
		return Decision{}, err
	}
	if !newest.Last.Before(c.Due) {
		return d.decideLate(ctx, c, recorded, newest.Last, judge)
	}
	state, err := d.state(ctx, c)
	if err != nil {
		return Decision{}, err
	}
	decision, runID, err := d.settle(ctx, c, judge(state))
	if err != nil {
		return Decision{}, err
	}
	if err = d.writeOccurrence(ctx, c, decision.Verdict, runID, newest); err != nil {
		return Decision{}, err
	}
	return decision, d.moveMarks(ctx, recorded.mine, c.Last)
}

// newest reads the last row of the candidate's DAG and kind; zero without one.
func (d *decider) newest(ctx context.Context, c Candidate) (Occurrence, error) {
	o, _, err := first(ctx, d, scanOccurrence, "select "+occurrenceColumns+
		" from occurrences where dag = $1 and kind = $2 order by due desc limit 1", c.DAG, c.Kind)
	return o, err
}

// settle makes a verdict one that can be recorded, and does what it says.
func (d *decider) settle(ctx context.Context, c Candidate, v Verdict) (decision Decision, runID string, err error) {
	failed := Decision{Verdict: Verdict{Outcome: OutcomeMissed, Reason: ReasonInternalError}}
	if problem := c.problem(v); problem != "" {
		d.log.Error("due time cannot be decided", zap.String("dag", c.DAG), zap.Time("due", c.Due), zap.String("problem", problem))
		return failed, "", nil
	}
	decision.Outcome = v.Outcome
	if v.Outcome != OutcomeFired {
		decision.Reason = v.Reason
		return decision, "", nil
	}
	if c.Kind == KindStop {
		return decision, "", d.stopStarted(ctx, c, "")
	}
	run := v.Run.normal()
	if c.Kind == KindRestart {
		if err = d.takeOver(ctx, c, &run); err != nil {
			return decision, "", err
		}
	}
	inserted, err := d.insert(ctx, run, "")
	switch {
	case isConstraint(err), errors.Is(err, ErrNotFound):
		// One DAG's fault must not keep the others from being decided.
		d.log.Error("run of a due time cannot be recorded", zap.String("dag", c.DAG), zap.Time("due", c.Due), zap.Error(err))
		return failed, "", nil
	case err != nil:
		return decision, "", err
	}
	decision.Run, decision.Earlier = &run, !inserted
	if inserted {
		err = d.place(ctx, c, v, run)
	}
	return decision, run.ID, err
}

// problem says why a verdict cannot be recorded for the candidate.
func (c Candidate) problem(v Verdict) string {
	switch {
	case v.Outcome != OutcomeFired && v.Reason == "":
		return "not fired without a reason"
	case v.Outcome != OutcomeFired:
		return ""
	case c.Count > 1:
		return "fired for several due times at once"
	case v.Run == nil && c.Kind != KindStop:
		return "fired without a run"
	case v.Run != nil && (v.Run.ID == "" || v.Run.DAG != c.DAG):
		return "fired with a run of another DAG, or without an id"
	default:
		return ""
	}
}

// writeOccurrence extends the newest row, which ends before the candidate, when
// that has the same outcome without a run, and adds one otherwise.
func (d *decider) writeOccurrence(ctx context.Context, c Candidate, v Verdict, runID string, newest Occurrence) error {
	if v.Outcome != OutcomeFired && newest.RunID == "" && newest.Outcome == v.Outcome && newest.Reason == v.Reason {
		newest.Last = c.Last
		newest.Count += c.Count
		return d.resizeOccurrence(ctx, newest)
	}
	return d.addOccurrence(ctx, c, v, runID)
}

func (d *decider) addOccurrence(ctx context.Context, c Candidate, v Verdict, runID string) error {
	_, err := d.exec(ctx, `insert into occurrences (dag, kind, due, last, count, outcome, reason, run_id, decided)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		c.DAG, c.Kind, nanos(c.Due), nanos(c.Last), c.Count, v.Outcome, v.Reason, runID, nanos(d.now))
	return err
}

// resizeOccurrence records another end of a row.
func (t *tx) resizeOccurrence(ctx context.Context, o Occurrence) error {
	_, err := t.exec(ctx, "update occurrences set last = $4, count = $5, decided = $6 where dag = $1 and kind = $2 and due = $3",
		o.DAG, o.Kind, nanos(o.Due), nanos(o.Last), o.Count, nanos(t.now))
	return err
}

// moveMarks moves the marks of the versions to at; none goes back.
func (d *decider) moveMarks(ctx context.Context, list []version, at time.Time) error {
	for _, v := range list {
		if _, err := d.exec(ctx, "update schedules set mark = $2 where id = $1 and mark < $2", v.id, nanos(at)); err != nil {
			return err
		}
	}
	return nil
}

// earlier answers with what was recorded before.
func (d *decider) earlier(ctx context.Context, c Candidate) (Decision, error) {
	decision := Decision{Earlier: true}
	o, found, err := first(ctx, d, scanOccurrence, "select "+occurrenceColumns+
		" from occurrences where dag = $1 and kind = $2 and due <= $3 order by due desc limit 1", c.DAG, c.Kind, nanos(c.Due))
	if err != nil || !found || o.Last.Before(c.Due) {
		return decision, err
	}
	decision.Outcome, decision.Reason = o.Outcome, o.Reason
	if o.RunID == "" {
		return decision, nil
	}
	r, found, err := first(ctx, d, scanRow, "select "+runColumns+" from runs where id = $1", o.RunID)
	if !found { // retention took it
		r.NewRun = NewRun{ID: o.RunID, DAG: c.DAG, Due: o.Due}
	}
	decision.Run = &r.NewRun
	return decision, err
}
