package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/health"
	"dagu/modules/schedule"
	"dagu/modules/store"
	"dagu/modules/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files is a catalog with fixed entries.
type files []catalog.Entry

func (f files) Snapshot() []catalog.Entry { return f }

func (f files) Lookup(name string) (catalog.Entry, bool) {
	for _, e := range f {
		if e.Name == name {
			return e, true
		}
	}
	return catalog.Entry{}, false
}

// site is a server on a store of its own, with the given entries or with three DAGs: etl, which is fine,
// broken, whose last good version is scheduled, and bad, which never was good.
type site struct {
	t        *testing.T
	url      string
	store    *store.Store
	registry *health.Registry
	client   *http.Client
}

func open(t *testing.T, o web.Options, entries ...catalog.Entry) *site {
	t.Helper()
	st, err := store.New(store.Options{Dir: t.TempDir(), AllowNetworkFS: true}, zap.NewNop())
	require.NoError(t, err)
	require.NoError(t, st.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, st.Stop(context.Background())) })
	require.NoError(t, st.PutTexts(t.Context(), []store.Text{{Hash: "text", DAG: "etl"}}))
	spec, err := schedule.Parse("30 4 * * *", time.UTC)
	require.NoError(t, err)
	schedules := []dag.Schedule{{Kind: dag.ScheduleStart, Text: "30 4 * * *", Spec: spec}}
	registry, err := health.NewRegistry(health.Options{})
	require.NoError(t, err)
	require.NoError(t, registry.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, registry.Stop(context.Background())) })
	if entries == nil {
		entries = []catalog.Entry{
			{Name: "bad", File: "/dags/bad.yaml", Err: errors.New("line 1: <b>never good</b>")},
			{Name: "broken", File: "/dags/broken.yaml", Hash: "text", Good: true, Schedules: schedules, Err: errors.New("line 7: now broken")},
			{Name: "etl", File: "/dags/etl.yaml", Hash: "text", Good: true, Schedules: schedules, Queue: "night", Description: "load & tell"},
		}
	}
	server, err := web.New(o, web.Deps{
		Catalog: files(entries),
		Store:   st, Registry: registry, Log: zap.NewNop(),
	})
	require.NoError(t, err)
	require.NoError(t, server.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	client := &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(client.CloseIdleConnections)
	return &site{t: t, url: strings.TrimSuffix(server.URL(), "/"), store: st, registry: registry, client: client}
}

// answer is what a response says.
type answer struct {
	code   int
	header http.Header
}

// ask sends a request and returns the answer and its body.
func (s *site) ask(method, path, body string, change ...func(*http.Request)) (answer, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	for _, c := range change {
		c(r)
	}
	response, err := s.client.Do(r)
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return answer{response.StatusCode, response.Header}, string(text)
}

// json asks and decodes the answer.
func (s *site) json(method, path, body string, want int) map[string]any {
	s.t.Helper()
	response, text := s.ask(method, path, body)
	require.Equal(s.t, want, response.code, text)
	require.Equal(s.t, "application/json", response.header.Get("Content-Type"))
	var value map[string]any
	require.NoError(s.t, json.Unmarshal([]byte(text), &value))
	return value
}

func TestDAGs(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{})
	list, ok := s.json("GET", "/api/v1/dags", "", 200)["dags"].([]any)
	require.True(t, ok)
	require.Len(t, list, 3)

	etl := s.json("GET", "/api/v1/dags/etl", "", 200)
	require.Equal(t, "night", etl["queue"])
	require.Equal(t, []any{"30 4 * * *"}, etl["schedules"])
	next, err := time.Parse(time.RFC3339, etl["next_run"].(string))
	require.NoError(t, err)
	require.True(t, next.After(time.Now()) && next.Before(time.Now().Add(25*time.Hour)))
	require.NotContains(t, etl, "last_run")
	require.Contains(t, s.json("GET", "/api/v1/dags/broken", "", 200)["error"], "now broken")
	require.Equal(t, false, s.json("GET", "/api/v1/dags/bad", "", 200)["runnable"])
	require.Contains(t, s.json("GET", "/api/v1/dags/none", "", 404), "error")
}

