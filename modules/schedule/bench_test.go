package schedule_test

import (
	"testing"
	"time"

	"dagu/modules/schedule"
)

// Each benchmark lies where package time has to work out the offset anew from the
// zone's rule: within the season in which the process started it costs less.
func BenchmarkNext(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"minutely", "CRON_TZ=UTC * * * * *"},
		{"hourly", "CRON_TZ=Europe/Berlin 0 * * * *"},
		{"daily", "CRON_TZ=Europe/Berlin 30 4 * * *"},
		{"weekdays", "CRON_TZ=America/New_York 0 9-17 * * MON-FRI"},
		{"29feb", "CRON_TZ=Europe/Berlin 0 0 29 2 *"},
		{"dom+dow", "CRON_TZ=Europe/Berlin 0 12 13 * FRI"},
		{"minutely-29feb", "CRON_TZ=Europe/Berlin * 2 29 2 *"},
	} {
		s, err := schedule.Parse(c.text, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			at := time.Date(2046, 5, 3, 10, 11, 12, 0, time.UTC)
			for i := 0; b.Loop(); i++ {
				s.Next(at.Add(time.Duration(i%3000) * time.Hour))
			}
		})
	}
	b.Run("29feb-over-1900", func(b *testing.B) {
		s, err := schedule.Parse("CRON_TZ=Europe/Berlin 0 0 29 2 *", nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		at := time.Date(2096, 3, 1, 0, 0, 0, 0, time.UTC)
		for b.Loop() {
			s.Next(at)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"simple", "30 4 * * *"},
		{"zone", "CRON_TZ=Europe/Berlin 30 4 * * *"},
		{"rich", "*/5,7,11-23/2 0-6,22-23 1,15 JAN-JUN,SEP MON-FRI"},
		{"error", "30 4 * * MONN"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = schedule.Parse(c.text, time.UTC)
			}
		})
	}
}
