package language_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// notices is `notices [--show-unresolved] FILE`: the file is correct; it prints the
// FIELD, REFERENCE and REASON of each line that validate says, in that order, which
// has no other kind of line. Those of less weight begin with "info", and those of
// another file with its name.
func notices(ts *testscript.TestScript, neg bool, args []string) {
	demand(ts, !neg && len(args) > 0, "notices [--show-unresolved] FILE")
	dagu(ts, 0, append([]string{"validate"}, args...)...)
	says(ts, "stdout", "")
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		found := noticeLine.FindStringSubmatch(strings.TrimSpace(line))
		if found == nil {
			ts.Fatalf("no notice: %s", line)
		}
		words := found[4] + " " + found[3]
		if found[5] != "" {
			words += " " + found[5]
		}
		if file := filepath.Base(found[2]); file != filepath.Base(args[len(args)-1]) {
			words = file + ": " + words
		}
		if found[1] == "Info" {
			words = "info " + words
		}
		_, err := fmt.Fprintln(ts.Stdout(), words)
		ts.Check(err)
	}
}

var noticeLine = regexp.MustCompile(
	`^(Warning|Info): (/.+):\d+:\d+: (\$.*) was left unchanged because .+ when (\S+) was evaluated\.(?: reason=(\S+))?$`)
