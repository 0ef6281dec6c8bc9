package catalog

import (
	"cmp"
	"fmt"
	"slices"
)

// verdict is what settle decided about a file.
type verdict struct {
	file *file
	// next is the version to be scheduled; nil is none.
	next *Entry
	err  error
}

// claim is the name that a file calls itself, or that a bad one is scheduled
// under; "" is none.
func (f *file) claim() string {
	switch {
	case f.cur != nil:
		return f.cur.Name
	case f.sched != nil:
		return f.sched.Name
	}
	return ""
}

// holds tells whether the file is scheduled under the name, or was when the
// process before this one ended.
func (f *file) holds(name string) bool {
	if f.sched != nil {
		return f.sched.Name == name
	}
	return f.saved.DAG == name
}

// settle gives each name to one file and says what each file schedules. It
// depends on nothing but the files, not on the order in which they changed.
func settle(files map[string]*file) []verdict {
	holder := make(map[string]*file, len(files))
	rivals := make(map[string]*file)
	var losers []*file
	for _, f := range files {
		name := f.claim()
		if name == "" {
			continue
		}
		had := holder[name]
		if had == nil {
			holder[name] = f
			continue
		}
		winner, loser := f, had
		if before(had, f, name) {
			winner, loser = had, f
		}
		holder[name] = winner
		losers = append(losers, loser)
		if r := rivals[name]; r == nil || loser.name < r.name {
			rivals[name] = loser
		}
	}
	verdicts := make([]verdict, 0, len(files))
	for name, f := range holder {
		v := verdict{file: f, next: cmp.Or(f.cur, f.sched), err: f.err}
		if r := rivals[name]; r != nil {
			v.err = both(v.err, &DuplicateError{Name: name, Other: r.path, Holder: true})
		}
		verdicts = append(verdicts, v)
	}
	for _, f := range files {
		if f.claim() == "" {
			verdicts = append(verdicts, verdict{file: f, err: f.err})
		}
	}
	return append(verdicts, fallBack(losers, holder)...)
}

// before tells whether a gets the name rather than b.
func before(a, b *file, name string) bool {
	if a.holds(name) != b.holds(name) {
		return a.holds(name)
	}
	return a.name < b.name
}

// fallBack decides about files whose name another file holds: what they had
// scheduled stays under its own name, unless a file calls itself by that.
func fallBack(losers []*file, holder map[string]*file) []verdict {
	slices.SortFunc(losers, func(a, b *file) int { return cmp.Compare(a.name, b.name) })
	verdicts := make([]verdict, 0, len(losers))
	for _, f := range losers {
		name := f.claim()
		v := verdict{file: f, err: both(f.err, &DuplicateError{Name: name, Other: holder[name].path})}
		if f.sched != nil && holder[f.sched.Name] == nil {
			v.next = f.sched
			holder[f.sched.Name] = f
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// both joins two errors, of which the first may be nil, in one line.
func both(a, b error) error {
	if a == nil {
		return b
	}
	return fmt.Errorf("%w; %w", a, b)
}
