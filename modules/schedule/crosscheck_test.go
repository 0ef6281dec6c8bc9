package schedule_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/netresearch/go-cron"
	"github.com/stretchr/testify/require"

	"dagu/modules/schedule"
)

// TestOtherLibrary compares with another implementation in which either day is
// enough, far from changes of clocks, where it follows a rule of its own.
func TestOtherLibrary(t *testing.T) {
	t.Parallel()
	parser := cron.MustNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.DowOrDom)
	r := rand.New(rand.NewPCG(3, 4))
	compared := 0
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"} {
		loc := load(t, zone)
		for _, text := range specs(400, 5) {
			ours, err := schedule.Parse(text, loc)
			if err != nil {
				continue
			}
			theirs, err := parser.Parse(text)
			if err != nil {
				continue // it allows no step beyond the range
			}
			for range 10 {
				after := utc(2000).Add(time.Duration(r.Int64N(int64(100 * 365 * 24 * time.Hour))))
				got := ours.Next(after)
				if len(transitions(loc, after.Add(-warmUp), after.Add(warmUp), 12*time.Hour)) > 0 ||
					len(transitions(loc, got.Add(-warmUp), got.Add(warmUp), 12*time.Hour)) > 0 {
					continue
				}
				compared++
				want := theirs.Next(after.In(loc))
				require.True(t, want.Equal(got), "%s in %s after %s: they say %s, we %s", text, zone, after.In(loc), want, got.In(loc))
			}
		}
	}
	require.Greater(t, compared, 10_000)
}
