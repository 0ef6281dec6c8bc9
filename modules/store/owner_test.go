package store_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/store"
)

func deadOwners(t *testing.T, s *store.Store) []store.DeadOwner {
	t.Helper()
	dead, err := s.DeadOwners(t.Context())
	require.NoError(t, err)
	return dead
}

func alive(t *testing.T, s *store.Store) bool {
	t.Helper()
	is, err := s.SchedulerAlive(t.Context())
	require.NoError(t, err)
	return is
}

func ownerFiles(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "owners"))
	require.NoError(t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	require.Empty(t, s.Instance())
	_, err := s.Admit(t.Context(), store.Admission{Free: 1})
	require.ErrorContains(t, err, "Own")
	_, err = s.Retry(t.Context(), "r")
	require.ErrorContains(t, err, "Own")
	require.False(t, alive(t, s))

	oneShot := open(t, store.Options{Dir: dir})
	_, err = oneShot.Own(t.Context(), store.RoleOneShot)
	require.NoError(t, err)
	require.False(t, alive(t, s), "a one-shot command is no scheduler")
	id, err := s.Own(t.Context(), store.RoleScheduler)
	require.NoError(t, err)
	require.Equal(t, id, s.Instance())
	again, err := s.Own(t.Context(), store.RoleScheduler)
	require.NoError(t, err)
	require.Equal(t, id, again)
	require.True(t, alive(t, s))
	require.True(t, alive(t, oneShot))
	require.Empty(t, deadOwners(t, s))
	require.Empty(t, deadOwners(t, oneShot))
	require.ElementsMatch(t, []string{id, oneShot.Instance()}, ownerFiles(t, dir))

	require.NoError(t, s.Stop(t.Context()))
	require.False(t, alive(t, oneShot))
	require.Empty(t, deadOwners(t, oneShot), "it left in order")
	require.Equal(t, []string{oneShot.Instance()}, ownerFiles(t, dir))
	require.Equal(t, 1, number(t, raw(t, dir), "select count(*) from owners"))
}

// kill -9 at any time: the runs of the dead are closed, once, by one other.
func TestDeadOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir})
	again := newRun("again", "again")
	again.RetryInterrupted = true
	stop := newRun("stop", "stop")
	stop.RetryInterrupted = true
	for _, n := range []store.NewRun{newRun("begun", "begun"), again, stop, newRun("not-begun", "not-begun")} {
		_, err := s.Enqueue(t.Context(), n)
		require.NoError(t, err)
	}
	process, id := spawn(t, "owner", dir)
	_, err := s.RequestStop(t.Context(), "", "stop")
	require.NoError(t, err)
	require.Empty(t, deadOwners(t, s), "it lives")
	require.NoError(t, process.cmd.Process.Signal(syscall.SIGSTOP))
	require.Empty(t, deadOwners(t, s), "it is stopped, and lives")
	running, _, err := s.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, 4, running)
	process.kill(t)

	other := openOwner(t, store.Options{Dir: dir})
	dead := deadOwners(t, s)
	require.Len(t, dead, 1)
	owner := dead[0].Owner()
	require.Equal(t, id, owner.ID)
	require.Equal(t, store.RoleScheduler, owner.Role)
	require.Equal(t, process.cmd.Process.Pid, owner.PID)
	require.Empty(t, deadOwners(t, other), "another one is at it")
	require.Empty(t, deadOwners(t, s))
	runs, err := dead[0].Runs(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"begun", "again", "stop", "not-begun"}, idsOf(runs))
	require.ErrorIs(t, dead[0].Release(), store.ErrOpen, "its runs are open")

	dead = deadOwners(t, other)
	require.Len(t, dead, 1, "the lock is free again")
	require.Equal(t, owner, dead[0].Owner())
	dead[0].Unlock()
	dead = deadOwners(t, s)
	require.Len(t, dead, 1)
	requeued, lost, err := dead[0].Close(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"again", "not-begun"}, idsOf(requeued))
	require.Equal(t, []string{"begun", "stop"}, idsOf(lost))
	for _, run := range lost {
		require.Equal(t, store.StatusFailed, run.Status)
		require.Equal(t, store.ReasonWorkerLost, run.Reason)
		var steps []store.Step
		steps, err = s.Steps(t.Context(), run.ID, 0)
		require.NoError(t, err)
		require.Equal(t, store.StepFailed, steps[0].Status)
		require.False(t, steps[0].Finished.IsZero())
		require.Equal(t, store.StepNotStarted, steps[1].Status)
	}
	require.Equal(t, []int{1, 0}, []int{requeued[0].Attempt, requeued[1].Attempt}, "what did not begin was no attempt")
	requeued, lost, err = dead[0].Close(t.Context())
	require.NoError(t, err)
	require.Empty(t, append(requeued, lost...), "a repeat")
	require.NoError(t, dead[0].Release())
	require.Empty(t, deadOwners(t, other))
	require.NotContains(t, ownerFiles(t, dir), id)
	require.Equal(t, []string{"again", "not-begun"}, idsOf(admit(t, other, store.Admission{Free: 9})))
}

