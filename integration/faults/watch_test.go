package faults_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

const (
	// every is how often a probe is asked.
	every = 100 * time.Millisecond
	// clientTimeout is what a prober in the field waits.
	clientTimeout = 5 * time.Second
)

// endpoints are all that are watched.
func endpoints() []string { return []string{health, live, ready, startup} }

// watch asks the probes of a subject, each over a connection of its own.
type watch struct {
	mu     sync.Mutex   // guards lines
	held   sync.RWMutex // held for writing while nobody may be asked
	lines  map[string]timeline
	cancel context.CancelFunc
	all    sync.WaitGroup
}

func newWatch(tb testing.TB, port int) *watch {
	tb.Helper()
	return newWatchEvery(tb, port, every)
}

// newWatchEvery is newWatch that asks more often, or less.
func newWatchEvery(tb testing.TB, port int, every time.Duration) *watch {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{lines: map[string]timeline{}, cancel: cancel}
	for i, endpoint := range endpoints() {
		method := []string{http.MethodGet, http.MethodHead}[i%2]
		w.all.Go(func() {
			w.ask(ctx, every, question{method, "http://127.0.0.1:" + strconv.Itoa(port) + endpoint, endpoint})
		})
	}
	tb.Cleanup(w.stop)
	return w
}

// stop ends the watch.
func (w *watch) stop() {
	w.cancel()
	w.all.Wait()
}

// hold has nobody asked until goOn.
func (w *watch) hold() { w.held.Lock() }

func (w *watch) goOn() { w.held.Unlock() }

// question is what an endpoint is asked with.
type question struct{ method, url, endpoint string }

func (w *watch) ask(ctx context.Context, every time.Duration, q question) {
	client := &http.Client{Timeout: clientTimeout, Transport: &http.Transport{MaxIdleConns: 1}}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		w.held.RLock()
		begin := time.Now()
		code := once(ctx, client, q.method, q.url)
		w.held.RUnlock()
		if ctx.Err() != nil {
			return
		}
		w.mu.Lock()
		w.lines[q.endpoint] = append(w.lines[q.endpoint], sample{begin, code, time.Since(begin)})
		w.mu.Unlock()
	}
}

// once asks once; 0 is no answer.
func once(ctx context.Context, client *http.Client, method, url string) int {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return 0
	}
	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	if _, err = io.Copy(io.Discard, response.Body); err != nil {
		return 0
	}
	return response.StatusCode
}

// line is what an endpoint has answered until now.
func (w *watch) line(endpoint string) timeline {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append(timeline{}, w.lines[endpoint]...)
}

// last is the last answer of an endpoint.
func (w *watch) last(endpoint string) sample {
	w.mu.Lock()
	defer w.mu.Unlock()
	if line := w.lines[endpoint]; len(line) > 0 {
		return line[len(line)-1]
	}
	return sample{}
}

// green tells whether all endpoints were green when they were last asked.
func (w *watch) green() bool {
	for _, endpoint := range endpoints() {
		if !w.last(endpoint).green() {
			return false
		}
	}
	return true
}

// red tells whether the endpoints that must be red were so when they were last asked.
func (w *watch) red(wants map[string]want) bool {
	for endpoint, want := range wants {
		last := w.last(endpoint)
		silent := want.unanswered && !last.at.IsZero() && last.code == 0
		if !last.red() && !silent {
			return false
		}
	}
	return true
}
