package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"dagu/modules/action"
	"dagu/modules/dag"
	"dagu/modules/dag/value"
)

// call is a run of another DAG that a step asks for.
type call struct {
	id     string
	target string
	words  []string // the parameters
	params string   // the same for people
	item   string   // "" without parallel
	queue  string   // "" is that of the DAG
}

// itemName is the variable that holds the item of a call while its texts are resolved.
const itemName = "ITEM"

// resolveCalls makes the calls of the step: one, or one for each item that asks for
// something else than those before it.
func (e *execution) resolveCalls(definition *action.Definition) error {
	if e.task.step.Parallel == nil {
		c, err := e.resolveCall(definition, e.scope.values, nil)
		e.calls = []call{c}
		return err
	}
	items, err := e.items()
	if err != nil {
		return err
	}
	seen := make(map[string]bool, len(items))
	for _, item := range items {
		c, err := e.resolveCall(definition, withItem(e.scope.values, item), &item)
		if err != nil {
			return fmt.Errorf("item %q: %w", shortened(item), err)
		}
		if !seen[c.id] {
			seen[c.id] = true
			e.calls = append(e.calls, c)
		}
	}
	return nil
}

// items resolves what parallel says.
func (e *execution) items() ([]string, error) {
	p := e.task.step.Parallel
	var items []string
	if p.Text != "" {
		items = dag.SplitItems(e.scope.values.Expand(p.Text))
	}
	for _, item := range p.Items {
		items = append(items, dag.ItemText(e.scope.values.ExpandTree(item)))
	}
	switch {
	case len(items) == 0:
		return nil, errors.New("parallel has no items")
	case len(items) > dag.MaxItems:
		return nil, fmt.Errorf("parallel has %d items, more than %d", len(items), dag.MaxItems)
	}
	return items, nil
}

// withItem adds the item to what texts may name.
func withItem(values value.Scope, item string) value.Scope {
	outer := values.Env
	values.Env = func(name string) (string, bool) {
		if name == itemName {
			return item, true
		}
		return outer(name)
	}
	return values
}

// resolveCall resolves with for an item, nil for none, which only the target and the
// parameters can name.
func (e *execution) resolveCall(definition *action.Definition, values value.Scope, item *string) (call, error) {
	with := make(action.Values, len(e.task.step.Action.With))
	for key, v := range e.task.step.Action.With {
		if key == "queue" {
			with[key] = e.scope.values.ExpandTree(v)
			continue
		}
		with[key] = values.ExpandTree(v)
	}
	if problems := definition.Problems(with, true); len(problems) > 0 {
		return call{}, fmt.Errorf("action %s: %w", definition.Name, problems[0])
	}
	c := call{target: strings.TrimSpace(with.Text("dag")), queue: strings.TrimSpace(with.Text("queue"))}
	if c.target == "" {
		return call{}, fmt.Errorf("action %s: with.dag is blank", definition.Name)
	}
	var err error
	switch {
	case with.Has("params"):
		c.words, c.params, err = dag.CallParams(with["params"])
	case item != nil:
		c.words, c.params, err = dag.CallParams(*item)
	}
	if err != nil {
		return call{}, fmt.Errorf("action %s: %w", definition.Name, err)
	}
	if item != nil {
		c.item = *item
	}
	c.id = e.callID(definition.Name, c)
	return c, nil
}

// callID derives the id of a call's run from all that makes it what it is, so that
// another try of the step, or another attempt of the run, finds the run that there is.
// Where a step is meant to do its work once more, it is another one: for a handler, a
// step that the attempt is about, and one that its repeat policy repeats.
func (e *execution) callID(name string, c call) string {
	x := e.run
	parts := []string{x.rec.ID, e.task.title(), name, c.target, c.item, strconv.Itoa(e.task.round)}
	if e.task.handler || slices.Contains(x.rec.Only, e.task.step.Name) {
		parts = append(parts, "attempt "+strconv.Itoa(x.rec.Attempt))
	}
	text, err := json.Marshal([][]string{parts, c.words})
	if err != nil {
		text = fmt.Append(nil, parts, c.words) // texts always have an encoding
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, text).String()
}

// mostShown is how much of an item an error repeats, in bytes.
const mostShown = 60

func shortened(text string) string {
	if len(text) <= mostShown {
		return text
	}
	return strings.ToValidUTF8(text[:mostShown], "") + "…"
}
