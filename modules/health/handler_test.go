package health_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"dagu/modules/health"

	"github.com/stretchr/testify/require"
)

func ask(t *testing.T, handler http.Handler, method, path string) *http.Response {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return recorder.Result()
}

func body(t *testing.T, response *http.Response) string {
	t.Helper()
	text := make([]byte, 512)
	n, _ := response.Body.Read(text)
	require.NoError(t, response.Body.Close())
	return string(text[:n])
}

func TestHandlerAnswersWithTheVerdict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t, health.Options{StallThreshold: 10 * time.Second})
		handler := health.Handler(r, health.HandlerOptions{})
		check := func(code int, text string, header http.Header) {
			t.Helper()
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				response := ask(t, handler, method, "/health")
				require.Equal(t, code, response.StatusCode)
				require.Equal(t, header, response.Header)
				require.Equal(t, text, body(t, response))
			}
		}
		red := func(length string) http.Header {
			return http.Header{
				"Content-Type": {"application/json"}, "Cache-Control": {"no-store"},
				"Content-Length": {length}, "Connection": {"close"},
			}
		}
		check(503, `{"status":"starting"}`, red("21"))
		require.NoError(t, r.Start(t.Context()))
		r.Advance(health.Running)
		check(200, `{"status":"healthy"}`, http.Header{
			"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "Content-Length": {"20"},
		})
		r.Pulse(schedulerLoop())
		time.Sleep(11 * time.Second) // synctest
		check(503, `{"status":"unhealthy"}`, red("22"))
		require.NoError(t, r.Stop(t.Context()))
		check(503, `{"status":"shutting_down"}`, red("26"))
	})
}

func TestHandlerTellsNothingElse(t *testing.T) {
	t.Parallel()
	handler := health.Handler(newRegistry(t, health.Options{}), health.HandlerOptions{})
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "BREW"} {
		response := ask(t, handler, method, "/health")
		require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode, method)
		require.Equal(t, "GET, HEAD", response.Header.Get("Allow"), method)
		require.Empty(t, body(t, response))
	}
	for _, path := range []string{"/", "/health/", "/healthz", "//health", "/livez/", "/readyz/x/y", "/startupz/x", "/metrics", "/health/x", "/api/v1/health"} {
		for _, method := range []string{"GET", "HEAD", "POST", "BREW"} {
			response := ask(t, handler, method, path)
			require.Equal(t, http.StatusNotFound, response.StatusCode, "%s %s", method, path)
			require.Empty(t, response.Header.Get("Allow"))
			require.Empty(t, body(t, response))
		}
	}
	response := ask(t, handler, "GET", "/health?verbose=1")
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.Equal(t, `{"status":"starting"}`, body(t, response))
}

// writer is a ResponseWriter that costs nothing.
type writer struct{ header http.Header }

func (w writer) Header() http.Header            { return w.header }
func (w writer) Write(text []byte) (int, error) { return len(text), nil }
func (w writer) WriteHeader(int)                {}

func TestHandlerAllocatesAtMostTwice(t *testing.T) {
	handler := health.Handler(running(t, health.Options{}), health.HandlerOptions{})
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/health", nil)
	w := writer{header: make(http.Header)}
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() { handler.ServeHTTP(w, request) }), 2.0)
}

func BenchmarkHandler(b *testing.B) {
	r, err := health.NewRegistry(health.Options{})
	require.NoError(b, err)
	require.NoError(b, r.Start(b.Context()))
	defer func() { require.NoError(b, r.Stop(b.Context())) }()
	r.Advance(health.Running)
	r.Pulse(schedulerLoop())
	handler := health.Handler(r, health.HandlerOptions{})
	request := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/health", nil)
	w := writer{header: make(http.Header)}
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(w, request)
	}
}
