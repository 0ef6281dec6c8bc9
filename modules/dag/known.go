package dag

import (
	"maps"
	"slices"
	"sync"
)

// group are the steps that stand together: those of the document, or of a body.
type group struct {
	// of is the step that has the body; nil is the document.
	of *stepDraft
	// Steps without an id are in byName only.
	byName, byID map[string]*stepDraft
}

// outer returns the step whose body a step stands in; nil when it stands in none.
func (j *judgement) outer(s *stepDraft) *stepDraft {
	if g := j.groups[s]; g != nil {
		return g.of
	}
	return nil
}

// within tells whether an owner is a step, or stands in its body.
func (j *judgement) within(owner, step *stepDraft) bool {
	for ; owner != nil; owner = j.outer(owner) {
		if owner == step {
			return true
		}
	}
	return false
}

// named returns the step of an id that a text may speak of, the innermost first; nil
// is none.
func (j *judgement) named(p place, id string) *stepDraft {
	if p.owner == nil {
		return j.document.byID[id]
	}
	if p.item == "collect" {
		if s := j.groups[p.owner.body[0]].byID[id]; s != nil {
			return s
		}
	}
	for s := p.owner; s != nil && j.groups[s] != nil; s = j.outer(s) {
		if found := j.groups[s].byID[id]; found != nil {
			return found
		}
	}
	return nil
}

// isBefore tells whether a step is over when a text is resolved.
func (j *judgement) isBefore(p place, s *stepDraft) bool {
	if p.item == "collect" && j.outer(s) == p.owner {
		return true
	}
	before := j.knownTo(p.owner).before()
	return before == nil || before[s]
}

// known is what the texts of a step, a handler or the document can name besides what
// every run has.
type known struct {
	// env are the variables of its own env.
	env map[string]bool
	// around are those of what it stands in, and of the defaults.
	around map[string]bool
	// before are the steps that it depends on, directly or not; nil where it takes too
	// long to find out.
	before func() map[*stepDraft]bool
	// published tells whether they have published a variable.
	published func(name string) bool
}

// knownTo returns what an owner, nil for none, can name. It is made once: a file may
// have very many texts.
func (j *judgement) knownTo(owner *stepDraft) *known {
	if k := j.known[owner]; k != nil {
		return k
	}
	k := &known{before: sync.OnceValue(func() map[*stepDraft]bool { return j.before(owner) })}
	names := sync.OnceValue(func() map[string]bool {
		names := make(map[string]bool)
		for s := range k.before() {
			names[s.Output] = true
		}
		return names
	})
	k.published = func(name string) bool { return k.before() == nil || names()[name] }
	if owner != nil {
		k.env, k.around = namesOf(owner.Env), j.around(owner)
	}
	j.known[owner] = k
	return k
}

// around returns the variables that are set around an owner. The steps of a body have
// no defaults, and what the step has that they are the body of.
func (j *judgement) around(owner *stepDraft) map[string]bool {
	outer := j.outer(owner)
	if outer == nil {
		return j.defaulted
	}
	names := maps.Clone(j.knownTo(outer).env)
	maps.Copy(names, j.knownTo(outer).around)
	return names
}

// maxWalked bounds the dependencies that are followed for one document: each of very
// many steps may have all steps before it.
const maxWalked = 1_000_000

// before returns the steps that the owner depends on, directly or not, and those that
// the steps do in whose bodies it stands. Handlers come after all steps.
func (j *judgement) before(owner *stepDraft) map[*stepDraft]bool {
	found := make(map[*stepDraft]bool)
	for s := owner; s != nil; s = j.outer(s) {
		g := j.groups[s]
		if g == nil {
			for _, step := range j.steps {
				found[step] = true
			}
			break
		}
		queue := slices.Clone(s.Depends)
		for i := 0; i < len(queue); i++ {
			if j.walked++; j.walked > maxWalked {
				return nil
			}
			if on := g.byName[queue[i]]; on != nil && !found[on] {
				found[on] = true
				queue = append(queue, on.Depends...)
			}
		}
	}
	return found
}
