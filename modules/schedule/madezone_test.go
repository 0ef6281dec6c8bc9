package schedule_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// made is a change of offset in a zone of our own.
type made struct {
	at     time.Time
	offset time.Duration
}

// makeZone writes a zone as RFC 8536 says and reads it: changes one after the other,
// then a rule as in the variable TZ. The first change is from the first offset.
func makeZone(t *testing.T, first time.Duration, changes []made, rule string) *time.Location {
	t.Helper()
	count := uint32(len(changes))
	var b bytes.Buffer
	header := func(times, types, chars uint32) {
		b.WriteString("TZif2" + string(make([]byte, 15)))
		require.NoError(t, binary.Write(&b, binary.BigEndian, []uint32{0, 0, 0, times, types, chars}))
	}
	offset := func(d time.Duration) {
		require.NoError(t, binary.Write(&b, binary.BigEndian, int32(d/time.Second)))
		b.Write([]byte{0, 0})
	}
	header(0, 0, 0)
	header(count, count+1, 4)
	for _, c := range changes {
		require.NoError(t, binary.Write(&b, binary.BigEndian, c.at.Unix()))
	}
	for i := range changes {
		b.WriteByte(byte(i + 1))
	}
	offset(first)
	for _, c := range changes {
		offset(c.offset)
	}
	b.WriteString("XXX\x00\n" + rule + "\n")
	loc, err := time.LoadLocationFromTZData(fmt.Sprint(first, changes, rule), b.Bytes())
	require.NoError(t, err)
	return loc
}

// TestChangeAfterRule meets what Ciudad Juárez did in 2022: after the yearly rule
// that holds from then on would have ended summer time, but before it did so. Package
// time then knows the change only from one side.
func TestChangeAfterRule(t *testing.T) {
	t.Parallel()
	change := time.Date(2022, 11, 30, 6, 0, 0, 0, time.UTC)
	loc := makeZone(t, -6*time.Hour, []made{{change, -7 * time.Hour}}, "MST7MDT,M3.2.0,M11.1.0")
	compare(t, around(loc, change, 3*24*time.Hour), specs(50, 17))
	compare(t, around(load(t, "America/Ciudad_Juarez"), change, 24*time.Hour), specs(0, 0))
}

// TestMadeZones compares where several changes follow each other within days or
// hours, gaps and overlaps of up to a day in each other.
func TestMadeZones(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(19, 20))
	quarters := func() time.Duration { return time.Duration(r.IntN(4*26)-4*12) * 15 * time.Minute }
	rules := []string{"", "CET-1CEST,M3.5.0,M10.5.0/3", "NZST-12NZDT,M9.5.0,M4.1.0/3", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"}
	for range 60 {
		at := time.Date(2024, time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), 0, 0, time.UTC)
		first, changes := at, []made{}
		for range 1 + r.IntN(4) {
			changes = append(changes, made{at, quarters()})
			at = at.Add(time.Duration(1+r.IntN(40*60)) * time.Minute)
		}
		loc := makeZone(t, quarters(), changes, rules[r.IntN(len(rules))])
		// The rule's first offset differs from the last change's: one change more.
		compare(t, newStretch(loc, first.Add(-2*24*time.Hour), at.Add(2*24*time.Hour), time.Minute), specs(5, r.Uint64()))
	}
}