func TestARunFromStartToStop(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{})
	run := s.json("POST", "/api/v1/dags/etl/start", `{"params": ["day=Mon"]}`, 202)
	require.Equal(t, "queued", run["status"])
	id := run["run_id"].(string)

	_, err := s.store.Own(t.Context(), store.RoleScheduler)
	require.NoError(t, err)
	runs, err := s.store.Admit(t.Context(), store.Admission{Free: 1})
	require.NoError(t, err)
	require.Len(t, runs, 1)
	require.NoError(t, s.store.Begin(t.Context(), runs[0].Ref(), "/logs", "/work", []store.Step{{Name: "fetch", Status: store.StepRunning}}))

	shown := s.json("GET", "/api/v1/dag-runs/etl/"+id, "", 200)
	require.Equal(t, "running", shown["status"])
	require.Equal(t, []any{"day=Mon"}, shown["params"])
	require.Equal(t, "fetch", shown["steps"].([]any)[0].(map[string]any)["name"])
	require.Contains(t, s.json("GET", "/api/v1/dag-runs/broken/"+id, "", 404), "error", "another DAG's run")

	require.InDelta(t, 1, s.json("POST", "/api/v1/dags/etl/stop", "", 202)["stopping"], 0)
	requests, err := s.store.StopRequested(t.Context())
	require.NoError(t, err)
	require.Len(t, requests, 1)
	require.Equal(t, id, requests[0].RunID)
	require.NoError(t, s.store.Finish(t.Context(), runs[0].Ref(), store.Result{Status: store.StatusAborted, Reason: store.ReasonStopped}))

	for path, n := range map[string]int{
		"/api/v1/dag-runs": 1, "/api/v1/dag-runs/etl?limit=1": 1, "/api/v1/dag-runs/broken": 0,
		"/api/v1/dag-runs?status=failed": 0, "/api/v1/dag-runs?status=failed&status=aborted": 1,
	} {
		require.Len(t, s.json("GET", path, "", 200)["runs"], n, path)
	}
	require.Equal(t, "aborted", s.json("GET", "/api/v1/dags/etl", "", 200)["last_run"].(map[string]any)["status"])
}

// A run goes on when the file of its DAG is removed; it can be stopped all the same.
func TestStopOfADAGWhoseFileIsGone(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{})
	run, err := s.store.Enqueue(t.Context(), store.NewRun{ID: "run-1", DAG: "gone", Queue: "gone", TextHash: "text", Trigger: store.TriggerManual})
	require.NoError(t, err)
	require.InDelta(t, 1, s.json("POST", "/api/v1/dags/gone/stop", "", 202)["stopping"], 0)
	run, err = s.store.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, store.StatusAborted, run.Status)
	s.json("POST", "/api/v1/dags/gone/stop", "", 404)
	require.InDelta(t, 0, s.json("POST", "/api/v1/dags/etl/stop", "", 202)["stopping"], 0)
}

func TestSuspendAndResume(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{})
	s.json("POST", "/api/v1/dags/etl/suspend", "", 200)
	etl := s.json("GET", "/api/v1/dags/etl", "", 200)
	require.Equal(t, true, etl["suspended"])
	require.NotContains(t, etl, "next_run")
	s.json("POST", "/api/v1/dags/etl/resume", "", 200)
	require.Equal(t, false, s.json("GET", "/api/v1/dags/etl", "", 200)["suspended"])
}

// TestEscapedPaths holds that it does not matter which bytes of a path are escaped.
func TestEscapedPaths(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{}, catalog.Entry{Name: "etl", Hash: "text", Good: true}, catalog.Entry{Name: "a,b", Err: errors.New("bad name")})
	require.Equal(t, "etl", s.json("GET", "/api/v1/dags/%65tl", "", 200)["name"])
	require.Equal(t, "a,b", s.json("GET", "/api/v1/dags/a%2Cb", "", 200)["name"])
	id, _ := s.json("POST", "/api/v1/dags/%65tl/start", "", 202)["run_id"].(string)
	require.Len(t, s.json("GET", "/api/v1/dag-runs/et%6C", "", 200)["runs"], 1)
	require.Equal(t, id, s.json("GET", "/api/v1/dag-runs/et%6C/"+strings.ReplaceAll(id, "-", "%2D"), "", 200)["run_id"])
	response, text := s.ask("POST", "/dags/%65tl/sto%70", "")
	require.Equal(t, 303, response.code, text)
	s.json("GET", "/api/v1/dags/etl%2Fx", "", 404)
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{})
	for _, test := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/api/v1/dags/none/start", "", 404},
		{"POST", "/api/v1/dags/bad/start", "", 409},
		{"POST", "/api/v1/dags/etl/start", "{", 400},
		{"POST", "/api/v1/dags/etl/start", `{"parms": []}`, 400},
		{"POST", "/api/v1/dags/etl/start", `{"params": []} {"params": ["x"]}`, 400},
		{"POST", "/api/v1/dags/etl/start", `{"params": []}]`, 400},
		{"POST", "/api/v1/dags/etl/start", `{"params": ["` + strings.Repeat("x", 70<<10) + `"]}`, 400},
		{"POST", "/api/v1/dags/etl/dance", "", 404},
		{"GET", "/api/v1/dags/etl/start", "", 405},
		{"DELETE", "/api/v1/dags/etl", "", 405},
		{"GET", "/api/v1/dag-runs?limit=0", "", 400},
		{"GET", "/api/v1/dag-runs?limit=x", "", 400},
		{"GET", "/api/v1/dag-runs?limit=1001", "", 400},
		{"GET", "/api/v1/dag-runs?status=running&status=fine", "", 400},
		{"GET", "/api/v1/dag-runs/etl/none", "", 404},
		{"POST", "/dags/etl/dance", "", 404},
		{"GET", "/nothing", "", 404},
	} {
		answer := s.json(test.method, test.path, test.body, test.want)
		require.Contains(t, answer["error"], "message", "%s %s", test.method, test.path)
	}
	require.Empty(t, s.json("GET", "/api/v1/dag-runs", "", 200)["runs"], "nothing was started")
}

