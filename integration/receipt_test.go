package integration_test

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// receipt is the line in which a process that stopped tells what that did.
type receipt struct {
	d      *daemon
	fields map[string]any
}

func (d *daemon) receipt() receipt {
	d.tb.Helper()
	var found []string
	for line := range strings.Lines(d.log.String()) {
		if _, fields, ok := strings.Cut(line, " INFO drained "); ok {
			found = append(found, fields)
		}
	}
	require.Len(d.tb, found, 1, "one receipt\n%s", d.log)
	r := receipt{d: d}
	require.NoError(d.tb, json.Unmarshal([]byte(found[0]), &r.fields))
	return r
}

// names are the DAGs of the runs of a kind, sorted; their number is told as well.
func (r receipt) names(kind string) []string {
	r.d.tb.Helper()
	list, _ := r.fields[kind+"_runs"].([]any)
	names := make([]string, len(list))
	for i, item := range list {
		names[i], _, _ = strings.Cut(item.(string), " ")
	}
	require.InDelta(r.d.tb, len(names), r.fields[kind], 0)
	slices.Sort(names)
	return names
}
