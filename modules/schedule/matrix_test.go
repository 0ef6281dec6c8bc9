//go:build oracle

package schedule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestOracleMatrix compares in every distinct zone of the time zone database, three
// days before and after each of its changes in ten years.
func TestOracleMatrix(t *testing.T) {
	t.Parallel()
	zones := distinctZones(t, utc(2020), utc(2030), 6*time.Hour)
	require.Greater(t, len(zones), 70)
	changes := 0
	texts := specs(250, 11)
	for _, z := range zones {
		changes += len(z.changes)
		t.Run(z.loc.String(), func(t *testing.T) {
			t.Parallel()
			for _, c := range z.changes {
				compare(t, around(z.loc, c.at, 3*24*time.Hour), texts)
			}
		})
	}
	t.Logf("%d zones, %d changes, %d expressions", len(zones), changes, len(texts))
	require.Greater(t, changes, 500)
}

// TestOracleYears compares over one whole year in zones of different kinds.
func TestOracleYears(t *testing.T) {
	t.Parallel()
	for name, year := range map[string]int{
		"Europe/Berlin":       2026,
		"America/New_York":    2028,
		"Australia/Lord_Howe": 2027, // half an hour
		"Africa/Casablanca":   2026, // in Ramadan
		"America/Nuuk":        2025, // ends at midnight
		"Pacific/Apia":        2011, // a day left out, and daylight saving time in the south
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, newStretch(load(t, name), utc(year), utc(year+1), time.Minute), specs(250, 12))
		})
	}
}

// TestOracleHistory compares around every change that any zone has seen since 1900
// or will see by 2050; before, and in some later ones, offsets have seconds.
func TestOracleHistory(t *testing.T) {
	t.Parallel()
	texts := specs(10, 13)
	for _, z := range distinctZones(t, utc(1900), utc(2050), 24*time.Hour) {
		t.Run(z.loc.String(), func(t *testing.T) {
			t.Parallel()
			for _, c := range z.changes {
				if _, offset := c.at.In(z.loc).Zone(); offset%60 == 0 && c.shift%60 == 0 && c.at.Second() == 0 {
					compare(t, around(z.loc, c.at, 40*time.Hour), texts)
				}
			}
		})
	}
}
