//go:build linux

package process_test

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"dagu/modules/runner/process"

	"github.com/stretchr/testify/require"
)

func TestEndLetsTheProcessCleanUp(t *testing.T) {
	t.Parallel()
	sup, dir := start(t), t.TempDir()
	ready := filepath.Join(dir, "ready")
	p := spawn(t, sup, shell(`trap 'exit 5' TERM; : > `+ready+`; while :; do sleep 0.01; done`))
	exists(t, ready)

	p.End(process.Ending{Signal: syscall.SIGTERM, Resend: time.Minute, Grace: time.Minute})

	require.Equal(t, process.Exit{Code: 5}, wait(t, p))
}

func TestEndSendsTheSignalAgain(t *testing.T) {
	t.Parallel()
	sup, dir := start(t), t.TempDir()
	ready := filepath.Join(dir, "ready")
	p := spawn(t, sup, shell(`n=0; trap 'n=$((n+1)); [ $n -ge 3 ] && exit 9' TERM; : > `+ready+`; while :; do sleep 0.01; done`))
	exists(t, ready)

	p.End(process.Ending{Signal: syscall.SIGTERM, Resend: 50 * time.Millisecond, Grace: time.Minute})

	require.Equal(t, process.Exit{Code: 9}, wait(t, p))
}

func TestEndKillsAfterTheGrace(t *testing.T) {
	t.Parallel()
	sup, dir := start(t), t.TempDir()
	ready := filepath.Join(dir, "ready")
	p := spawn(t, sup, shell(`trap '' TERM; : > `+ready+`; while :; do sleep 0.01; done`))
	exists(t, ready)

	p.End(process.Ending{Signal: syscall.SIGTERM, Resend: 10 * time.Millisecond, Grace: 100 * time.Millisecond})

	require.Equal(t, syscall.SIGKILL, wait(t, p).Signal)
}

func TestEndIsCutShort(t *testing.T) {
	t.Parallel()
	sup, dir := start(t), t.TempDir()
	ready := filepath.Join(dir, "ready")
	p := spawn(t, sup, shell(`trap '' TERM; : > `+ready+`; while :; do sleep 0.01; done`))
	exists(t, ready)
	now := make(chan struct{})
	close(now)

	p.End(process.Ending{Signal: syscall.SIGTERM, Resend: time.Hour, Grace: time.Hour, Now: now})

	require.Equal(t, syscall.SIGKILL, wait(t, p).Signal)
}

func TestEndGivesTheRestOfTheGroupItsGraceToo(t *testing.T) {
	t.Parallel()
	sup, dir := start(t), t.TempDir()
	ready, cleaned := filepath.Join(dir, "ready"), filepath.Join(dir, "cleaned")
	// The leader dies of the first SIGTERM; its child cleans up for a while.
	p := spawn(t, sup, shell(`(trap 'sleep 0.2; : > `+cleaned+`; exit' TERM; : > `+ready+`; while :; do sleep 0.01; done) & wait`))
	exists(t, ready)

	p.End(process.Ending{Signal: syscall.SIGTERM, Resend: time.Minute, Grace: time.Minute})

	require.FileExists(t, cleaned)
	require.Equal(t, syscall.SIGTERM, wait(t, p).Signal)
}

func TestEndKillsTheRestOfTheGroup(t *testing.T) {
	t.Parallel()
	sup, dir := start(t), t.TempDir()
	child := filepath.Join(dir, "child")
	p := spawn(t, sup, shell(`(trap '' TERM; exec sleep 60) & echo $! > `+child+`; wait`))
	pid := readPID(t, child)

	p.End(process.Ending{Signal: syscall.SIGTERM, Resend: time.Minute, Grace: 100 * time.Millisecond})

	require.Eventually(t, func() bool { return !alive(pid) }, 20*time.Second, time.Millisecond)
}
