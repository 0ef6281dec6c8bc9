package action_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/action"
)

// TestWaitsLookAgain holds the time between two looks: a second, or what poll_interval says.
func TestWaitsLookAgain(t *testing.T) {
	t.Parallel()
	for interval, want := range map[string]time.Duration{"": time.Second, "1m": time.Minute} {
		t.Run(interval, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				if asked.Add(1) == 1 {
					rw.WriteHeader(http.StatusServiceUnavailable)
				}
			}))
			t.Cleanup(s.Close)
			s.Config.SetKeepAlivesEnabled(false) // time stands still in a bubble that may still hear of a connection
			synctest.Test(t, func(t *testing.T) {
				w := newWorkbench(t)
				took := func(name string, with action.Values) time.Duration {
					if interval != "" {
						with["poll_interval"] = interval
					}
					begin := time.Now()
					w.done(name, with)
					return time.Since(begin)
				}
				require.Equal(t, want, took("wait.http", action.Values{"url": s.URL}))
				time.AfterFunc(want/2, func() { w.put(map[string]string{"f": ""}) })
				require.Equal(t, want, took("wait.file", action.Values{"path": "f"}))
			})
		})
	}
}
