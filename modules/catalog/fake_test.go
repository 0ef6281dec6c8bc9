package catalog_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"dagu/modules/catalog"
	"dagu/modules/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeStore keeps what a catalog stores, and counts what it is asked.
type fakeStore struct {
	mu    sync.Mutex
	texts map[string]store.Text
	files map[string]store.File
	// put, saved and removed count texts and rows.
	put, saved, removed int
	// fail is asked before each call, which fails with what it returns.
	fail func(call string) error
}

func newFakeStore() *fakeStore {
	return &fakeStore{texts: make(map[string]store.Text), files: make(map[string]store.File)}
}

func (s *fakeStore) begin(call string) error {
	s.mu.Lock()
	fail := s.fail
	s.mu.Unlock()
	if fail == nil {
		return nil
	}
	return fail(call)
}

// failing has all calls fail as fail says; nil ends it.
func (s *fakeStore) failing(fail func(call string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

// counts returns how many texts and rows were written and removed since the last call.
func (s *fakeStore) counts() (put, saved, removed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	put, saved, removed = s.put, s.saved, s.removed
	s.put, s.saved, s.removed = 0, 0, 0
	return put, saved, removed
}

func (s *fakeStore) PutTexts(_ context.Context, texts []store.Text) error {
	if err := s.begin("PutTexts"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range texts {
		text.Body, text.Base = slices.Clone(text.Body), slices.Clone(text.Base)
		s.texts[text.Hash] = text
		s.put++
	}
	return nil
}

func (s *fakeStore) Text(_ context.Context, hash string) (store.Text, error) {
	if err := s.begin("Text"); err != nil {
		return store.Text{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.texts[hash]
	if !ok {
		return store.Text{}, fmt.Errorf("text %s: %w", hash, store.ErrNotFound)
	}
	return text, nil
}

func (s *fakeStore) SaveFiles(_ context.Context, files []store.File) error {
	if err := s.begin("SaveFiles"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range files {
		if _, ok := s.texts[f.Hash]; !ok {
			return fmt.Errorf("save %s: there is no text %s", f.Path, f.Hash)
		}
		s.files[f.Path] = f
		s.saved++
	}
	return nil
}

func (s *fakeStore) RemoveFiles(_ context.Context, paths []string) error {
	if err := s.begin("RemoveFiles"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range paths {
		delete(s.files, path)
		s.removed++
	}
	return nil
}

func (s *fakeStore) Files(context.Context) ([]store.File, error) {
	if err := s.begin("Files"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var files []store.File
	for _, f := range s.files {
		files = append(files, f)
	}
	return files, nil
}

// prune removes the texts that no row names, as retention does.
func (s *fakeStore) prune() {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make(map[string]store.Text)
	for _, f := range s.files {
		kept[f.Hash] = s.texts[f.Hash]
	}
	s.texts = kept
}

// newCatalog returns a catalog that is not started, and watches nothing until it is.
func newCatalog(tb testing.TB, o catalog.Options, s catalog.Store) *catalog.Catalog {
	tb.Helper()
	c, err := catalog.New(o, s, zap.NewNop())
	require.NoError(tb, err)
	tb.Cleanup(c.Close)
	return c
}

// started returns a catalog that runs until the test ends.
func started(tb testing.TB, o catalog.Options, s catalog.Store) *catalog.Catalog {
	tb.Helper()
	c, err := catalog.New(o, s, zap.NewNop())
	require.NoError(tb, err)
	start(tb, c)
	return c
}

func start(tb testing.TB, c *catalog.Catalog) {
	tb.Helper()
	require.NoError(tb, c.Start(tb.Context()))
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(tb, c.Stop(ctx))
	})
}

// eventually waits for a condition that must come true by itself.
func eventually(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	require.Eventually(tb, condition, 20*time.Second, 5*time.Millisecond, what)
}

// good is a DAG with a schedule; extra lines follow.
func good(cron string, extra ...string) string {
	text := fmt.Sprintf("schedule: %q\nsteps:\n  - run: \"true\"\n", cron)
	for _, line := range extra {
		text += line + "\n"
	}
	return text
}

const bad = "schedule: [\n"

// write replaces a file in one step, as careful editors do.
func write(tb testing.TB, path, text string) {
	tb.Helper()
	tmp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".tmp")
	require.NoError(tb, os.WriteFile(tmp, []byte(text), 0o600))
	require.NoError(tb, os.Rename(tmp, path))
}

// cron returns the first schedule of a DAG; "" when there is none.
func cron(c *catalog.Catalog, name string) string {
	e, ok := c.Lookup(name)
	if !ok || len(e.Schedules) == 0 {
		return ""
	}
	return e.Schedules[0].Text
}

// errOf returns the error of a DAG's entry as text.
func errOf(c *catalog.Catalog, name string) string {
	e, ok := c.Lookup(name)
	if !ok || e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// fifo makes a FIFO.
func fifo(tb testing.TB, path string) {
	tb.Helper()
	require.NoError(tb, syscall.Mkfifo(path, 0o600))
}
