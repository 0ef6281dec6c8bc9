package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// usualSpecs are expressions that people write, and ones that meet the hours in
// which clocks change from both sides.
func usualSpecs() []string {
	return strings.Split(strings.TrimSpace(`
* * * * *
? ? ? ? ?
*/2 * * * *
*/7 * * * *
*/15 * * * *
*/1 2 * * *
*/15 2 * * *
*/15 0 * * *
*/10 23 * * *
*,30 1 * * *
30,* 1 * * *
? 3 * * *
* 1-3 * * *
5/20 * * * *
0 * * * *
30 * * * *
15,45 * * * *
0 */2 * * *
30 */3 * * *
0 ?/5 * * *
0 */24 * * *
45 *,3 * * *
45 3,* * * *
0 0-23 * * *
0-59 0-23 * * *
0-59/10 0-23/1 * * *
0 0 * * *
1 0 * * *
30 0 * * *
59 23 * * *
0 23 * * *
30 23 * * *
0 1 * * *
30 1 * * *
59 1 * * *
0 2 * * *
1 2 * * *
15,45 2 * * *
30 2 * * *
0 3 * * *
1 3 * * *
30 3 * * *
0 4 * * *
0 2,3 * * *
30 1,2,3 * * *
59 1,2 * * *
0,30 0-4 * * *
5-10 1-3 * * *
0/20 0/1 * * *
30 4 * * *
0 7 * * MON-FRI
30 2 * * SUN
30 2 * * SAT
30 0 * * 0,6
0 0 * * FRI-SUN
0 0 1 * *
30 2 29 3 *
30 2 25-31 3,10 0
15 2 1-7 */2 *
0 0 */2 * *
0 0 */2 * 1
0 12 13 * FRI
0 0 1/1 * MON
0 0 31 12 *
30 1 30 12 *
0 7 30 12 *
0 0 31 * *
0 9 * JAN-MAR,OCT,NOV 1-5/2
0 9 * * 5/1
0 9 * * 7
59 23 31 12 ?`), "\n")
}

// randomSpec makes an expression that is valid but for days that no month has. It
// likes the first hours of the day.
func randomSpec(r *rand.Rand) string {
	hour := randomField(r, 0, 23)
	if r.IntN(3) == 0 {
		hour = randomField(r, 0, 4)
	}
	dom, month, dow := "*", "*", "*"
	if r.IntN(4) == 0 {
		dom = randomField(r, 1, 31)
	}
	if r.IntN(8) == 0 {
		month = randomField(r, 1, 12)
	}
	if r.IntN(4) == 0 {
		dow = randomField(r, 0, 7)
	}
	return strings.Join([]string{randomField(r, 0, 59), hour, dom, month, dow}, " ")
}

func randomField(r *rand.Rand, low, high int) string {
	entries := make([]string, 1+r.IntN(2)*r.IntN(3))
	for i := range entries {
		a, b := low+r.IntN(high-low+1), low+r.IntN(high-low+1)
		a, b = min(a, b), max(a, b)
		step := 1 + r.IntN(high)
		switch r.IntN(10) {
		case 0:
			entries[i] = "*"
		case 1:
			entries[i] = "?"
		case 2:
			entries[i] = fmt.Sprintf("*/%d", step)
		case 3:
			entries[i] = fmt.Sprintf("%d-%d", a, b)
		case 4:
			entries[i] = fmt.Sprintf("%d-%d/%d", a, b, step)
		case 5:
			entries[i] = fmt.Sprintf("%d/%d", a, step)
		default:
			entries[i] = fmt.Sprint(a)
		}
	}
	return strings.Join(entries, ",")
}
