package faults_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// meter measures what the machine itself keeps a small write waiting, beside a subject.
type meter struct {
	stop    chan struct{}
	all     sync.WaitGroup
	longest time.Duration
	err     error
}

func newMeter(tb testing.TB) *meter {
	tb.Helper()
	m := &meter{stop: make(chan struct{})}
	path := filepath.Join(tb.TempDir(), "written")
	m.all.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for m.err == nil {
			begin := time.Now()
			m.err = writeSync(path)
			m.longest = max(m.longest, time.Since(begin))
			select {
			case <-m.stop:
				return
			case <-tick.C:
			}
		}
	})
	return m
}

// read ends the measurement.
func (m *meter) read(tb testing.TB) time.Duration {
	tb.Helper()
	close(m.stop)
	m.all.Wait()
	require.NoError(tb, m.err)
	return m.longest
}

// writeSync writes a file as a database does: it is on the disk when this returns.
func writeSync(path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err = file.WriteString("x"); err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}
