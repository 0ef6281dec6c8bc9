package integration_test

import (
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Whoever reads the log stops reading, or goes away, while runs are active. They and
// those after them come to their ends, the lines that nobody took are counted, and the
// process still ends as it should.
func TestNobodyReadsTheLog(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"stalled", "closed"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, "DAGU_DEBUG=true")
			h.write("config.yaml", "queues: {enabled: false}\n")
			h.dag("active", "steps:\n  - run: until [ -e "+h.path("go")+" ]; do sleep 0.05; done\n")
			h.dag("loud", "steps:\n  - run: head -c 60000 /dev/zero | tr '\\0' x >&2; exit 1\n") // the end of it is logged
			reader, writer, err := os.Pipe()
			require.NoError(t, err)
			t.Cleanup(func() { _ = reader.Close() })
			_, err = unix.FcntlInt(writer.Fd(), unix.F_SETPIPE_SZ, 4096)
			require.NoError(t, err)
			d := h.start(launch{output: writer})
			require.NoError(t, writer.Close())
			read := make(chan struct{})
			go func() {
				defer close(read)
				_, _ = io.Copy(io.Discard, reader)
			}()
			d.waitHealthy()
			s := h.records()
			h.enqueue("active")
			eventually(t, func() bool { return h.counts(s, "active")["running"] == 1 }, "it is active")

			require.NoError(t, reader.SetReadDeadline(time.Now()))
			<-read
			if name == "closed" {
				require.NoError(t, reader.Close())
			}
			stop := d.watch()
			const runs = 20
			for range runs {
				h.enqueue("loud")
			}
			eventually(t, func() bool { return h.counts(s, "loud")["failed"] == runs }, "runs begin and end: %v", h.counts(s, "loud"))
			h.write("go", "")
			eventually(t, func() bool { return h.counts(s, "active")["succeeded"] == 1 }, "an active run ends")
			require.Equal(t, []string{healthy}, answers(stop()))
			if name == "closed" {
				eventually(t, func() bool { return d.metric("dagu_log_lines_dropped_total") > 0 }, "what was lost is counted")
			}
			d.signal(syscall.SIGTERM)
			require.Zero(t, d.wait())
		})
	}
}

// metric is the value of a metric, named with its labels.
func (d *daemon) metric(name string) float64 {
	d.tb.Helper()
	for line := range strings.Lines(d.get(d.url("/metrics"))) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			require.NoError(d.tb, err)
			return n
		}
	}
	require.Fail(d.tb, "no such metric", name)
	return 0
}
