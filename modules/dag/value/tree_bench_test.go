package value_test

import (
	"testing"

	"dagu/modules/dag/value"
)

// BenchmarkExpandTree resolves the fields of an action as the start of a step does.
func BenchmarkExpandTree(b *testing.B) {
	s := value.Scope{
		Env:    value.Layers(map[string]string{"HOST": "example.org"}),
		Consts: map[string]string{"team": "core"},
	}
	with := map[string]any{
		"method": "POST", "url": "https://$HOST/reports/${consts.team}", "timeout": int64(30),
		"headers": map[string]any{"Accept": "application/json", "X-Team": "${consts.team}"},
		"body":    map[string]any{"team": "${consts.team}", "host": "${HOST}", "rows": []any{int64(1), "two"}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if s.ExpandTree(with) == nil {
			b.Fatal("nothing was resolved")
		}
	}
}
