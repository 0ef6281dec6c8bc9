package dag

import (
	"strconv"
	"strings"

	"dagu/modules/action"

	yaml "go.yaml.in/yaml/v4"
)

// The items that a step is made into.
const (
	// defaultConcurrent is how many are worked on at once.
	defaultConcurrent = 10
	// MaxItems is how many there may be, and may be worked on at once at most.
	MaxItems = 1000
)

// parallelTable is what parallel may hold as a map.
//
//nolint:gochecknoglobals // a constant in all but name
var parallelTable = newTable(nil,
	row[Parallel]{"items", decodeItems},
	row[Parallel]{"max_concurrent", func(p *Parallel, n node) { setConcurrent(&p.MaxConcurrent, n) }},
)

// decodeParallel decodes the items of a call: a list, a text, or a map that has either.
func decodeParallel(s *stepDraft, n node) {
	s.Parallel = &Parallel{MaxConcurrent: defaultConcurrent}
	if n.Kind != yaml.MappingNode {
		decodeItems(s.Parallel, n)
		return
	}
	if all := parallelTable.decode(s.Parallel, n); !all.has("items") {
		n.failHere("parallel must have items")
	}
}

func decodeItems(p *Parallel, n node) {
	switch {
	case n.Kind == yaml.SequenceNode:
		p.Items = make([]any, 0, len(n.Content))
		for _, item := range n.items() {
			if item.isItem() {
				p.Items = append(p.Items, item.tree(true))
			}
		}
	case n.textual():
		n.check(n.Value)
		if p.Text = n.Value; strings.TrimSpace(n.Value) == "" {
			p.Text, p.Items = "", []any{}
		}
	default:
		n.fail("the items of parallel must be a list or a text, not %s", n.kind())
	}
}

// isItem tells whether the node is a text, a number or a flat map, and records what is
// wrong otherwise.
func (n *node) isItem() bool {
	switch {
	case n.Kind == yaml.MappingNode:
		all := n.entries()
		for i := range all {
			if v := &all[i].value; !v.scalar() {
				v.fail("a value of an item of parallel must be a text, number or boolean, not %s", v.kind())
				return false
			}
		}
		return true
	case n.scalar() && n.Tag != tagBool:
		return true
	}
	n.fail("an item of parallel must be a text, a number or a flat map, not %s", n.kind())
	return false
}

// setConcurrent sets how many items are worked on at once.
func setConcurrent(to *int, n node) {
	if n.scalar() && (n.Tag == tagInt || n.Tag == tagText) {
		if i, err := strconv.Atoi(strings.TrimSpace(n.plain())); err == nil && i >= 1 && i <= MaxItems {
			*to = i
			return
		}
	}
	n.fail("must be an integer from 1 to %d", MaxItems)
}

// checkParallel records a parallel that stands beside something other than a call.
func (s *stepDraft) checkParallel() {
	e := s.fields.given("parallel")
	if e == nil || (s.Action != nil && (s.Action.Name == action.DAGRun || s.Action.Name == action.DAGEnqueue)) {
		return
	}
	e.keyNode.failHere("parallel can only stand beside action: %s or action: %s", action.DAGRun, action.DAGEnqueue)
}
