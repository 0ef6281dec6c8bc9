package cmd

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dagu/modules/dag"
	"dagu/modules/runner"
	"dagu/modules/store"
	"dagu/modules/web"
)

// planView is what a run would do, as JSON.
type planView struct {
	web.RunView

	Schedules []plannedSchedule `json:"schedules"`
	Steps     []plannedView     `json:"steps"`
}

// plannedSchedule is a schedule with its next due time, nil when there is none.
type plannedSchedule struct {
	Kind     string     `json:"kind"`
	Schedule string     `json:"schedule"`
	Next     *time.Time `json:"next_due_at"`
}

// plannedView is a step that would run.
type plannedView struct {
	web.StepView

	// Wave counts from 1; handlers have none.
	Wave   int               `json:"wave,omitempty"`
	After  []string          `json:"after,omitempty"`
	Values map[string]string `json:"values,omitempty"`
}

// plan is a run that is only shown.
type plan struct {
	dag   *dag.DAG
	run   store.Run
	steps []runner.Planned
	now   time.Time
}

func (p *plan) print(c *cobra.Command, f *format) error {
	if f.value == formatJSON {
		return printJSON(c.OutOrStdout(), p.view())
	}
	t := tree{part: part{dry: true}, paint: paintFor(c.OutOrStdout()), now: p.now}
	t.head(p.run)
	for _, s := range p.schedules() {
		text := s.Schedule
		if s.Next != nil {
			text += ", next " + clock(*s.Next) + " UTC"
		}
		t.fact("  ", s.Kind, text)
	}
	t.fact("  ", "queue", p.run.Queue)
	together := p.together()
	for i := range p.steps {
		s := &p.steps[i]
		below := t.step(&s.Step, i == len(p.steps)-1)
		t.fact(below, "after", strings.Join(s.After, ", "))
		t.fact(below, "beside", strings.Join(without(together[s.Wave], s.Name), ", "))
		for _, v := range s.Values {
			t.fact(below, v.Field, v.Text)
		}
	}
	_, err := io.WriteString(c.OutOrStdout(), t.b.String())
	return err
}

// together are the names of the steps that may run at once, by their wave.
func (p *plan) together() map[int][]string {
	waves := make(map[int][]string)
	for i := range p.steps {
		if wave := p.steps[i].Wave; wave > 0 {
			waves[wave] = append(waves[wave], p.steps[i].Name)
		}
	}
	return waves
}

// mostTogether is how many of the steps beside a step are named.
const mostTogether = 5

// without leaves one name out, and shortens a long list.
func without(names []string, name string) []string {
	var others []string
	for _, other := range names {
		if other != name {
			others = append(others, other)
		}
	}
	if more := len(others) - mostTogether; more > 0 {
		others = append(others[:mostTogether], fmt.Sprintf("and %d more", more))
	}
	return others
}

func (p *plan) schedules() []plannedSchedule {
	all := make([]plannedSchedule, 0, len(p.dag.Schedules))
	for _, s := range p.dag.Schedules {
		planned := plannedSchedule{Kind: string(s.Kind), Schedule: s.Text}
		if next := s.Spec.Next(p.now); !next.IsZero() {
			planned.Next = new(next.UTC())
		}
		all = append(all, planned)
	}
	return all
}

func (p *plan) view() planView {
	v := planView{RunView: web.ViewRun(p.run, nil, p.now), Schedules: p.schedules(), Steps: make([]plannedView, len(p.steps))}
	for i := range p.steps {
		s := &p.steps[i]
		of := web.ViewRun(p.run, []store.Step{s.Step}, p.now)
		v.Steps[i] = plannedView{StepView: of.Steps[0], Wave: s.Wave, After: s.After, Values: make(map[string]string, len(s.Values))}
		for _, value := range s.Values {
			v.Steps[i].Values[value.Field] = value.Text
		}
	}
	return v
}
