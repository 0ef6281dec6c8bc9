package doctor

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// span is a duration as one writes it: 2m, not 2m0s.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// naps is how long the sleeps of a command take, as far as they are figures.
func naps(command []string) time.Duration {
	var total time.Duration
	for _, words := range commands(command) {
		i := slices.IndexFunc(words, func(word string) bool { return path.Base(word) == "sleep" })
		if i < 0 || i+1 >= len(words) {
			continue
		}
		if n, err := strconv.ParseFloat(strings.TrimSuffix(words[i+1], "s"), 64); err == nil {
			total += time.Duration(n * float64(time.Second))
		}
	}
	return total
}