func TestThePage(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{BasePath: "/dagu"})
	response, text := s.ask("GET", "/", "")
	require.Equal(t, 200, response.code)
	require.Contains(t, response.header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Contains(t, text, "load &amp; tell")
	require.Contains(t, text, "&lt;b&gt;never good&lt;/b&gt;", "what a file says is text")
	require.Contains(t, text, `action="/dagu/dags/etl/start"`)
	require.NotContains(t, text, "://", "nothing is fetched from elsewhere")

	response, _ = s.ask("POST", "/dags/etl/start", "")
	require.Equal(t, 303, response.code)
	require.Equal(t, "/dagu/", response.header.Get("Location"))
	_, text = s.ask("GET", "/", "")
	require.Contains(t, text, "queued")
	response, _ = s.ask("GET", "/page.css", "")
	require.Equal(t, "text/css; charset=utf-8", response.header.Get("Content-Type"))
	response, _ = s.ask("HEAD", "/", "")
	require.Equal(t, 200, response.code)
}

func TestHealthIsTheRegistrysVerdict(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{Mode: web.ModeBasic, Username: "ops", Password: "secret"})
	for _, step := range []struct {
		phase health.Phase
		code  int
		body  string
	}{
		{health.Starting, 503, `{"status":"starting"}`},
		{health.Running, 200, `{"status":"healthy"}`},
		{health.Draining, 503, `{"status":"shutting_down"}`},
	} {
		s.registry.Advance(step.phase)
		response, text := s.ask("GET", "/api/v1/health", "")
		require.Equal(t, step.code, response.code, "without login")
		require.Equal(t, step.body, text)
		response, _ = s.ask("HEAD", "/api/v1/health", "")
		require.Equal(t, step.code, response.code)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{Mode: web.ModeBasic, Username: "ops", Password: "secret"})
	as := func(name, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(name, password) }
	}
	for _, path := range []string{"/", "/page.css", "/api/v1/dags", "/api/v1/dag-runs"} {
		response, _ := s.ask("GET", path, "")
		require.Equal(t, 401, response.code, path)
		require.Contains(t, response.header.Get("WWW-Authenticate"), "Basic")
		for _, wrong := range []func(*http.Request){as("ops", "wrong"), as("root", "secret"), as("", "")} {
			response, _ = s.ask("GET", path, "", wrong)
			require.Equal(t, 401, response.code, path)
		}
		response, _ = s.ask("GET", path, "", as("ops", "secret"))
		require.Equal(t, 200, response.code, path)
	}
}

func TestOtherOriginsChangeNothing(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{})
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
	} {
		for _, path := range []string{"/api/v1/dags/etl/start", "/dags/etl/suspend"} {
			response, _ := s.ask("POST", path, "", change)
			require.Equal(t, 403, response.code, path)
		}
	}
	require.Empty(t, s.json("GET", "/api/v1/dag-runs", "", 200)["runs"])
}

func TestLoopbackAnswersForItsOwnNamesOnly(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{})
	for host, want := range map[string]int{
		"localhost": 200, "localhost:1": 200, "127.0.0.1": 200, "[::1]:8080": 200,
		"evil.example": 421, "localhost.evil.example": 421, "192.168.0.1": 421,
	} {
		response, _ := s.ask("GET", "/api/v1/dags", "", func(r *http.Request) { r.Host = host })
		require.Equal(t, want, response.code, host)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]web.Options{
		"DAGU_AUTH_MODE":   {Host: "0.0.0.0"},
		"port":             {Port: 70000},
		"base path":        {BasePath: "dagu"},
		"auth.basic":       {Mode: web.ModeBasic, Username: "ops"},
		`auth.mode "oidc"`: {Mode: "oidc"},
	} {
		_, err := web.New(o, web.Deps{Log: zap.NewNop()})
		require.ErrorContains(t, err, want)
	}
}

func TestAnAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	registry, err := health.NewRegistry(health.Options{})
	require.NoError(t, err)
	port := listener.Addr().(*net.TCPAddr).Port
	server, err := web.New(web.Options{Port: port}, web.Deps{Registry: registry, Log: zap.NewNop()})
	require.NoError(t, err)
	err = server.Start(t.Context())
	require.ErrorContains(t, err, strconv.Itoa(port))
	require.ErrorContains(t, err, "--port")
	require.NoError(t, server.Stop(t.Context()))
}

func TestStartAndStopInAnyOrder(t *testing.T) {
	t.Parallel()
	registry, err := health.NewRegistry(health.Options{})
	require.NoError(t, err)
	server, err := web.New(web.Options{}, web.Deps{Registry: registry, Log: zap.NewNop()})
	require.NoError(t, err)
	require.NoError(t, server.Stop(t.Context()))
	require.NoError(t, server.Start(t.Context()))
	require.Empty(t, server.URL(), "a stopped server does not start")
	require.NoError(t, server.Stop(t.Context()))
}
