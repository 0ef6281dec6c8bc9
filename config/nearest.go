package config

import (
	"strings"

	"github.com/agext/levenshtein"
)

// nearest is the valid key that an unknown one most likely means, "" when none
// is near. names are those that are valid in its place; the keys of other
// sections count too, since people put the right name into the wrong place.
func (f *file) nearest(prefix, unknown string, names []string) string {
	written := fold(unknown)
	best, distance := "", min(len(written)/4+1, 3)+1
	try := func(candidate, compared string, extra int) {
		if d := levenshtein.Distance(written, fold(compared), nil) + extra; d < distance {
			best, distance = candidate, d
		}
	}
	for _, name := range names {
		try(prefix+name, name, 0)
	}
	for _, k := range f.keys {
		leaf := k.name[strings.LastIndexByte(k.name, '.')+1:]
		try(k.name, leaf, 1)
		// "scheduler.port" written as one key, and names such as "scheduler_port".
		try(k.name, strings.ReplaceAll(k.name, ".", ""), 1)
		try(k.name, k.name, 0)
	}
	return best
}
