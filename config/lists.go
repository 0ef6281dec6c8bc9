package config

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// readNames reads env_passthrough.
func readNames(f *file, k key, node *yaml.Node) any {
	valid := regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)?\*?$`)
	var names []string
	for _, item := range node.Content {
		item = follow(item)
		if item.Kind != yaml.ScalarNode || item.Value == "" || !valid.MatchString(item.Value) {
			f.reject(item.Line, k, found(item), "want a name of a variable, or a prefix with * behind it")
			continue
		}
		names = append(names, item.Value)
	}
	return names
}

// readQueues reads queues.config.
func readQueues(f *file, k key, node *yaml.Node) any {
	var queues []Queue
	lines := map[string]int{}
	for _, item := range node.Content {
		item = follow(item)
		if item.Kind != yaml.MappingNode {
			f.reject(item.Line, k, found(item), "want a mapping with name and max_concurrency")
			continue
		}
		queue, ok := f.queue(k, item)
		if !ok {
			continue
		}
		if line := lines[queue.Name]; line > 0 {
			f.reject(item.Line, k, queue.Name, fmt.Sprintf("want names that differ; line %d has this one", line))
			continue
		}
		lines[queue.Name] = item.Line
		queues = append(queues, queue)
	}
	return queues
}

// queue reads one entry of queues.config; false means that it was rejected.
func (f *file) queue(k key, node *yaml.Node) (Queue, bool) {
	const prefix = "queues.config[]."
	queue, good := Queue{MaxConcurrency: DefaultMaxConcurrency}, true
	reject := func(line int, name, what, want string) {
		good = false
		f.reject(line, key{name: name}, what, want)
		f.broken[k.name] = true
	}
	seen := map[string]bool{}
	for _, p := range pairs(node) {
		name, ok := f.spelling(p.key, prefix, []string{"name", "max_concurrency"})
		value := follow(p.value)
		switch {
		case !ok || isNull(value):
		case seen[name]:
			reject(p.key.Line, name, p.key.Value, "want it once")
		case value.Kind != yaml.ScalarNode:
			reject(value.Line, name, found(value), "want a single value")
		case name == prefix+"name":
			queue.Name = strings.TrimSpace(value.Value)
		default:
			n, err := parseInt(1, maxQueue)(value.Value, f.from)
			if err != nil {
				reject(value.Line, name, value.Value, err.Error())
				break
			}
			queue.MaxConcurrency, _ = n.(int)
		}
		seen[name] = ok
	}
	if queue.Name == "" && good {
		reject(node.Line, prefix+"name", "", "missing; every queue needs a name")
	}
	return queue, good
}

const maxQueue = 1_000_000
