package dag

import (
	yaml "go.yaml.in/yaml/v4"
)

// acceptedRows are the fields of a document that change nothing here: what they set up
// does not exist. Most do no harm; the others bring a warning.
//
//nolint:gochecknoglobals // a constant in all but name
var acceptedRows = append([]row[draft]{
	{"run_config", func(_ *draft, n node) { runConfigTable.decode(&runConfig{}, n) }},
	{"resources", decodeResources},
	{"worker_selector", func(_ *draft, n node) { decodeWorkerSelector(n) }},
	{"actions", decodeCustom},
	{"step_types", func(d *draft, n node) {
		n.deprecated("use actions")
		decodeCustom(d, n)
	}},
}, unused(
	"harness", "harnesses", "kubernetes", "llm", "otel", "redis", "registry_auths", "s3", "ssh", "tools", "webhook",
)...)

// unused returns rows that accept a map or a list.
func unused(keys ...string) []row[draft] {
	rows := make([]row[draft], len(keys))
	for i, key := range keys {
		rows[i] = row[draft]{key, func(_ *draft, n node) {
			if n.Kind == yaml.ScalarNode {
				n.fail("must be a map or a list, not %s", n.kind())
				return
			}
			n.unused()
		}}
	}
	return rows
}

// unused looks at a value that nothing uses: it is YAML of the language all the same.
func (n *node) unused() { n.tree(false) }

// runConfig is what a user interface may be told; there is nothing here that asks.
type runConfig struct{ ignored bool }

// runConfigTable is what run_config may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var runConfigTable = newTable(nil,
	row[runConfig]{"disable_param_edit", func(c *runConfig, n node) { setBool(&c.ignored, n) }},
	row[runConfig]{"disable_run_id_edit", func(c *runConfig, n node) { setBool(&c.ignored, n) }},
)

// resources are limits that nothing enforces.
type resources struct{ limits limits }

type limits struct{ cpu, memory string }

//nolint:gochecknoglobals // constants in all but name
var (
	// resourcesTable is what resources may hold.
	resourcesTable = newTable(nil,
		row[resources]{"limits", func(r *resources, n node) { limitsTable.decode(&r.limits, n) }},
	)

	// limitsTable is what resources.limits may hold.
	limitsTable = newTable(nil,
		row[limits]{"cpu", func(l *limits, n node) { l.cpu, _ = n.anyText() }},
		row[limits]{"memory", func(l *limits, n node) { l.memory, _ = n.anyText() }},
	)
)

func decodeResources(_ *draft, n node) {
	resourcesTable.decode(&resources{}, n)
	n.warn("resources are not enforced: steps have the limits of our own process")
}

// decodeWorkerSelector decodes which workers may have a run or a step: there are none
// but ourselves.
func decodeWorkerSelector(n node) {
	if n.Kind != yaml.MappingNode {
		n.oneOf("local")
		return
	}
	for _, e := range n.entries() {
		if !e.value.null() {
			e.value.anyText()
		}
	}
	n.warn("worker_selector has no effect: there are no workers, and every step runs in our own process")
}

// decodeCustom decodes custom actions.
func decodeCustom(_ *draft, n node) {
	if n.Kind != yaml.MappingNode {
		n.fail("must be a map of actions, not %s", n.kind())
		return
	}
	for _, e := range n.entries() {
		if e.value.Kind != yaml.MappingNode {
			e.value.fail("an action must be a map, not %s", e.value.kind())
			continue
		}
		e.value.unused()
	}
}

// custom returns the names of the custom actions of a document.
func (n *node) custom() map[string]bool {
	names := make(map[string]bool)
	if n.Node == nil || n.Kind != yaml.MappingNode {
		return names
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i].Value; key != "actions" && key != "step_types" && key != "stepTypes" {
			continue
		}
		actions := n.at(n.Content[i+1], "", 0)
		for j := 0; actions.Kind == yaml.MappingNode && j+1 < len(actions.Content); j += 2 {
			names[actions.Content[j].Value] = true
		}
	}
	return names
}
