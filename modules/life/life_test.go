package life_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"dagu/modules/health"
	"dagu/modules/life"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeRegistry is a registry that a test moves.
type fakeRegistry struct {
	drains chan struct{}

	mu    sync.Mutex // guards what follows
	phase health.Phase
	stuck bool
}

func (r *fakeRegistry) set(phase health.Phase, stuck bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if phase == health.Draining && r.phase != health.Draining {
		close(r.drains)
	}
	r.phase, r.stuck = phase, stuck
}

func (r *fakeRegistry) Draining() <-chan struct{} { return r.drains }

func (r *fakeRegistry) Phase() health.Phase {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.phase
}

func (r *fakeRegistry) Verdict(health.Probe) health.Verdict {
	r.mu.Lock()
	defer r.mu.Unlock()
	return health.Verdict{Healthy: !r.stuck}
}

// live begins a life in dir.
func live(t *testing.T, dir string) (*life.Keeper, *fakeRegistry, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	r := &fakeRegistry{phase: health.Running, drains: make(chan struct{})}
	k := life.New(dir, r, zap.New(core))
	require.NoError(t, k.Start(t.Context()))
	require.NoError(t, k.Start(t.Context()))
	t.Cleanup(func() { _ = k.Stop(context.WithoutCancel(t.Context())) })
	return k, r, logs
}

// text is what the only file of lives says.
func text(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, life.Dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	return string(text)
}

// figures are the metrics when the life before ended so.
func figures(end life.End) string {
	text := `# HELP dagu_previous_life_end How the life of the process before this one ended: the one that is true is 1.
# TYPE dagu_previous_life_end gauge
`
	for _, e := range life.Ends() {
		value := 0
		if e == end {
			value = 1
		}
		text += fmt.Sprintf("dagu_previous_life_end{how=%q} %d\n", e, value)
	}
	return text
}

func TestTheNextLifeKnowsHowTheLastEnded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		phase health.Phase
		stuck bool
		stop  bool
		says  string
		want  life.End
	}{
		"stopped in order":        {health.Draining, false, true, `"phase":"ended"`, life.Clean},
		"killed":                  {health.Running, false, false, `"phase":"running","stuck":false`, life.Killed},
		"killed while it starts":  {health.Starting, false, false, `"phase":"running"`, life.Killed},
		"killed while it hangs":   {health.Running, true, false, `"stuck":true`, life.Stuck},
		"killed while it drains":  {health.Draining, false, false, `"phase":"draining"`, life.Forced},
		"stopped after a failure": {health.Starting, false, true, `"phase":"ended"`, life.Clean},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			k, r, logs := live(t, dir)
			require.Equal(t, life.First, k.Previous())
			require.Zero(t, logs.Len())
			r.set(tt.phase, tt.stuck)
			if tt.stop {
				require.NoError(t, k.Stop(t.Context()))
				require.NoError(t, k.Stop(t.Context()))
			}
			require.EventuallyWithT(t, func(c *assert.CollectT) { require.Contains(c, text(t, dir), tt.says) }, 10*time.Second, 10*time.Millisecond)
			life.Die(k)

			next, _, logs := live(t, dir)
			require.Equal(t, tt.want, next.Previous())
			require.NoError(t, testutil.CollectAndCompare(next.Collector(), strings.NewReader(figures(tt.want))))
			require.Equal(t, 1, logs.Len())
			entry := logs.All()[0]
			require.Equal(t, string(tt.want), entry.ContextMap()["how"])
			require.EqualValues(t, os.Getpid(), entry.ContextMap()["pid"])
			require.Equal(t, tt.want == life.Clean, entry.Level == zap.InfoLevel)
			text(t, dir) // the past life's file is gone
		})
	}
}

