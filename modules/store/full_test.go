package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// A full disk fails writes, each by itself and with a word that says so; what was
// answered stays, reading goes on, and writing does when there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir})
	conn := raw(t, dir)
	require.NoError(t, s.LimitPages(t.Context(), number(t, conn, "pragma page_count")+40))
	const n = 200
	write := func() []error {
		var group sync.WaitGroup
		errs := make([]error, n)
		for i := range n {
			group.Go(func() {
				text := store.Text{Hash: fmt.Sprint("h", i), Body: []byte(strings.Repeat("x", 2000))}
				errs[i] = s.PutTexts(context.Background(), []store.Text{text})
			})
		}
		group.Wait()
		return errs
	}
	failed := 0
	for i, err := range write() {
		_, found := s.Text(t.Context(), fmt.Sprint("h", i))
		if err != nil {
			failed++
			require.ErrorContains(t, err, "is full")
			require.ErrorIs(t, found, store.ErrNotFound)
			continue
		}
		require.NoError(t, found)
	}
	require.Greater(t, failed, n/2)
	require.Less(t, failed, n, "there was room for some")

	require.NoError(t, s.LimitPages(t.Context(), 1<<30))
	for _, err := range write() {
		require.NoError(t, err)
	}
	var sound string
	require.NoError(t, conn.QueryRowContext(t.Context(), "pragma integrity_check").Scan(&sound))
	require.Equal(t, "ok", sound)
}
