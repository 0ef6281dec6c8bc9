package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"dagu/modules/dag"
	"dagu/modules/dag/value"
	"dagu/modules/store"
)

// foreachItems resolves the items of a foreach, with their keys.
func (e *execution) foreachItems() ([]item, error) {
	f := e.task.step.Foreach
	values := f.Items
	if f.Text != "" {
		var err error
		if values, err = jsonArray(e.task.scope.values.Expand(f.Text)); err != nil {
			return nil, err
		}
	}
	if len(values) > dag.MaxItems {
		return nil, fmt.Errorf("foreach.items must have at most %d entries, not %d", dag.MaxItems, len(values))
	}
	items := make([]item, len(values))
	seen := make(map[string]int, len(values))
	for i, v := range values {
		if f.Text == "" {
			v = e.task.scope.values.ExpandTree(v)
		}
		it := item{index: i, refs: around(e.task.scope.values.Foreach, f.As)}
		it.bind(f.As, v)
		if it.key = e.keyOf(&it); it.key == "" {
			return nil, fmt.Errorf("foreach.key of item %d is empty", i)
		}
		if other, again := seen[it.key]; again {
			return nil, fmt.Errorf("duplicate foreach item key %q: items %d and %d have it", it.key, other, i)
		}
		seen[it.key] = i
		it.refs["key"] = it.key
		items[i] = it
	}
	return items, nil
}

func (e *execution) keyOf(it *item) string {
	if e.task.step.Foreach.Key == "" {
		return strconv.Itoa(it.index)
	}
	values := e.task.scope.values
	values.Foreach = it.refs
	return strings.TrimSpace(values.Expand(e.task.step.Foreach.Key))
}

// jsonArray reads a text that must be one JSON array.
func jsonArray(text string) ([]any, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var array []any
	wrong := errors.New("foreach.items string must resolve to a JSON array")
	if err := decoder.Decode(&array); err != nil || array == nil {
		return nil, wrong
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, wrong
	}
	return array, nil
}

// around is what a body may name of the items around it, but for one of the same name.
func around(outer map[string]string, as string) map[string]string {
	refs := make(map[string]string, len(outer)+3)
	for name, text := range outer {
		if name != as && !strings.HasPrefix(name, as+".") {
			refs[name] = text
		}
	}
	return refs
}

// bind makes what a body may name of the item.
func (it *item) bind(as string, v any) {
	it.refs["index"] = strconv.Itoa(it.index)
	it.refs[as] = dag.ItemText(v)
	fields, _ := v.(map[string]any)
	for name, field := range fields {
		it.refs[as+"."+name] = dag.ItemText(field)
	}
}

// itemEntry is an item in the result of a foreach.
type itemEntry struct {
	Index  int          `json:"index"`
	Key    string       `json:"key"`
	Status store.Status `json:"status"`
	// Outputs is a map, also an empty one, for a good item, and nil for another.
	Outputs any    `json:"outputs,omitempty"`
	Error   string `json:"error,omitempty"`
}

// counts are the numbers of items.
type counts struct {
	Total     int `json:"total"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
}

// summary is the result of a foreach: JSON with the items in the order of their index.
func summary(items []item) (string, error) {
	result := struct {
		Summary counts              `json:"summary"`
		Items   []itemEntry         `json:"items"`
		Outputs []map[string]string `json:"outputs"`
	}{Summary: counts{Total: len(items)}, Items: make([]itemEntry, 0, len(items)), Outputs: make([]map[string]string, 0, len(items))}
	for i := range items {
		it := &items[i]
		entry := itemEntry{Index: it.index, Key: it.key, Status: it.status}
		if it.err != nil {
			entry.Error = it.err.Error()
			result.Summary.Failed++
		} else {
			entry.Outputs = it.collected
			result.Outputs = append(result.Outputs, it.collected)
			result.Summary.Succeeded++
		}
		result.Items = append(result.Items, entry)
	}
	return value.JSON(result)
}
