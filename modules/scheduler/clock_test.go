package scheduler

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClock(t *testing.T) {
	t.Parallel()
	start := time.Date(2031, 5, 1, 4, 30, 0, 0, time.UTC)
	type turn struct {
		wall, steady time.Duration // since the last turn
		want         time.Duration // now, since start
		step         step
	}
	tests := map[string][]turn{
		"no step": {
			{wall: time.Second, steady: time.Second, want: time.Second},
			{wall: 900 * time.Millisecond, steady: time.Second, want: 1900 * time.Millisecond},
		},
		"small forward step is believed at once": {
			{wall: 30 * time.Minute, steady: time.Second, want: 30 * time.Minute, step: step{by: 30*time.Minute - time.Second}},
		},
		"the largest that is": {
			{wall: time.Hour + time.Second, steady: time.Second, want: time.Hour + time.Second, step: step{by: time.Hour}},
		},
		"backward step": {
			{wall: -time.Hour, steady: time.Second, want: -time.Hour, step: step{by: -time.Hour - time.Second, back: true}},
		},
		"large forward step is held, then released": {
			{wall: 5 * time.Hour, steady: time.Second, want: time.Second, step: step{by: 5*time.Hour - time.Second, held: true}},
			{wall: 59 * time.Second, steady: 59 * time.Second, want: time.Minute},
			{wall: time.Second, steady: time.Second, want: 5*time.Hour + time.Minute, step: step{released: true}},
		},
		"large forward step that is taken back was never there": {
			{wall: 5 * time.Hour, steady: time.Second, want: time.Second, step: step{by: 5*time.Hour - time.Second, held: true}},
			{wall: -5*time.Hour + 2*time.Second, steady: time.Second, want: 2 * time.Second, step: step{by: -5*time.Hour + time.Second}},
			{wall: time.Minute, steady: time.Minute, want: time.Minute + 2*time.Second},
		},
		"a held step that changes proves itself anew": {
			{wall: 5 * time.Hour, steady: time.Second, want: time.Second, step: step{by: 5*time.Hour - time.Second, held: true}},
			{wall: 30 * time.Second, steady: 30 * time.Second, want: 31 * time.Second},
			{wall: time.Hour, steady: time.Second, want: 32 * time.Second, step: step{by: time.Hour - time.Second, held: true}},
			{wall: 31 * time.Second, steady: 31 * time.Second, want: 63 * time.Second},
			{wall: 30 * time.Second, steady: 30 * time.Second, want: 6*time.Hour + 91*time.Second, step: step{released: true}},
		},
		"also when it becomes a small one": {
			{wall: 5 * time.Hour, steady: time.Second, want: time.Second, step: step{by: 5*time.Hour - time.Second, held: true}},
			{wall: -4 * time.Hour, steady: time.Second, want: 2 * time.Second, step: step{by: -4*time.Hour - time.Second, held: true}},
			{wall: 59 * time.Second, steady: 59 * time.Second, want: 61 * time.Second},
			{wall: time.Second, steady: time.Second, want: time.Hour + time.Minute, step: step{released: true}},
		},
	}
	for name, turns := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c clock
			r := reading{wall: start}
			require.Equal(t, step{now: start}, c.read(r))
			for i, turn := range turns {
				r.wall, r.steady = r.wall.Add(turn.wall), r.steady+turn.steady
				want := turn.step
				want.now = start.Add(turn.want)
				require.Equal(t, want, c.read(r), "turn %d", i)
			}
		})
	}
}
