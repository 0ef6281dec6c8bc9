package cmd_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"dagu/cmd"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dagu": func() { os.Exit(cmd.Execute()) }})
}

// TestScripts runs the real command. Each script has a home of its own.
// `UPDATE=1 go test ./cmd` writes what was found into the scripts.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		Deadline:            time.Now().Add(8 * time.Minute),
		Setup: func(env *testscript.Env) error {
			env.Setenv("DAGU_HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("DAGU_DAGS_DIR", filepath.Join(env.WorkDir, "dags"))
			env.Setenv("TZ", "UTC")
			// The race detector otherwise waits for a second at each end, and lets a process with a race go on.
			env.Setenv("GORACE", "halt_on_error=1 exitcode=66 atexit_sleep_ms=0")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code": code, "shape": shape, "until": until, "take": take,
		},
	})
}

// code is `code N PROGRAM ARG...`: the program must end with this exit code.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// take is `take NAME PATTERN`: the variable NAME becomes what the first group of the
// pattern matches in the last program's stdout.
func take(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: take NAME PATTERN")
	}
	found := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) < 2 {
		ts.Fatalf("no match for %s in %s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], found[1])
}

// until is `until [-count=N] PATTERN PROGRAM ARG...`: it runs the program again
// and again until its stdout matches, N times if that is said.
func until(ts *testscript.TestScript, neg bool, args []string) {
	count := 0
	if len(args) > 0 && strings.HasPrefix(args[0], "-count=") {
		var err error
		count, err = strconv.Atoi(strings.TrimPrefix(args[0], "-count="))
		ts.Check(err)
		args = args[1:]
	}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until [-count=N] PATTERN PROGRAM ARG...")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	late := time.After(time.Minute)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		_ = ts.Exec(args[1], args[2:]...) // it may fail until it matches
		found := len(pattern.FindAllString(ts.ReadFile("stdout"), -1))
		if found > 0 && (count == 0 || found == count) {
			return
		}
		select {
		case <-again.C:
		case <-late:
			ts.Fatalf("never matched %s; last: %s%s", args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
		}
	}
}

// form is what differs from run to run, and what stands for it.
type form struct {
	pattern *regexp.Regexp
	with    func(match string) string
}

func forms() []form {
	word := func(word string) func(string) string { return func(string) string { return word } }
	return []form{
		{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), word("UUID")},
		{regexp.MustCompile(`_\d{8}_\d{6}Z_`), word("_WHEN_")},
		{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), word("WHEN")},
		{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`), word("YYYY-MM-DD hh:mm:ss")},
		{regexp.MustCompile(`\b(in|for) [0-9][0-9hm.]*s\b`), func(match string) string {
			how, _, _ := strings.Cut(match, " ")
			return how + " TIME"
		}},
		{regexp.MustCompile(`  [0-9][0-9hm.]*s( {2,}|\n)`), func(match string) string {
			if strings.HasSuffix(match, "\n") {
				return "  TIME\n"
			}
			return "  TIME" + strings.Repeat(" ", max(len(match)-6, 2)) // as wide as it was
		}},
		{regexp.MustCompile(`,[0-9]+\.[0-9]{3},`), word(",TIME,")},
		{regexp.MustCompile(`"duration_seconds": [0-9.]+`), word(`"duration_seconds": TIME`)},
	}
}

// shape is `shape FILE RESULT`: it writes FILE, which may be stdout or stderr, to
// RESULT with all that differs from run to run replaced.
func shape(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: shape FILE RESULT")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[0]), ts.Getenv("WORK"), "$WORK")
	for _, f := range forms() {
		text = f.pattern.ReplaceAllStringFunc(text, f.with)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}
