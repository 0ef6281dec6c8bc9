package chaos_test

import (
	"context"
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// calm is a home in which a first life has begun to run what is due.
func calm(t *testing.T) (*home, *life) {
	t.Helper()
	h := newHome(t, settings.seed, beginning(settings.seed, 1))
	h.writeWork()
	for _, p := range h.plans() {
		h.dag(p.name, p.text())
	}
	l := h.start("0", "", 0)
	h.waitEnds(3)
	return h, l
}

// waitEnds waits until so many steps have ended.
func (h *home) waitEnds(n int) {
	eventually(h.tb, func() bool {
		text, err := os.ReadFile(h.path("evidence"))
		require.NoError(h.tb, err)
		return strings.Count(string(text), " end ") >= n
	}, "steps run")
}

// red holds that the judge finds one of the things that it has to.
func (h *home) red(findings []string, wants ...string) {
	h.tb.Helper()
	for _, f := range findings {
		if slices.ContainsFunc(wants, func(want string) bool { return strings.Contains(f, want) }) {
			h.tb.Logf("found: %s", f)
			return
		}
	}
	require.Fail(h.tb, "the judge misses it", "%q in:\n%s", wants, strings.Join(findings, "\n"))
}

// An outcome that is not there is a due time that was lost.
func TestDeletedOccurrence(t *testing.T) {
	t.Parallel()
	h, l := calm(t)
	l.kill()
	now := h.settle()
	require.Empty(t, slices.Concat(h.matter(now).judge(), h.audit()))
	db := h.open("rw")
	_, err := db.ExecContext(context.Background(), "delete from occurrences where (dag, due) in (select dag, due from occurrences where dag = 'minute' order by due desc limit 1)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	h.red(h.matter(now).judge(), "has no outcome")
	h.red(h.audit(), "no outcome")
}

// Without its fsync a commit may be lost with the power. Here it is: what was written
// behind a moment is gone, though steps ran on the word of it.
func TestSkippedSync(t *testing.T) {
	t.Parallel()
	h, l := calm(t)
	wal := h.path("data", "dagu.db-wal")
	info, err := os.Stat(wal)
	require.NoError(t, err)
	h.waitEnds(10)
	l.kill()
	cutLog(t, wal, info.Size())
	now := h.settle()
	h.red(h.matter(now).judge(), "which is not recorded")
}

// cutLog takes from a write-ahead log the transactions that end behind a size. The
// format is that of https://sqlite.org/fileformat.html, section 4.1.
func cutLog(t *testing.T, path string, size int64) {
	t.Helper()
	const header, frame = 32, 24
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	page := int(binary.BigEndian.Uint32(text[8:]))
	whole := header // where the last transaction ends that stays
	for at := header; at+frame+page <= len(text); at += frame + page {
		if string(text[at+8:at+16]) != string(text[16:24]) {
			break // what follows is of an earlier round
		}
		end := at + frame + page
		if binary.BigEndian.Uint32(text[at+4:]) != 0 && int64(end) <= size {
			whole = end
		}
	}
	require.Less(t, whole, len(text))
	require.NoError(t, os.Truncate(path, int64(whole)))
}

// A process that does not heed the lock of another ends its runs: steps that succeed
// when they are left alone fail, or are recorded as lost by one that lives.
func TestIgnoredLock(t *testing.T) {
	t.Parallel()
	h, l := calm(t)
	other := h.start("1", "", 0)
	h.order("1", "store.seize", "error EIO")
	eventually(t, func() bool {
		return slices.ContainsFunc(h.history().attempts, func(a attempt) bool { return a.status == "failed" })
	}, "a run is taken away")
	other.kill()
	l.kill()
	now := h.settle()
	h.red(h.matter(now).judge(), "ended failed", "was closed as lost")
}
