package web_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/health"
	"dagu/modules/schedule"
	"dagu/modules/store"
	"dagu/modules/web"
)

// failing is a store that does not answer, or that panics.
type failing struct {
	web.Store
	panics bool
}

var errDisk = errors.New("/secret/path: disk on fire")

func (f failing) LastRuns(context.Context) (map[string]store.Run, error) {
	if f.panics {
		panic(errDisk)
	}
	return nil, errDisk
}

func (f failing) Enqueue(context.Context, store.NewRun) (store.Run, error) {
	return store.Run{}, errDisk
}

func TestAFaultIsTheRequestsAlone(t *testing.T) {
	t.Parallel()
	registry, err := health.NewRegistry(health.Options{})
	require.NoError(t, err)
	require.NoError(t, registry.Start(t.Context()))
	defer func() { require.NoError(t, registry.Stop(context.WithoutCancel(t.Context()))) }()
	registry.Advance(health.Running)
	for _, fault := range []struct {
		panics bool
		code   int
		level  string
	}{{false, http.StatusServiceUnavailable, "warn"}, {true, http.StatusInternalServerError, "error"}} {
		core, logs := observer.New(zap.WarnLevel)
		server, err := web.New(web.Options{}, web.Deps{
			Catalog: files{{Name: "etl", Good: true}}, Store: failing{panics: fault.panics},
			Registry: registry, Log: zap.New(core),
		})
		require.NoError(t, err)
		require.NoError(t, server.Start(t.Context()))
		client := &http.Client{Transport: &http.Transport{}}
		s := &site{t: t, url: strings.TrimSuffix(server.URL(), "/"), client: client}
		for _, path := range []string{"/", "/api/v1/dags", "/api/v1/dags/etl"} {
			require.NotContains(t, s.json("GET", path, "", fault.code)["error"].(map[string]any)["message"], "secret")
		}
		require.Equal(t, 3, logs.Len())
		require.Equal(t, fault.level, logs.All()[0].Level.String())
		require.Contains(t, s.json("POST", "/api/v1/dags/etl/start", "", http.StatusServiceUnavailable), "error")
		response, text := s.ask("GET", "/api/v1/health", "")
		require.Equal(t, http.StatusOK, response.code, "%s: the store is no concern of this answer", text)
		client.CloseIdleConnections()
		require.NoError(t, server.Stop(t.Context()))
	}
}

func TestServingThatEndsIsTold(t *testing.T) {
	t.Parallel()
	registry, err := health.NewRegistry(health.Options{})
	require.NoError(t, err)
	var died error
	server, err := web.New(web.Options{Died: func(err error) { died = err }}, web.Deps{Registry: registry, Log: zap.NewNop()})
	require.NoError(t, err)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	web.ServeOn(server, listener)
	require.ErrorIs(t, died, net.ErrClosed)
}

func TestTheEarliestOfSeveralSchedulesIsNext(t *testing.T) {
	t.Parallel()
	entry := catalog.Entry{Name: "etl", Good: true}
	for _, text := range []string{"0 0 29 2 *", "* * * * *", "0 0 1 1 *"} {
		spec, err := schedule.Parse(text, time.UTC)
		require.NoError(t, err)
		entry.Schedules = append(entry.Schedules, dag.Schedule{Kind: dag.ScheduleStart, Text: text, Spec: spec})
	}
	etl := open(t, web.Options{}, entry).json("GET", "/api/v1/dags/etl", "", http.StatusOK)
	next, err := time.Parse(time.RFC3339, etl["next_run"].(string))
	require.NoError(t, err)
	require.WithinRange(t, next, time.Now().Add(-time.Hour), time.Now().Add(2*time.Minute))
}

func TestViewOfARun(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	start := time.Date(2026, 7, 1, 12, 0, 0, 0, berlin)
	run := store.Run{Status: store.StatusRunning, Started: start}
	v := web.ViewRun(run, []store.Step{
		{Name: "failed", Exited: true, ExitCode: 3, Started: start, Finished: start.Add(time.Second)},
		{Name: "waits", ExitCode: 7},
	}, start.Add(90*time.Second))
	require.Equal(t, "2026-07-01T10:00:00Z", v.StartedAt.Format(time.RFC3339), "times are in UTC")
	require.Nil(t, v.FinishedAt)
	require.InDelta(t, 90, *v.Seconds, 0)
	require.Equal(t, 3, *v.Steps[0].ExitCode)
	require.InDelta(t, 1, *v.Steps[0].Seconds, 0)
	require.Nil(t, v.Steps[1].ExitCode)
	require.Nil(t, v.Steps[1].Seconds)
}
