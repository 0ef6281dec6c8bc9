package audit

import (
	"fmt"
	"time"

	"dagu/modules/store"
)

// minRetention is the least time for which a run is kept: it ends a whole number of
// days after the run, which is 1 at least.
const minRetention = 24 * time.Hour

// Compare finds the differences between what was due and what the ledger has.
func Compare(l store.Ledger) Report {
	var report Report
	for _, kind := range []store.Kind{store.KindStart, store.KindStop, store.KindRestart} {
		b := book{report: &report, at: l.At, since: l.Since, tally: Tally{DAG: l.DAG, Kind: kind, Reasons: map[store.Reason]int{}}}
		for _, v := range l.Versions {
			if v.Entry.Kind == kind {
				b.versions = append(b.versions, v)
			}
		}
		for _, r := range l.Records {
			if r.Kind == kind {
				b.records = append(b.records, r)
			}
		}
		if len(b.versions)+len(b.records) > 0 {
			b.compare()
			report.Tallies = append(report.Tallies, b.tally)
		}
	}
	for _, run := range l.Strays {
		report.Findings = append(report.Findings, stray(run, l.Records))
	}
	return report
}

// book is the comparison of one kind.
type book struct {
	report    *Report
	at, since time.Time
	versions  []store.Version
	records   []store.Record

	due   *due
	tally Tally
	// open is a finding that the next due time may belong to.
	open *Finding
	// covered is where the outcomes end that were looked at.
	covered time.Time
}

func (b *book) compare() {
	from := b.since
	if len(b.records) > 0 && b.records[0].Due.Before(from) {
		from = b.records[0].Due
	}
	var fault *store.Version
	var err error
	if b.due, fault, err = newDue(b.versions, from, b.at); err != nil {
		b.add(Finding{Problem: Unreadable, Detail: fmt.Sprintf("schedule %q in zone %s: %v", fault.Entry.Text, fault.Entry.Zone, err)})
		b.due = nil
	}
	for _, r := range b.records {
		b.count(r)
		if b.due != nil {
			b.checkRow(r)
		}
		b.checkRun(r)
	}
	if b.due != nil {
		b.pass(time.Time{})
		b.close()
	}
}

// count counts an outcome, whether or not it is right.
func (b *book) count(r store.Record) {
	switch r.Outcome {
	case store.OutcomeFired:
		b.tally.Fired += r.Count
	case store.OutcomeSkipped:
		b.tally.Skipped += r.Count
	case store.OutcomeMissed:
		b.tally.Missed += r.Count
	}
	if r.Reason != "" {
		b.tally.Reasons[r.Reason] += r.Count
	}
}

// checkRun looks for the run of what fired.
func (b *book) checkRun(r store.Record) {
	found := Finding{Due: r.Due, Last: r.Last, Count: 1}
	switch {
	case r.Outcome != store.OutcomeFired || r.RunID == "":
	case !r.RunKept && b.at.Sub(r.Decided) >= minRetention:
		b.tally.Forgotten++
	case !r.RunKept:
		found.Problem, found.Detail = NoRun, "it fired, and its run "+r.RunID+" is not recorded"
		b.add(found)
	case r.Kind != store.KindStop && !r.RunDue.Equal(r.Due): // a stop names a run that it found
		found.Problem, found.Detail = WrongRun, fmt.Sprintf("it fired, and its run %s was due at %s", r.RunID, word(r.RunDue))
		b.add(found)
	}
}

// checkRow compares a row of outcomes with the due times that it reaches over.
func (b *book) checkRow(r store.Record) {
	b.pass(r.Due)
	b.close()
	overlap := !r.Due.After(b.covered)
	var n int
	var first, last time.Time
	for at := b.due.peek(); !at.IsZero() && !at.After(r.Last); at = b.due.peek() {
		in := b.due.take(at)
		if !in.decided {
			b.undecided(in)
			continue
		}
		if n == 0 {
			first = at
		}
		last = at
		n++
	}
	b.tally.Due += n
	found := Finding{Due: r.Due, Last: r.Last, Count: r.Count}
	switch {
	case overlap:
		found.Problem, found.Detail = Repeated, fmt.Sprintf("%s is recorded, and an outcome was recorded before up to %s", outcome(r), word(b.covered))
	case n == 0:
		found.Problem, found.Detail = Extra, fmt.Sprintf("%s is recorded, and nothing was due", outcome(r))
	case n != r.Count || !first.Equal(r.Due) || !last.Equal(r.Last):
		found.Problem, found.Detail = Miscounted, fmt.Sprintf("%s is recorded for %d due times up to %s; %d were due, from %s to %s",
			outcome(r), r.Count, word(r.Last), n, word(first), word(last))
	}
	if found.Problem != "" {
		b.add(found)
	}
	if r.Last.After(b.covered) {
		b.covered = r.Last
	}
}

// pass takes what is due before the given instant, all if that is zero; no outcome
// is recorded for it.
func (b *book) pass(until time.Time) {
	for at := b.due.peek(); !at.IsZero() && (until.IsZero() || at.Before(until)); at = b.due.peek() {
		if in := b.due.take(at); !in.decided {
			b.undecided(in)
			continue
		}
		b.tally.Due++
		b.extend(Missing, at, "no outcome is recorded")
	}
}

// undecided is a due time that no mark has passed.
func (b *book) undecided(in instant) {
	switch {
	case !in.over:
		b.tally.Waiting++
	case !in.at.Before(b.since):
		b.tally.Due++
		b.extend(Abandoned, in.at, "no outcome is recorded: its schedule went for good before the scheduler had decided")
	}
}

// extend adds a due time to the open finding, or opens another.
func (b *book) extend(p Problem, at time.Time, detail string) {
	if b.open == nil || b.open.Problem != p {
		b.close()
		b.open = &Finding{Problem: p, Due: at, Detail: detail}
	}
	b.open.Last = at
	b.open.Count++
}

func (b *book) close() {
	if f := b.open; f != nil {
		b.open = nil
		b.add(*f)
	}
}

// add adds a finding behind the open one.
func (b *book) add(f Finding) {
	b.close()
	f.DAG, f.Kind = b.tally.DAG, b.tally.Kind
	b.report.Findings = append(b.report.Findings, f)
}

// stray is about a run that no outcome names.
func stray(run store.NewRun, records []store.Record) Finding {
	f := Finding{
		DAG: run.DAG, Problem: StrayRun, Due: run.Due, Last: run.Due, Count: 1,
		Detail: "run " + run.ID + " is recorded, and no outcome names it",
	}
	for _, r := range records {
		if r.Outcome == store.OutcomeFired && r.Due.Equal(run.Due) {
			f.Kind = r.Kind
			f.Detail = "fired twice: run " + run.ID + " is recorded beside " + r.RunID
			break
		}
	}
	return f
}

// outcome is what a row says, for people.
func outcome(r store.Record) string {
	if r.Reason == "" {
		return string(r.Outcome)
	}
	return string(r.Outcome) + " (" + string(r.Reason) + ")"
}

// word is an instant for people.
func word(at time.Time) string {
	if at.IsZero() {
		return "no time"
	}
	return at.UTC().Format(time.RFC3339)
}
