package scheduler_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/scheduler"
	"dagu/modules/store"
)

// BenchmarkTick is a turn of the loop over 10,000 DAGs: when none is due, and when
// some are, each with its outcome and its run in the store.
func BenchmarkTick(b *testing.B) {
	for _, due := range []int{0, 1, 100} {
		b.Run(fmt.Sprint(due, "-due"), func(b *testing.B) {
			st, err := store.New(store.Options{Dir: b.TempDir()}, zap.NewNop())
			require.NoError(b, err)
			require.NoError(b, st.Start(b.Context()))
			defer func() { require.NoError(b, st.Stop(b.Context())) }()
			require.NoError(b, st.PutTexts(b.Context(), []store.Text{{Hash: "text", DAG: "any"}}))
			files := &fakeCatalog{wake: make(chan struct{}, 1), entries: map[string]version{}}
			for i := range 10_000 {
				text := "0 0 29 2 *"
				if i < due {
					text = "* * * * *"
				}
				entry := entryOf(fmt.Sprintf("dag-%05d", i), text)
				files.generation++
				files.entries[entry.Name] = version{files.generation, &entry}
			}
			now := time.Date(2031, 5, 1, 12, 0, 30, 0, time.UTC)
			turn, err := scheduler.Turns(scheduler.Options{
				Wall: func() time.Time { return now }, MisfireThreshold: 5 * time.Minute,
			}, scheduler.Deps{Catalog: files, Store: st, Leftovers: noLeftovers{}, Pulse: &fakePulse{}, Log: zap.NewNop()})
			require.NoError(b, err)
			turn() // the first plans all
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(time.Minute)
				turn()
			}
		})
	}
}