// Supervisors send SIGTERM to what fails its liveness probe, and SIGKILL later. Probes
// are answered well again as soon as the process drains.
func TestALifeThatWasStuckIsToldAsStuckHoweverItEnds(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]bool{"killed while it drains": false, "stopped in order": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			k, r, _ := live(t, dir)
			says := func(what string) {
				require.EventuallyWithT(t, func(c *assert.CollectT) { require.Contains(c, text(t, dir), what) }, 10*time.Second, 10*time.Millisecond)
			}
			r.set(health.Running, true)
			says(`"phase":"running","stuck":true`)
			r.set(health.Draining, false)
			says(`"phase":"draining","stuck":true`)
			if stop {
				require.NoError(t, k.Stop(t.Context()))
				says(`"phase":"ended","stuck":true`)
			}
			life.Die(k)
			next, _, _ := live(t, dir)
			require.Equal(t, life.Stuck, next.Previous())
		})
	}
}

// A loop that is back is no reason to call the life stuck.
func TestALifeThatWasStuckForAWhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k, r, _ := live(t, dir)
	for _, stuck := range []bool{true, false} {
		r.set(health.Running, stuck)
		require.Eventually(t, func() bool { return strings.Contains(text(t, dir), fmt.Sprintf(`"stuck":%t`, stuck)) }, 10*time.Second, 10*time.Millisecond)
	}
	require.NoError(t, k.Stop(t.Context()))
	next, _, _ := live(t, dir)
	require.Equal(t, life.Clean, next.Previous())
}

// What a full disk did not take is written when there is room again.
func TestAWriteThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k, r, logs := live(t, dir)
	mend := life.Break(k)
	r.set(health.Running, true)
	require.Eventually(t, func() bool { return logs.Len() == 1 }, 10*time.Second, 10*time.Millisecond)
	require.Contains(t, text(t, dir), `"stuck":false`)
	mend()
	require.Eventually(t, func() bool { return strings.Contains(text(t, dir), `"stuck":true`) }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, 1, logs.Len())
}

// One who is killed between the two parts of a write leaves what was longer before.
func TestAFileWithARest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, life.Dir), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, life.Dir, "x"), []byte("{\"phase\":\"ended\"}\ne}\n"), 0o600))
	k, _, _ := live(t, dir)
	require.Equal(t, life.Clean, k.Previous())
}

// Those that begin at once do not take each other for past.
func TestManyLivesAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const many = 50
	core, logs := observer.New(zap.DebugLevel)
	keepers := make([]*life.Keeper, many)
	var starts sync.WaitGroup
	for i := range keepers {
		keepers[i] = life.New(dir, &fakeRegistry{phase: health.Running, drains: make(chan struct{})}, zap.New(core))
		starts.Go(func() { assert.NoError(t, keepers[i].Start(t.Context())) })
	}
	starts.Wait()
	require.Eventually(t, func() bool {
		files, err := filepath.Glob(filepath.Join(dir, life.Dir, "*.json"))
		return err == nil && len(files) == many
	}, 10*time.Second, 10*time.Millisecond, "none has removed another's")
	for _, k := range keepers {
		require.Equal(t, life.First, k.Previous())
		require.NoError(t, k.Stop(t.Context()))
	}
	require.Zero(t, logs.Len())
}

// A life that goes on beside ours is nobody's past.
func TestTwoLives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, _, _ := live(t, dir)
	second, _, logs := live(t, dir)
	require.Equal(t, life.First, second.Previous())
	require.Zero(t, logs.Len())
	require.NoError(t, second.Stop(t.Context()))
	third, _, _ := live(t, dir)
	require.Equal(t, life.Clean, third.Previous())
	life.Die(first)
	fourth, _, _ := live(t, dir)
	require.Equal(t, life.Killed, fourth.Previous())
}

func TestAFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, life.Dir), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, life.Dir, "x"), []byte("{"), 0o600))
	k, _, _ := live(t, dir)
	require.Equal(t, life.Unknown, k.Previous())
}

// Nothing depends on the files: a directory that cannot be made is a warning.
func TestALifeWithoutAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, life.Dir), nil, 0o600))
	k, _, logs := live(t, dir)
	require.Equal(t, 1, logs.FilterMessage("how this life ends will not be known").Len())
	require.NoError(t, k.Stop(t.Context()))

	never := life.New(dir, &fakeRegistry{}, zap.NewNop())
	require.NoError(t, never.Stop(t.Context()))
	require.NoError(t, never.Start(t.Context()))
}
