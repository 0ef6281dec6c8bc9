package faults_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestJudge holds that the judge objects to each thing that can be wrong. One
// letter is an answer a second: green, red, or none; the fault is made at 2.5 and lifted at 5.5.
func TestJudge(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	at := func(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }
	for name, tt := range map[string]struct {
		answers string
		want    want
		wrong   []string
	}{
		"as wanted":          {"ggggrrrggg", want{within: 3 * time.Second, recovers: 2 * time.Second}, nil},
		"stays green":        {"gggggggggg", want{}, nil},
		"red unasked":        {"ggggrggggg", want{}, []string{"503, must stay green"}},
		"never red":          {"gggggggggg", want{within: 3 * time.Second, recovers: time.Second}, []string{never}},
		"late":               {"gggggrgggg", want{within: time.Second, recovers: time.Second}, []string{"still green after 1.5s, want red within 1s"}},
		"asked in time":      {"ggggrrgggg", want{within: time.Second, recovers: time.Second}, nil},
		"green in between":   {"gggrgrgggg", want{within: 3 * time.Second, recovers: time.Second}, []string{"green while the fault lasts"}},
		"slow to recover":    {"gggrrrrrrg", want{within: 3 * time.Second, recovers: time.Second}, []string{"green again after 2.5s, want 1s"}},
		"red for ever":       {"gggrrrrrrr", want{within: 3 * time.Second, recovers: time.Minute}, []string{"not green at the end"}},
		"red before":         {"grgrrrgggg", want{within: 3 * time.Second, recovers: time.Second}, []string{"red before the fault"}},
		"no answer":          {"gggxrrgggg", want{within: 3 * time.Second, recovers: time.Second}, []string{"no answer"}},
		"no answer, but red": {"ggxxxxgggg", want{within: 3 * time.Second, recovers: time.Second}, []string{"no answer", never}},
	} {
		var line timeline
		for i, letter := range tt.answers {
			line = append(line, sample{at: at(float64(i)), code: map[rune]int{'g': 200, 'r': 503}[letter]})
		}
		got := judge(line, span{made: at(2.5), lifted: at(5.5)}, tt.want, spare{})
		require.Equal(t, tt.wrong, got.wrong, name)
	}
}
