package scheduler

import (
	"slices"
	"strings"
	"time"

	"dagu/modules/catalog"
	"dagu/modules/schedule"
	"dagu/modules/store"
)

// Coming is a due time that lies ahead.
type Coming struct {
	DAG  string
	Kind store.Kind
	Due  time.Time
	// Schedules are those of the DAG and kind that are due then.
	Schedules []*schedule.Schedule
}

// Next lists the first due times of the DAGs after an instant, at most count, in the
// order in which they are taken. Schedules of one DAG and kind that are due at one
// instant are one due time.
func Next(dags []catalog.Entry, after time.Time, count int) []Coming {
	var list []Coming
	Ahead(dags, after, func(c Coming) bool {
		if len(list) < count {
			list = append(list, c)
		}
		return len(list) < count
	})
	return list
}

// Ahead hands over the due times that Next lists, until yield returns false.
func Ahead(dags []catalog.Entry, after time.Time, yield func(Coming) bool) {
	var ahead agenda[*outlook]
	for i := range dags {
		ahead.add(newOutlook(&dags[i], after))
	}
	for len(ahead) > 0 {
		var now []*outlook
		for due := ahead[0].next; len(ahead) > 0 && ahead[0].next.Equal(due); {
			now = append(now, ahead.pop())
		}
		slices.SortFunc(now, func(a, b *outlook) int { return strings.Compare(a.dag, b.dag) })
		for _, o := range now {
			for _, c := range o.take() {
				if !yield(c) {
					return
				}
			}
			ahead.add(o)
		}
	}
}

// outlook is the due times of a DAG that lie ahead.
type outlook struct {
	slot // next is the earliest of them

	dag   string
	specs []outlookSpec
}

type outlookSpec struct {
	kind store.Kind
	spec *schedule.Schedule
	next time.Time
}

func newOutlook(e *catalog.Entry, after time.Time) *outlook {
	o := &outlook{slot: slot{place: -1}, dag: e.Name}
	for _, s := range e.Schedules {
		o.specs = append(o.specs, outlookSpec{store.Kind(s.Kind), s.Spec, s.Spec.Next(after)})
	}
	o.settle()
	return o
}

func (o *outlook) settle() {
	o.next = time.Time{}
	for i := range o.specs {
		if n := o.specs[i].next; !n.IsZero() && (o.next.IsZero() || n.Before(o.next)) {
			o.next = n
		}
	}
}

// take takes what is due next: one due time of each kind at most.
func (o *outlook) take() (list []Coming) {
	due := o.next
	for _, kind := range []store.Kind{store.KindStop, store.KindRestart, store.KindStart} {
		c := Coming{DAG: o.dag, Kind: kind, Due: due}
		for i := range o.specs {
			if s := &o.specs[i]; s.kind == kind && s.next.Equal(due) {
				c.Schedules = append(c.Schedules, s.spec)
			}
		}
		if len(c.Schedules) > 0 {
			list = append(list, c)
		}
	}
	for i := range o.specs {
		if s := &o.specs[i]; s.next.Equal(due) {
			s.next = s.spec.Next(due)
		}
	}
	o.settle()
	return list
}
