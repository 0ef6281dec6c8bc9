package catalog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/catalog"
)

const many = 10_000

// manyFiles makes a directory of ordinary DAG files, old enough for their
// fingerprints to be trusted.
func manyFiles(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	for i := range n {
		text := fmt.Sprintf("description: job number %d\nschedule: \"%d %d * * *\"\nlabels: [bench, team=data]\nenv:\n  - REGION: eu\n"+
			"steps:\n  - id: extract\n    run: echo extract %d\n  - id: load\n    run: echo load\n    depends: [extract]\n", i, i%60, i%24, i)
		require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("job-%05d.yaml", i)), []byte(text), 0o600))
	}
	return dir
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkFirstLoad10000 loads a directory that the store does not know.
func BenchmarkFirstLoad10000(b *testing.B) {
	dir := manyFiles(b, many)
	before := heap()
	for b.Loop() {
		c := newCatalog(b, catalog.Options{Dir: dir}, newFakeStore())
		require.NoError(b, c.Reconcile(b.Context()))
		b.StopTimer()
		require.Len(b, c.Snapshot(), many)
		require.Zero(b, c.Status().Bad)
		b.ReportMetric((heap()-before)/many, "heap-B/file")
		runtime.KeepAlive(c)
		b.StartTimer()
	}
}

// BenchmarkReconcile10000 compares a directory in which nothing changed.
func BenchmarkReconcile10000(b *testing.B) {
	dir := manyFiles(b, many)
	c, err := catalog.New(catalog.Options{Dir: dir}, newFakeStore(), zap.NewNop())
	require.NoError(b, err)
	c.OnWatch(func() (*fsnotify.Watcher, error) { return nil, os.ErrInvalid })
	require.NoError(b, c.Reconcile(b.Context()))
	require.Eventually(b, func() bool { return c.Reconcile(b.Context()) == nil && c.Firm() }, 10*time.Second, 100*time.Millisecond)
	b.ReportAllocs()
	start := cpu(b)
	for b.Loop() {
		require.NoError(b, c.Reconcile(b.Context()))
	}
	b.ReportMetric(float64((cpu(b)-start).Microseconds())/float64(b.N)/1000, "cpu-ms/op")
}
