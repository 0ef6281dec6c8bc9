package health_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dagu/modules/health"

	"github.com/stretchr/testify/require"
)

// at answers a request that reached the server at an address.
func at(t *testing.T, handler http.Handler, address, path string) (int, string) {
	t.Helper()
	ctx := context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(address)})
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
	return recorder.Code, recorder.Body.String()
}

func TestDetails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var disk, store looks
		r := watched(t, health.Options{StallThreshold: time.Minute}, disk.check("disk"), store.check("store"))
		r.Pulse(schedulerLoop()).Beat("turn")
		r.Pulse(health.Loop{Name: health.StoreWriter}).Beat("turn")
		disk.set(errors.New("secret reason"))
		time.Sleep(6 * time.Second) // synctest
		synctest.Wait()
		handler := health.Handler(r, health.HandlerOptions{})
		const healthy, unhealthy = `{"status":"healthy"}`, `{"status":"unhealthy"}`
		for path, want := range map[string]struct {
			code int
			body string
		}{
			"/readyz": {503, unhealthy},
			"/readyz?verbose": {503, `{"status":"unhealthy","checks":[` +
				`{"name":"disk","status":"unhealthy","changed_seconds":0,"age_seconds":1},` +
				`{"name":"scheduler-loop","status":"healthy","changed_seconds":6,"age_seconds":5},` +
				`{"name":"store","status":"healthy","changed_seconds":6,"age_seconds":1},` +
				`{"name":"store-writer","status":"healthy","changed_seconds":6,"age_seconds":5}]}`},
			"/readyz?verbose=false":              {503, unhealthy},
			"/readyz?other":                      {503, unhealthy},
			"/readyz?exclude=disk":               {200, healthy},
			"/readyz?exclude=store&exclude=disk": {200, healthy},
			"/readyz?exclude=nothing":            {404, ""},
			"/readyz?exclude=":                   {404, ""},
			"/readyz/disk":                       {503, unhealthy},
			"/readyz/store":                      {200, healthy},
			"/readyz/nothing":                    {404, ""},
			"/livez":                             {200, healthy},
			"/livez?verbose=1": {200, `{"status":"healthy","checks":[` +
				`{"name":"scheduler-loop","status":"healthy","changed_seconds":6,"age_seconds":5}]}`},
			"/livez/scheduler-loop": {200, healthy},
			"/livez/scheduler-loop?verbose": {200, `{"status":"healthy","checks":[` +
				`{"name":"scheduler-loop","status":"healthy","changed_seconds":6,"age_seconds":5}]}`},
			"/livez/store-writer":     {404, ""},
			"/livez?exclude=disk":     {404, ""},
			"/startupz":               {200, healthy},
			"/startupz?verbose":       {200, `{"status":"healthy","checks":[]}`},
			"/health?verbose":         {200, healthy},
			"/health?exclude=nothing": {200, healthy},
			"/health/scheduler-loop":  {404, ""},
			"/startupz/store":         {404, ""},
		} {
			code, body := at(t, handler, "127.0.0.1", path)
			require.Equal(t, want.code, code, path)
			require.Equal(t, want.body, body, path)
		}
	})
}

func TestDetailsAreForSome(t *testing.T) {
	t.Parallel()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("figures")) })
	r := running(t, health.Options{})
	r.Pulse(schedulerLoop())
	for _, c := range []struct {
		details health.Details
		address string
		given   bool
	}{
		{health.DetailsOnLoopback, "127.0.0.1", true},
		{health.DetailsOnLoopback, "127.8.8.8", true},
		{health.DetailsOnLoopback, "::1", true},
		{health.DetailsOnLoopback, "10.0.0.7", false},
		{health.DetailsOnLoopback, "fd00::7", false},
		{health.DetailsAlways, "10.0.0.7", true},
		{health.DetailsNever, "127.0.0.1", false},
	} {
		handler := health.Handler(r, health.HandlerOptions{Details: c.details, Metrics: metrics})
		want := http.StatusNotFound
		if c.given {
			want = http.StatusOK
		}
		for _, path := range []string{
			"/livez?verbose", "/livez?exclude=scheduler-loop", "/livez/scheduler-loop", "/readyz/scheduler-loop?verbose", "/metrics",
		} {
			code, _ := at(t, handler, c.address, path)
			require.Equal(t, want, code, "%v %s %s", c.details, c.address, path)
		}
		for _, path := range []string{"/health", "/livez", "/readyz", "/startupz", "/health?verbose"} {
			code, body := at(t, handler, c.address, path)
			require.Equal(t, http.StatusOK, code, "%v %s %s", c.details, c.address, path)
			require.Equal(t, `{"status":"healthy"}`, body)
		}
	}
}

