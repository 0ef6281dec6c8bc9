package integration_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// serveBare answers every request with the bytes of a healthy process, by net/http
// alone, until its input ends. It prints its address.
func serveBare() error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	body := []byte(`{"status":"healthy"}`)
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	if _, err = fmt.Fprintln(os.Stdout, listener.Addr()); err != nil {
		return err
	}
	if err = server.Serve(listener); err == http.ErrServerClosed { //nolint:errorlint // it is never wrapped
		os.Exit(0)
	}
	return err
}

// bareServer starts it as a process of its own, as the scheduler is one.
func bareServer(b *testing.B) (url string) {
	b.Helper()
	self, err := os.Executable()
	require.NoError(b, err)
	cmd := exec.Command(self) //nolint:noctx // it ends with its input
	cmd.Env = append(os.Environ(), helperVar+"=bare-server")
	input, err := cmd.StdinPipe()
	require.NoError(b, err)
	output, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		_ = input.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(b, err)
	return "http://" + strings.TrimSpace(line) + "/health"
}

// measured is what one round of requests took.
type measured struct {
	perSecond float64
	took      []time.Duration
}

const (
	probers  = 4
	perRound = 2000 // requests of all probers
	rounds   = 15
)

// round sends requests from several probers at once. A request that fails ends the benchmark.
func round(b *testing.B, client *http.Client, url string) measured {
	b.Helper()
	var all sync.WaitGroup
	took := make([][]time.Duration, probers)
	failed := make([]error, probers)
	begin := time.Now()
	for i := range probers {
		all.Go(func() {
			for range perRound / probers {
				at := time.Now()
				if failed[i] = ask(client, url); failed[i] != nil {
					return
				}
				took[i] = append(took[i], time.Since(at))
			}
		})
	}
	all.Wait()
	for _, err := range failed {
		require.NoError(b, err)
	}
	return measured{perSecond: perRound / time.Since(begin).Seconds(), took: slices.Concat(took...)}
}

func ask(client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", response.Status)
	}
	return err
}

// BenchmarkProbes compares the health server of the real binary with a bare handler
// of the same bytes: over connections that are kept and over new ones, idle and while
// 200 runs start. Both are asked under the same load, and each as often first. A ratio
// above 1 is in favour of ours in throughput, and against it in p99.
func BenchmarkProbes(b *testing.B) {
	for _, load := range []string{"idle", "200-runs"} {
		for _, kept := range []bool{true, false} {
			name := load + "/new"
			if kept {
				name = load + "/kept"
			}
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					compareProbes(b, load != "idle", kept)
				}
			})
		}
	}
}

func compareProbes(b *testing.B, busy, kept bool) {
	b.Helper()
	h := newHome(b, "DAGU_WORKER_MAX_ACTIVE_RUNS=200")
	h.write("config.yaml", "queues:\n  config:\n    - {name: wide, max_concurrency: 200}\n")
	h.dag("true", "queue: wide\nsteps:\n  - run: \"true\"\n")
	d := h.scheduler()
	ours, bare := &contender{url: d.url("/health")}, &contender{url: bareServer(b)}
	s := h.records()
	h.enqueue("true")
	pattern := h.runs(s, "true")[0].NewRun
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: !kept, MaxIdleConnsPerHost: probers,
	}}
	defer client.CloseIdleConnections()
	n := sizes(2, rounds)[0]
	for i := range n {
		for j, c := range []*contender{ours, bare} {
			if i%2 == 1 {
				c = []*contender{bare, ours}[j]
			}
			wait := func() {}
			if busy {
				wait = startRuns(h, s, pattern, fmt.Sprint("r-", i, "-", j))
			}
			c.add(round(b, client, c.url))
			wait()
		}
	}
	ratios := make([]float64, n)
	for i := range n {
		ratios[i] = ours.perSecond[i] / bare.perSecond[i]
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[n/2], "throughput-ratio")
	b.ReportMetric(float64(ours.p99())/float64(bare.p99()), "p99-ratio")
	b.ReportMetric(ms(ours.p99()), "p99-ms")
	b.ReportMetric(0, "ns/op")
	d.stop()
}

// contender is a server with what its rounds took.
type contender struct {
	url       string
	perSecond []float64
	took      []time.Duration
}

func (c *contender) add(m measured) {
	c.perSecond = append(c.perSecond, m.perSecond)
	c.took = append(c.took, m.took...)
}

func (c *contender) p99() time.Duration {
	slices.Sort(c.took)
	return c.took[len(c.took)*99/100]
}

// startRuns has the scheduler start 200 runs, and returns what waits for their end.
func startRuns(h *home, s *store.Store, pattern store.NewRun, name string) (wait func()) {
	var starts sync.WaitGroup
	for i := range 200 {
		run := pattern
		run.ID = fmt.Sprint(name, "-", i)
		starts.Go(func() { _, _ = s.Enqueue(context.Background(), run) }) // it is load, whatever becomes of it
	}
	return func() {
		starts.Wait()
		eventually(h.tb, func() bool {
			counts := h.counts(s, "true")
			return counts["queued"]+counts["running"] == 0
		}, "the runs end")
	}
}
