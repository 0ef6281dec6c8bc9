// Package monitoring_test evaluates the alert rules and checks that rules and
// dashboard ask for what the program exposes. It is a module of its own: Prometheus'
// query engine is no part of dagu.
package monitoring_test

import (
	"log/slog"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"github.com/stretchr/testify/require"
)

// interval is the time between two samples and two evaluations.
const interval = 30 * time.Second

func language() parser.Parser { return parser.NewParser(parser.Options{}) }

// alerts parses the rules as Prometheus does.
func alerts(t *testing.T) []rulefmt.Rule {
	t.Helper()
	text, err := os.ReadFile("rules.yaml")
	require.NoError(t, err)
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, language(), slog.New(slog.DiscardHandler))
	require.Empty(t, errs)
	var list []rulefmt.Rule
	for _, g := range groups.Groups {
		list = append(list, g.Rules...)
	}
	require.NotEmpty(t, list)
	return list
}

// fires evaluates the rule over two hours of series, in the notation of promtool.
func fires(t *testing.T, r rulefmt.Rule, series string) bool {
	t.Helper()
	storage := promqltest.LoadedStorage(t, "load "+model.Duration(interval).String()+"\n"+series)
	engine := promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: language()})
	query := rules.EngineQueryFunc(engine, storage)
	expr, err := language().ParseExpr(r.Expr)
	require.NoError(t, err)
	rule := rules.NewAlertingRule(r.Alert, expr, time.Duration(r.For), 0, labels.FromMap(r.Labels), labels.FromMap(r.Annotations),
		labels.EmptyLabels(), "", true, slog.New(slog.DiscardHandler))
	fired := false
	for at := time.Unix(0, 0); !at.After(time.Unix(7200, 0)); at = at.Add(interval) {
		_, err = rule.Eval(t.Context(), 0, at, query, &url.URL{}, 0)
		require.NoError(t, err)
		rule.SetEvaluationTimestamp(at) // before that its state is not known
		for _, a := range rule.ActiveAlerts() {
			require.NotContains(t, a.Annotations.String(), "error expanding")
		}
		fired = fired || rule.State() == rules.StateFiring
	}
	return fired
}

func TestEachAlertFiresAndIsQuiet(t *testing.T) {
	t.Parallel()
	list := alerts(t)
	all := cases()
	for _, r := range list {
		t.Run(r.Alert, func(t *testing.T) {
			t.Parallel()
			c, ok := all[r.Alert]
			require.True(t, ok, "a rule has a case")
			require.NotEmpty(t, r.Annotations["summary"])
			require.NotEmpty(t, r.Annotations["description"])
			require.Contains(t, []string{"critical", "warning"}, r.Labels["severity"])
			require.True(t, fires(t, r, c.fires), "must fire")
			require.False(t, fires(t, r, c.quiet), "must be quiet")
		})
	}
	for name := range all {
		require.True(t, slices.ContainsFunc(list, func(r rulefmt.Rule) bool { return r.Alert == name }), "%s is no rule", name)
	}
}