// A method tells no more of details than GET does, and no other path either.
func TestOtherMethodsFindWhatGetFinds(t *testing.T) {
	t.Parallel()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("figures")) })
	r := running(t, health.Options{})
	r.Pulse(schedulerLoop())
	handler := health.Handler(r, health.HandlerOptions{Metrics: metrics})
	for _, path := range []string{
		"/health", "/livez", "/readyz", "/startupz", "/metrics", "/livez/scheduler-loop", "/readyz/scheduler-loop",
		"/livez/nothing", "/livez/..", "/livez/%2e%2e", "/livez/scheduler%2dloop", "/health/scheduler-loop",
		"/%68ealth", "/%6civez", "//livez", "/livez//", "/readyz/" + strings.Repeat("x", 7000),
	} {
		for _, address := range []string{"127.0.0.1", "10.0.0.7"} {
			got, _ := at(t, handler, address, path)
			for _, method := range []string{http.MethodPost, http.MethodOptions, "BREW"} {
				ctx := context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(address)})
				recorder := httptest.NewRecorder()
				handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, method, path, nil))
				want := http.StatusNotFound
				if got == http.StatusOK {
					want = http.StatusMethodNotAllowed
				}
				require.Equal(t, want, recorder.Code, "%s %s at %s", method, path, address)
			}
		}
	}
}

// The verdict and the list of one answer are of one moment.
func TestVerdictAgreesWithTheList(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, health.Options{StallThreshold: time.Second})
	r.Advance(health.Running)
	pulse := r.Pulse(schedulerLoop())
	health.Evaluate(r)
	done := make(chan struct{})
	var flipping sync.WaitGroup
	flipping.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				health.Evaluate(r) // it is red
				pulse.Beat("turn") // it is not
				health.Evaluate(r)
			}
		}
	})
	defer flipping.Wait()
	defer close(done)
	handler := health.Handler(r, health.HandlerOptions{})
	for range 10_000 {
		_, body := at(t, handler, "127.0.0.1", "/readyz?verbose")
		word := strings.Split(body, `"`)[3]
		require.Equal(t, 2, strings.Count(body, `"status":"`+word+`"`), "one answer says two things: %s", body)
	}
}

func TestInstanceIsConfirmedToWhoKnowsIt(t *testing.T) {
	t.Parallel()
	handler := health.Handler(running(t, health.Options{}), health.HandlerOptions{
		Knows: func(text string) bool { return text == "ABC" },
	})
	for _, path := range []string{"/health", "/livez", "/readyz"} {
		for asked, told := range map[string]string{"": "", "ABC": "ABC", "abc": "", "ABCD": ""} {
			recorder := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			if asked != "" {
				request.Header.Set(health.InstanceHeader, asked)
			}
			handler.ServeHTTP(recorder, request)
			require.Equal(t, told, recorder.Header().Get(health.InstanceHeader), "%s %q", path, asked)
		}
	}
}

// Details may cost more than a plain answer, but touch no lock: they are told while
// the registration of parts is under way.
func TestDetailsDoNotWaitForTheRegistry(t *testing.T) {
	t.Parallel()
	r := running(t, health.Options{})
	r.Pulse(schedulerLoop())
	release := health.Lock(r)
	defer release()
	code, _ := at(t, health.Handler(r, health.HandlerOptions{}), "127.0.0.1", "/readyz?verbose")
	require.Equal(t, http.StatusOK, code)
}
