package dag

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// maxName bounds the name of a DAG, in characters.
const maxName = 40

// name returns the name of a document, after a check. The first document may
// leave it to its file.
func (l *loading) name(d *draft, from document, first bool) string {
	e := d.fields.given("name")
	if e != nil && first && l.strict {
		e.keyNode.failHere("entrypoint document must not define name")
	}
	at, name := d.root, ""
	at.line, at.column, at.key = from.line, from.column, "name"
	if e != nil {
		var ok bool
		if name, ok = e.value.name(); !ok {
			return ""
		}
		at = e.value
	}
	switch {
	case name != "":
		l.register(&at, name)
	case first:
		name = l.source.stem()
	case l.strict:
		d.root.failHere("%s must define name", from.title())
		return ""
	default:
		d.root.failHere("%s must have a name", from.title())
		return ""
	}
	if first && l.source.Name != "" && l.source.Document == "" {
		name = l.source.Name
	}
	if err := CheckName(name); err != nil {
		at.failHere("%s", err)
	}
	return name
}

// register records a name that another document has.
func (l *loading) register(n *node, name string) {
	switch {
	case l.names[name] && l.strict:
		n.failHere("DAG document name %q must be unique", name)
	case l.names[name]:
		n.failHere("duplicate DAG name %s", name)
	}
	l.names[name] = true
}

// CheckName tells why no DAG may have the name; nil when one may.
func CheckName(name string) error {
	bad := func(r rune) bool {
		return (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9') && r != '_' && r != '.' && r != '-'
	}
	switch {
	case name == "" || name == "." || name == ".." || strings.ContainsFunc(name, bad):
		return fmt.Errorf("the DAG name %q must consist of letters, digits, '_', '.' and '-'", name)
	case len(name) > maxName:
		return fmt.Errorf("the DAG name %q must be at most %d characters long", name, maxName)
	}
	return nil
}

// checkSteps records steps that are missing.
func (d *draft) checkSteps(title string, strict bool) {
	e := d.fields.get("steps")
	switch {
	case e == nil:
		d.root.failHere("%s must define steps", title)
	case e.value.null():
		e.keyNode.failHere("%s must define steps: steps must be a non-empty sequence", title)
	case e.value.Kind == yaml.MappingNode && strict, e.value.hollow():
		e.value.failHere("steps must be a non-empty sequence")
	}
}

// stepNames are the authored ids and names of steps that stand together.
type stepNames struct {
	ids, names map[string]*stepDraft
}

// identify checks the ids and names of steps that stand together, and names those that
// have none.
func identify(steps []*stepDraft) stepNames {
	taken := stepNames{make(map[string]*stepDraft, len(steps)), make(map[string]*stepDraft, len(steps))}
	for _, s := range steps {
		taken.add(s)
	}
	for _, s := range steps {
		if other := taken.names[s.ID]; s.ID != "" && other != nil && other != s {
			s.fields.get("id").value.fail("step ID %s conflicts with the name of the step at line %d", s.ID, other.at.line)
		}
	}
	for i, s := range steps {
		if s.Name == "" {
			s.Name = s.ID
		}
		for number := i + 1; s.Name == ""; number++ {
			generated := fmt.Sprintf("%s_%d", s.kind(), number)
			if taken.ids[generated] == nil && taken.names[generated] == nil {
				s.Name = generated
				taken.names[generated] = s
			}
		}
	}
	return taken
}

// add takes the id and the name of a step, and records those that another one has.
func (n *stepNames) add(s *stepDraft) {
	if s.ID != "" {
		if n.ids[s.ID] != nil {
			s.fields.get("id").value.fail("duplicate step ID %s; it stands at line %d already", s.ID, n.ids[s.ID].at.line)
			s.ID = ""
			return
		}
		n.ids[s.ID] = s
	}
	if name := cmp.Or(s.Name, s.ID); isHandler(name) {
		s.at.fail("step name %s is that of a handler; choose another", name)
	}
	if s.Name != "" {
		if n.names[s.Name] != nil {
			s.at.fail("step name %s must be unique; it stands at line %d already", s.Name, n.names[s.Name].at.line)
			return
		}
		n.names[s.Name] = s
	}
}

// order settles what each step depends on.
func (d *draft) order() {
	authored := false
	for _, s := range d.steps {
		e := s.fields.get("depends")
		authored = authored || e != nil
		if e != nil && !e.value.null() && d.dag.Type == TypeChain {
			e.keyNode.failHere("depends field is not allowed in a DAG of type chain")
		}
	}
	if d.dag.Type == TypeChain {
		d.chain()
		return
	}
	link(d.steps)
	if !d.typed && !authored && len(d.steps) > 1 {
		steps := d.fields.get("steps").keyNode
		steps.warn("type is not set and no step has depends: the %d steps run in parallel; "+
			"write type: chain to run them in order, or type: graph to run them in parallel", len(d.steps))
	}
}

// maxDependencies bounds what the groups of a chain multiply to.
const maxDependencies = 1_000_000

// chain makes every step depend on all steps of the entry before its own.
func (d *draft) chain() {
	var before, current []string
	total := 0
	for i, s := range d.steps {
		if i > 0 && s.entry != d.steps[i-1].entry {
			before, current = current, nil
		}
		s.Depends = before
		current = append(current, s.Name)
		total += len(before)
	}
	if total > maxDependencies {
		d.fields.get("steps").keyNode.failHere("the groups make %d dependencies; at most %d are allowed", total, maxDependencies)
	}
}

// link replaces the ids in depends by names. Steps know only those that stand with them.
func link(steps []*stepDraft) {
	targets := make(map[string]string, len(steps))
	for _, s := range steps {
		targets[s.Name] = s.Name
		if s.ID != "" {
			targets[s.ID] = s.Name
		}
	}
	valid := slices.Sorted(maps.Keys(targets))
	for _, s := range steps {
		for _, n := range s.depends {
			text := n.Value // as names, which may be numbers, are
			target, ok := targets[text]
			if !ok {
				n.fail("depends on non-existent step %s%s", text, n.didYouMean(text, valid))
				continue
			}
			s.Depends = append(s.Depends, target)
		}
		s.Depends = unique(s.Depends)
	}
}
