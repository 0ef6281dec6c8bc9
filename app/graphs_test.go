package app_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"dagu/app"
	"dagu/config"
)

// load is a configuration whose home is a new directory, on free ports.
func load(t *testing.T) *config.Loaded {
	t.Helper()
	home := t.TempDir()
	loaded, err := config.Load(config.Options{Home: home, Environ: []string{"HOME=" + home}})
	require.NoError(t, err)
	return loaded
}

func graphs() map[string]app.Graph {
	return map[string]app.Graph{
		"scheduler": app.Scheduler,
		"start-all": app.StartAll,
		"server":    app.Server,
		"execute":   app.Execute,
		"records":   app.Records,
		"look":      app.Look,
	}
}

func TestEveryGraphIsValid(t *testing.T) {
	t.Parallel()
	for name, graph := range graphs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, fx.ValidateApp(graph(load(t))))
		})
	}
}

// hookLog collects the hooks in the order in which they ran, as "store.Start".
type hookLog struct {
	mu             sync.Mutex
	started, ended []string
}

// LogEvent is fxevent.Logger.
func (l *hookLog) LogEvent(event fxevent.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := event.(type) {
	case *fxevent.OnStartExecuted:
		l.started = append(l.started, hookName(e.FunctionName))
	case *fxevent.OnStopExecuted:
		l.ended = append(l.ended, hookName(e.FunctionName))
	}
}

// hookName makes "health.(*Server).Start" of "dagu/modules/health.(*Server).Start-fm()".
func hookName(function string) string {
	name := function[strings.LastIndex(function, "/")+1:]
	return strings.TrimSuffix(strings.TrimSuffix(name, "()"), "-fm")
}

func TestTheOrderOfHooks(t *testing.T) {
	t.Parallel()
	engine := []string{
		"app.owner.claim", "life.(*Keeper).Start", "catalog.(*Catalog).Start", "runner.(*Runner).Start", "queue.(*Queue).Start",
		"scheduler.(*Scheduler).Start", "runlog.(*Janitor).Start", "ping.(*Pinger).Start",
	}
	base := []string{"health.(*Registry).Start"}
	up := map[string][]string{
		"scheduler": slices.Concat(base, []string{"health.(*Server).Start", "store.(*Store).Start"}, engine, []string{"app.phase.run"}),
		"start-all": slices.Concat(base, []string{"store.(*Store).Start"}, engine, []string{"web.(*Server).Start", "app.phase.run"}),
		"server": slices.Concat(base, []string{
			"store.(*Store).Start", "catalog.(*Catalog).Start", "web.(*Server).Start", "app.phase.run",
		}),
		"execute": slices.Concat(base, []string{"store.(*Store).Start", "app.owner.claim", "runner.(*Runner).Start"}),
		"records": slices.Concat(base, []string{"store.(*Store).Start"}),
		"look":    slices.Concat(base, []string{"store.(*Store).Start"}),
	}
	for name, graph := range graphs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loaded := load(t)
			loaded.Config.Port, loaded.Config.Scheduler.Port = 0, 0
			if name == "look" { // it finds what another process made
				require.NoError(t, app.Once(t.Context(), app.Records(loaded), func(context.Context) error { return nil }))
			}
			var log hookLog
			a := fx.New(graph(loaded), fx.WithLogger(func() fxevent.Logger { return &log }))
			require.NoError(t, a.Start(t.Context()))
			require.NoError(t, a.Stop(context.WithoutCancel(t.Context())))
			require.Equal(t, up[name], log.started)
			require.Equal(t, down(up[name]), log.ended)
		})
	}
}

// down is the order on the way down: the reverse, with the receipt once runs have
// ended, and the log written out after everything but the health server and the registry behind its verdict.
func down(up []string) []string {
	var list []string
	for _, hook := range slices.Backward(up) {
		if hook == "catalog.(*Catalog).Start" && slices.Contains(up, "runner.(*Runner).Start") {
			list = append(list, "app.drain.tell")
		}
		switch {
		case hook == "app.phase.run":
			hook = "health.(*Registry).StopChecks"
		case hook == "app.owner.claim":
			continue // nothing to stop
		case strings.HasPrefix(hook, "health.") && strings.HasSuffix(hook, ".Start") && !slices.Contains(list, "app.lines.flush"):
			list = append(list, "app.lines.flush")
		}
		list = append(list, strings.Replace(hook, ".Start", ".Stop", 1))
	}
	return list
}