// A process that stops in order while its runs are open leaves them to be found.
func TestStopWithOpenRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir})
	enqueue(t, s, "d", 1)
	run := admit(t, s, store.Admission{Free: 1})[0]
	require.NoError(t, s.Begin(t.Context(), run.Ref(), "", "", nil))
	require.NoError(t, s.Stop(t.Context()))

	other := openOwner(t, store.Options{Dir: dir})
	dead := deadOwners(t, other)
	require.Len(t, dead, 1)
	require.Equal(t, s.Instance(), dead[0].Owner().ID)
	require.Equal(t, os.Getpid(), dead[0].Owner().PID, "its record stays")
	_, lost, err := dead[0].Close(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"d-0"}, idsOf(lost))
	require.NoError(t, dead[0].Release())
	require.Equal(t, []string{other.Instance()}, ownerFiles(t, dir))
}

// The owners directory may hold anything: files without a record, records
// without a file (a restored database), and what died half way into being.
func TestStrayOwners(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir})
	path := func(name string) string { return filepath.Join(dir, "owners", name) }
	require.NoError(t, os.WriteFile(path("stray"), nil, 0o600))
	require.NoError(t, os.WriteFile(path(".young"), nil, 0o600))
	require.NoError(t, os.WriteFile(path(".old"), nil, 0o600))
	hourAgo := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path(".old"), hourAgo, hourAgo))
	enqueue(t, s, "d", 1)
	run := admit(t, s, store.Admission{Free: 1})[0]
	_, err := raw(t, dir).ExecContext(t.Context(), "update runs set owner = 'restored' where id = $1", run.ID)
	require.NoError(t, err)

	dead := deadOwners(t, s)
	require.Len(t, dead, 2)
	ids := []string{}
	for _, d := range dead {
		ids = append(ids, d.Owner().ID)
		_, _, err = d.Close(t.Context())
		require.NoError(t, err)
		require.NoError(t, d.Release())
	}
	require.ElementsMatch(t, []string{"stray", "restored"}, ids)
	require.ElementsMatch(t, []string{s.Instance(), ".young"}, ownerFiles(t, dir))
	got, err := s.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, store.StatusQueued, got.Status)
}

func TestOwnFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := store.New(store.Options{Dir: dir}, zap.NewNop())
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "owners")))
	_, err = s.Own(t.Context(), store.RoleScheduler)
	require.ErrorContains(t, err, "create owner file")
	require.Empty(t, s.Instance())
	require.NoError(t, os.Mkdir(filepath.Join(dir, "owners"), 0o750))
	_, err = s.Own(t.Context(), "no such role")
	require.ErrorContains(t, err, "CHECK")
	require.Empty(t, ownerFiles(t, dir), "nothing is left of it")
	require.NoError(t, s.Stop(t.Context()))
}

// The file of an owner tells where it lived.
func TestForeignOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir})
	files := map[string]bool{"": false, "pid:[1]": true}
	ours, err := os.ReadFile(filepath.Join(dir, "owners", s.Instance()))
	require.NoError(t, err)
	if len(ours) > 0 { // not everywhere are there namespaces
		files[string(ours)] = false
	}
	names := map[string]bool{}
	for text, foreign := range files {
		name := "dead-" + text
		names[name] = foreign
		require.NoError(t, os.WriteFile(filepath.Join(dir, "owners", name), []byte(text), 0o600))
	}
	for _, dead := range deadOwners(t, s) {
		want, known := names[dead.Owner().ID]
		require.True(t, known, dead.Owner().ID)
		require.Equal(t, want, dead.Foreign(), dead.Owner().ID)
		delete(names, dead.Owner().ID)
		dead.Unlock()
	}
	require.Empty(t, names)
}
