package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/store"
)

// woken waits until the channel holds a value.
func woken(t *testing.T, wake <-chan struct{}) {
	t.Helper()
	select {
	case <-wake:
	case <-time.After(10 * time.Second):
		require.Fail(t, "nobody was woken")
	}
}

func TestWake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir})
	queue, endQueue := s.Subscribe(store.TopicQueue)
	stop, _ := s.Subscribe(store.TopicStop)
	suspend, _ := s.Subscribe(store.TopicSuspend)
	any, _ := s.Subscribe(store.TopicStop | store.TopicSuspend)
	quiet := func(channels ...<-chan struct{}) {
		t.Helper()
		for i, c := range channels {
			select {
			case <-c:
				require.Fail(t, "woken for nothing", "channel %d", i)
			default:
			}
		}
	}
	ctx := t.Context()
	steps := []struct {
		what  string
		do    func() error
		wakes []<-chan struct{}
		quiet []<-chan struct{}
	}{
		{"enqueue", func() error { _, err := s.Enqueue(ctx, newRun("d", "r")); return err }, []<-chan struct{}{queue}, []<-chan struct{}{stop, suspend, any}},
		{"admit and begin", func() error {
			runs, err := s.Admit(ctx, store.Admission{Free: 1})
			require.NoError(t, err)
			return s.Begin(ctx, runs[0].Ref(), "", "", nil)
		}, nil, []<-chan struct{}{queue, stop, suspend, any}},
		{"request stop", func() error { _, err := s.RequestStop(ctx, "d", "r"); return err }, []<-chan struct{}{stop, any}, []<-chan struct{}{queue, suspend}},
		{"finish", func() error {
			return s.Finish(ctx, store.Ref{RunID: "r", Attempt: 1, Owner: s.Instance()}, store.Result{Status: store.StatusAborted})
		}, []<-chan struct{}{queue}, []<-chan struct{}{stop, suspend, any}},
		{"suspend", func() error { return s.Suspend(ctx, "d", noon()) }, []<-chan struct{}{suspend, any}, []<-chan struct{}{queue, stop}},
		{"suspend again", func() error { return s.Suspend(ctx, "d", noon()) }, nil, []<-chan struct{}{queue, stop, suspend, any}},
		{"resume", func() error { return s.Resume(ctx, "d", noon()) }, []<-chan struct{}{suspend, any}, []<-chan struct{}{queue, stop}},
		{"put a text", func() error { return s.PutTexts(ctx, []store.Text{{Hash: "x"}}) }, nil, []<-chan struct{}{queue, stop, suspend, any}},
		{"a failing write", func() error {
			n := newRun("d", "s")
			n.TextHash = "none"
			_, err := s.Enqueue(ctx, n)
			require.ErrorIs(t, err, store.ErrNotFound)
			return nil
		}, nil, []<-chan struct{}{queue, stop, suspend, any}},
		{"decide, fired", func() error {
			_, err := s.Decide(ctx, []store.Candidate{candidate("d", noon())}, func(int, store.State) store.Verdict { return fire("d", noon()) })
			return err
		}, []<-chan struct{}{queue}, []<-chan struct{}{stop, suspend, any}},
		{"decide, skipped", func() error {
			_, err := s.Decide(ctx, []store.Candidate{candidate("e", noon())}, func(int, store.State) store.Verdict { return skipped() })
			return err
		}, nil, []<-chan struct{}{queue, stop, suspend, any}},
	}
	for _, step := range steps {
		require.NoError(t, step.do(), step.what)
		for _, c := range step.wakes {
			require.Len(t, c, 1, step.what)
			<-c
		}
		quiet(step.quiet...)
	}

	// Another process wakes everybody.
	other := open(t, store.Options{Dir: dir})
	require.NoError(t, other.PutTexts(ctx, []store.Text{{Hash: "y"}}))
	for _, c := range []<-chan struct{}{queue, stop, suspend, any} {
		woken(t, c)
	}
	endQueue()
	require.NoError(t, other.PutTexts(ctx, []store.Text{{Hash: "z"}}))
	woken(t, any)
	quiet(queue)
}

// The poll is a fifth of a second, and own commits do not look like those of others.
// A look that fails has seen nothing: the next one looks again, although the log's
// file has not changed since.
func TestPollThatFailsIsRepeated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	conn := raw(t, dir)
	found, err := s.PollTwice(t.Context(), func() error {
		if _, err := conn.ExecContext(t.Context(), "insert into probe (id, count) values (1, 1)"); err != nil {
			return err
		}
		long := time.Now().Add(-time.Hour)
		return os.Chtimes(filepath.Join(dir, "dagu.db-wal"), long, long)
	})
	require.NoError(t, err)
	require.True(t, found)
}

func TestPollInABubble(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		start := func() *store.Store {
			s, err := store.New(store.Options{Dir: dir}, zap.NewNop())
			require.NoError(t, err)
			require.NoError(t, s.Start(t.Context()))
			return s
		}
		s, other := start(), start()
		wake, _ := s.Subscribe(store.TopicSuspend)
		time.Sleep(time.Second) // synctest
		for len(wake) > 0 {
			<-wake
		}
		require.NoError(t, s.PutTexts(t.Context(), []store.Text{{Hash: "own"}}))
		time.Sleep(time.Second) // synctest
		require.Empty(t, wake)
		began := time.Now()
		require.NoError(t, other.PutTexts(t.Context(), []store.Text{{Hash: "others"}}))
		// The file's times are real ones, and coarse: in a bubble both commits may have the same.
		require.NoError(t, os.Chtimes(filepath.Join(dir, "dagu.db-wal"), began, began))
		<-wake
		require.LessOrEqual(t, time.Since(began), 200*time.Millisecond)
		require.NoError(t, s.Stop(t.Context()))
		require.NoError(t, other.Stop(t.Context()))
	})
}
