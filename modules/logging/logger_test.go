package logging_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/logging"
)

func TestText(t *testing.T) {
	t.Parallel()
	out := &sink{}
	log := newLogger(t, logging.Options{Out: out})
	log.Zap().Debug("hidden")
	log.Zap().Info("run finished", zap.String("dag", "etl"), zap.Duration("duration", 1500*time.Millisecond))
	log.Zap().Named("fx").With(zap.Int("attempt", 2)).Warn("odd\nmessage\x1b", zap.Error(errors.New("line 1\nline 2")))
	stop(t, log)
	lines := out.lines()
	require.Len(t, lines, 2)
	const stamp = `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d) `
	require.Regexp(t, stamp+`INFO run finished \{"dag": "etl", "duration": "1.5s"\}$`, lines[0])
	require.Regexp(t, stamp+`WARN fx odd\\nmessage\\x1b \{"attempt": 2, "error": "line 1\\nline 2"\}$`, lines[1])
}

func TestJSON(t *testing.T) {
	t.Parallel()
	out := &sink{}
	log := newLogger(t, logging.Options{Out: out, Format: logging.JSON, Debug: true})
	before := time.Now().Truncate(time.Millisecond)
	log.Zap().Debug("shown\n", zap.Time("due", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
	stop(t, log)
	var line struct{ Time, Level, Msg, Due string }
	require.NoError(t, json.Unmarshal([]byte(out.String()), &line))
	at, err := time.Parse(time.RFC3339, line.Time)
	require.NoError(t, err)
	require.False(t, at.Before(before))
	require.Equal(t, "debug", line.Level)
	require.Equal(t, "shown\n", line.Msg)
	require.Equal(t, "2026-01-02T03:04:05.000Z", line.Due)
}

func TestColor(t *testing.T) {
	t.Parallel()
	for color, want := range map[bool]string{true: "\x1b[34mINFO\x1b[0m a", false: " INFO a"} {
		out := &sink{}
		log := newLogger(t, logging.Options{Out: out, Color: color})
		log.Zap().Info("a")
		stop(t, log)
		require.Contains(t, out.String(), want)
	}
}

func TestWrongOptions(t *testing.T) {
	t.Parallel()
	for want, opts := range map[string]logging.Options{
		`Format: found "xml", want text or json`:    {Format: "xml"},
		`MaxLine: found 1023, want at least 1024`:   {MaxLine: 1023},
		`MaxLine: found -1`:                         {MaxLine: -1},
		`Buffer: found 2000, want at least MaxLine`: {Buffer: 2000},
	} {
		_, err := logging.New(opts)
		require.ErrorContains(t, err, "logging option "+want)
	}
}

// What several goroutines log arrives whole, and each one's in its order.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 500
	out := &sink{}
	log := newLogger(t, logging.Options{Out: out})
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			mine := log.Zap().With(zap.Int("writer", w))
			for i := range each {
				mine.Info("line", zap.Int("i", i))
			}
		})
	}
	group.Wait()
	stop(t, log)
	require.Zero(t, log.Dropped())
	next := make([]int, writers)
	for _, line := range out.lines() {
		var got struct{ Writer, I int }
		_, fields, _ := strings.Cut(line, "INFO line ")
		require.NoError(t, json.Unmarshal([]byte(fields), &got))
		require.Equal(t, next[got.Writer], got.I)
		next[got.Writer]++
	}
	for _, n := range next {
		require.Equal(t, each, n)
	}
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	const limit = 2048
	for _, format := range []string{logging.Text, logging.JSON} {
		for name, filler := range map[string]string{"ascii": "x", "wide": "\u20ac", "escaped": "\x01", "invalid": "\xff", "quotes": `"\`} {
			t.Run(format+" "+name, func(t *testing.T) {
				t.Parallel()
				out := &sink{}
				log := newLogger(t, logging.Options{Out: out, Format: format, MaxLine: limit})
				long := strings.Repeat(filler, 5000)
				log.Zap().Info("field", zap.String("value", long))
				log.Zap().With(zap.String("value", long)).Named("name").Info("with")
				log.Zap().Error(long)
				log.Zap().Info("short", zap.String("value", strings.Repeat("x", 100)))
				stop(t, log)
				lines := out.lines()
				require.Len(t, lines, 4)
				for i, line := range lines {
					require.LessOrEqual(t, len(line)+1, limit)
					require.True(t, utf8.ValidString(line))
					require.Equal(t, i < 3, strings.Contains(line, "cut"), line)
					if format == logging.JSON {
						require.True(t, json.Valid([]byte(line)), line)
					}
				}
				require.Contains(t, lines[0], "field")
				require.Contains(t, lines[1], "with")
			})
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("message", "value", 1, true)
	f.Add("m\n\x00", "\xff\u2028", 3000, false)
	f.Fuzz(func(t *testing.T, message, value string, times int, asJSON bool) {
		const limit = 1024
		format := logging.Text
		if asJSON {
			format = logging.JSON
		}
		out := &sink{}
		log := newLogger(t, logging.Options{Out: out, Format: format, MaxLine: limit})
		log.Zap().Info(message, zap.String(message, strings.Repeat(value, max(times, 0)%5000)))
		stop(t, log)
		lines := out.lines()
		require.Len(t, lines, 1)
		require.LessOrEqual(t, len(lines[0])+1, limit)
		require.Equal(t, '\n', rune(out.String()[out.text.Len()-1]))
		if asJSON {
			require.True(t, json.Valid([]byte(lines[0])), lines[0])
		}
	})
}

// A line after which the process may end is written before the call returns.
func TestLastLineIsWritten(t *testing.T) {
	t.Parallel()
	out := &sink{}
	log := newLogger(t, logging.Options{Out: out})
	require.Panics(t, func() { log.Zap().Panic("end") })
	require.Contains(t, out.String(), "PANIC end")
	log.Zap().Info("also this")
	require.NoError(t, log.Zap().Sync())
	require.Contains(t, out.String(), "INFO also this")
}

func BenchmarkInfo(b *testing.B) {
	log, err := logging.New(logging.Options{Out: &sink{}, Format: logging.JSON})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		log.Zap().Info("run finished", zap.String("dag", "etl"), zap.Int("attempt", 1))
	}
	b.ReportMetric(float64(log.Dropped()), "dropped")
}
