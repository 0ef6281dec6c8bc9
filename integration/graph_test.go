package integration_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"dagu/app"
	"dagu/config"
	"dagu/modules/health"
	"dagu/modules/runner"
	"dagu/modules/store"
)

// settings are those of a home, as its processes load them.
func (h *home) settings() *config.Loaded {
	h.tb.Helper()
	loaded, err := config.Load(config.Options{Environ: h.environ()})
	require.NoError(h.tb, err)
	return loaded
}

// The real graph of the scheduler answers from its start to its stop.
func TestSchedulerGraph(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("hello", "steps:\n  - run: echo\n")
	var registry *health.Registry
	var s *store.Store
	a := fxtest.New(t, app.Scheduler(h.settings()), fx.NopLogger, fx.StartTimeout(patience), fx.Populate(&registry, &s))
	probe := &daemon{tb: t, port: h.port, client: newClient()}
	require.Equal(t, health.Starting, registry.Phase())
	require.Equal(t, refused, probe.answer(), "nothing is done before the start")

	a.RequireStart()
	require.Equal(t, health.Running, registry.Phase())
	require.Equal(t, healthy, probe.answer())
	h.enqueue("hello")
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 1 }, "the run ends")

	require.True(t, registry.Advance(health.Draining))
	require.Equal(t, shuttingDown, probe.answer())
	stop := probe.watch()
	a.RequireStop()
	require.Contains(t, [][]string{{shuttingDown}, {shuttingDown, refused}}, answers(stop()))
	require.Equal(t, refused, probe.answer())
}

// A start that fails is undone: the listener closes and the next start works.
func TestFailedStartIsUndone(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.write("data", "a file where the directory should be")
	a := fx.New(app.Scheduler(h.settings()), fx.NopLogger)
	require.Error(t, a.Start(t.Context()))
	probe := &daemon{tb: t, port: h.port, client: newClient()}
	require.Equal(t, refused, probe.answer())
	r := h.run("scheduler")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, h.path("data"))
}

// The graphs of the other commands start and stop, and listen on no port of the scheduler.
func TestOtherGraphs(t *testing.T) {
	t.Parallel()
	for name, graph := range map[string]app.Graph{
		"start-all": app.StartAll, "server": app.Server, "execute": app.Execute, "records": app.Records,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			loaded := h.settings()
			loaded.Config.Port = freePort(t)
			var s *store.Store
			targets := []any{&s}
			var r *runner.Runner
			if name == "execute" {
				targets = append(targets, &r)
			}
			a := fxtest.New(t, graph(loaded), fx.NopLogger, fx.StartTimeout(patience), fx.Populate(targets...))
			a.RequireStart()
			running, queued, err := s.Counts(t.Context())
			require.NoError(t, err)
			require.Zero(t, running+queued)
			probe := &daemon{tb: t, port: h.port, client: newClient()}
			require.Equal(t, refused, probe.answer())
			a.RequireStop()
			_, _, err = s.Counts(t.Context())
			require.ErrorIs(t, err, store.ErrClosed)
		})
	}
}
