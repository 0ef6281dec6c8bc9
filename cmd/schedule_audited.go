package cmd

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"dagu/modules/audit"
)

// maxDifferences bounds how many differences are listed; all are counted.
const maxDifferences = 10_000

// auditInfo is the result of an audit.
type auditInfo struct {
	auditSums
	DAGs        []auditTally      `json:"dags"`
	Differences []auditDifference `json:"differences"`
	// Count is how many differences there are; the list may be cut.
	Count int `json:"difference_count"`
	// local tells that a DAG with differences follows the zone of the machine.
	local bool
}

// auditSums are the due times of a kind of a DAG, or of all.
type auditSums struct {
	Due     int `json:"due"`
	Fired   int `json:"fired"`
	Skipped int `json:"skipped"`
	Missed  int `json:"missed"`
	Waiting int `json:"waiting"`
}

type auditTally struct {
	DAG  string `json:"dag"`
	Kind string `json:"kind"`
	auditSums
	Reasons map[string]int `json:"reasons"`
	// Forgotten counts the fired ones whose runs retention has taken.
	Forgotten   int `json:"runs_forgotten"`
	Differences int `json:"differences"`
}

type auditDifference struct {
	DAG     string     `json:"dag"`
	Kind    string     `json:"kind,omitempty"`
	Problem string     `json:"problem"`
	DueAt   *time.Time `json:"due_at"`
	LastAt  *time.Time `json:"last_at"`
	Count   int        `json:"count"`
	Detail  string     `json:"detail"`
}

// add adds the report on one DAG.
func (a *auditInfo) add(r audit.Report) {
	for _, t := range r.Tallies {
		row := auditTally{
			DAG: t.DAG, Kind: string(t.Kind), Reasons: make(map[string]int, len(t.Reasons)), Forgotten: t.Forgotten,
			auditSums: auditSums{Due: t.Due, Fired: t.Fired, Skipped: t.Skipped, Missed: t.Missed, Waiting: t.Waiting},
		}
		for reason, n := range t.Reasons {
			row.Reasons[string(reason)] = n
		}
		for _, f := range r.Findings {
			if f.Kind == t.Kind {
				row.Differences++
			}
		}
		a.DAGs = append(a.DAGs, row)
		a.sum(row.auditSums)
	}
	a.Count += len(r.Findings)
	for _, f := range r.Findings[:min(len(r.Findings), maxDifferences-len(a.Differences))] {
		a.Differences = append(a.Differences, differenceOf(f))
	}
}

func (s *auditSums) sum(o auditSums) {
	s.Due += o.Due
	s.Fired += o.Fired
	s.Skipped += o.Skipped
	s.Missed += o.Missed
	s.Waiting += o.Waiting
}

func differenceOf(f audit.Finding) auditDifference {
	d := auditDifference{DAG: f.DAG, Kind: string(f.Kind), Problem: string(f.Problem), Count: f.Count, Detail: f.Detail}
	if !f.Due.IsZero() {
		due, last := f.Due.UTC(), f.Last.UTC()
		d.DueAt, d.LastAt = &due, &last
	}
	return d
}

// print writes the result for people.
func (a *auditInfo) print(w io.Writer) error {
	p := paintFor(w)
	if len(a.DAGs) > 0 {
		t := newTable("DAG NAME", "KIND", "DUE", "FIRED", "SKIPPED", "MISSED", "WAITING", "DIFFERENCES")
		for _, d := range a.DAGs {
			differences := fmt.Sprint(d.Differences)
			if d.Differences > 0 {
				differences = p.with(text.FgRed, differences)
			}
			t.AppendRow([]any{d.DAG, d.Kind, d.Due, d.Fired, d.Skipped, d.Missed, d.Waiting, differences})
		}
		if _, err := fmt.Fprintf(w, "%s\n\n", t.Render()); err != nil {
			return err
		}
	}
	if len(a.Differences) > 0 {
		t := newTable("DAG NAME", "KIND", "DUE (UTC)", "UP TO (UTC)", "COUNT", "PROBLEM", "DETAIL")
		for _, d := range a.Differences {
			t.AppendRow([]any{d.DAG, d.Kind, moment(d.DueAt), moment(d.LastAt), d.Count, p.with(text.FgRed, d.Problem), printable(d.Detail)})
		}
		if _, err := fmt.Fprintf(w, "%s\n\n", t.Render()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, a.verdict(p))
	return err
}

// verdict is the result in a line.
func (a *auditInfo) verdict(p paint) string {
	recorded := fmt.Sprintf("%d fired + %d skipped + %d missed", a.Fired, a.Skipped, a.Missed)
	if a.Count == 0 {
		return p.with(text.FgGreen, "no difference") + fmt.Sprintf(": %d due = %s", a.Due, recorded)
	}
	line := fmt.Sprintf("%d differences", a.Count)
	if a.Count == 1 {
		line = "1 difference"
	}
	line = p.with(text.FgRed, line)
	if n := len(a.Differences); n < a.Count {
		line += fmt.Sprintf(", of which %d are listed", n)
	}
	return line + fmt.Sprintf(": %d due, and recorded are %s", a.Due, recorded)
}

// moment is clock for what may be missing.
func moment(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return clock(*at)
}
