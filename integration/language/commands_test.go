package language_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// valid is `valid FILE...`: each file is correct, and nothing is said about it.
func valid(ts *testscript.TestScript, neg bool, args []string) {
	demand(ts, !neg && len(args) > 0, "valid FILE...")
	for _, file := range args {
		dagu(ts, 0, "validate", file)
		says(ts, "stdout", "")
		says(ts, "stderr", "")
	}
}

// warns is `warns FILE TEXT...`: the file loads, and validate says each of the texts.
func warns(ts *testscript.TestScript, neg bool, args []string) {
	demand(ts, !neg && len(args) > 1, "warns FILE TEXT...")
	dagu(ts, 0, "validate", args[0])
	says(ts, "stdout", "")
	says(ts, "stderr", args[1:]...)
}

// refused is `refused FILE TEXT...`: the file is wrong, and validate says each of the texts.
func refused(ts *testscript.TestScript, neg bool, args []string) {
	demand(ts, !neg && len(args) > 1, "refused FILE TEXT...")
	dagu(ts, 1, "validate", args[0])
	says(ts, "stdout", "")
	says(ts, "stderr", append(args[1:], "Error: Validation failed for "+args[0]+"\n")...)
}

// runs is `runs FILE [ARG...]`: a start of the file, with these arguments, ends with 0.
func runs(ts *testscript.TestScript, neg bool, args []string) {
	demand(ts, !neg && len(args) > 0, "runs FILE [ARG...]")
	ts.Setenv("DAG", args[0])
	dagu(ts, 0, append([]string{"start", "-q"}, args...)...)
}

// fails is `fails FILE [ARG... :] TEXT...`: a start of the file, with these arguments,
// ends with 1 and says each of the texts.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	end := max(slices.Index(args, ":"), 1)
	demand(ts, !neg && len(args) > end, "fails FILE [ARG... :] TEXT...")
	ts.Setenv("DAG", args[0])
	dagu(ts, 1, append([]string{"start", "-q"}, args[:end]...)...)
	texts := args[end:]
	if texts[0] == ":" {
		texts = texts[1:]
	}
	says(ts, "stderr", texts...)
}

// ends is `ends STATUS [STEP=STATUS...]`: how the newest run of the DAG that was
// started last has ended, and its steps and handlers.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	demand(ts, !neg && len(args) > 0, "ends STATUS [STEP=STATUS...]")
	run := newest(ts)
	if run.Status != args[0] {
		ts.Fatalf("the run is %s", run.Status)
	}
	var found []string
	for _, s := range run.Steps {
		found = append(found, s.Name+"="+s.Status)
	}
	for _, want := range args[1:] {
		if !slices.Contains(found, want) {
			ts.Fatalf("not %s; the steps are %v", want, found)
		}
	}
}

// breaks is `breaks STEP=TEXT...`: the steps of the newest run of the DAG that was started
// last have failed, with errors that say the texts.
func breaks(ts *testscript.TestScript, neg bool, args []string) {
	demand(ts, !neg && len(args) > 0, "breaks STEP=TEXT...")
	steps := newest(ts).Steps
	for _, arg := range args {
		name, text, _ := strings.Cut(arg, "=")
		if !slices.ContainsFunc(steps, func(s step) bool {
			return s.Name == name && s.Status == "failed" && strings.Contains(s.Error, text)
		}) {
			ts.Fatalf("not so: %s; steps are %v", arg, steps)
		}
	}
}

// logs is `logs [-stderr] [STEP...]`: it prints the lines that the steps of the newest
// run of the DAG that was started last have printed, behind their names.
func logs(ts *testscript.TestScript, neg bool, args []string) {
	demand(ts, !neg, "logs [-stderr] [STEP...]")
	stderr := len(args) > 0 && args[0] == "-stderr"
	if stderr {
		args = args[1:]
	}
	steps := newest(ts).Steps
	out := ts.Stdout() // also when nothing is printed
	for _, s := range steps {
		if len(args) > 0 && !slices.Contains(args, s.Name) {
			continue
		}
		file := s.Stdout
		if stderr {
			file = s.Stderr
		}
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // it was not started
		}
		ts.Check(err)
		for line := range strings.Lines(string(text)) {
			_, err := fmt.Fprintf(out, "%s: %s\n", s.Name, strings.TrimSuffix(line, "\n"))
			ts.Check(err)
		}
	}
}

// run and step are what `dagu status` tells of them.
type run struct {
	Status string
	Steps  []step
}

type step struct{ Name, Status, Error, Stdout, Stderr string }

func newest(ts *testscript.TestScript) run {
	dagu(ts, 0, "status", ts.Getenv("DAG"), "--format", "json")
	var r run
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &r))
	return r
}

func demand(ts *testscript.TestScript, ok bool, usage string) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

// dagu runs the command, which must end with this exit code.
func dagu(ts *testscript.TestScript, want int, args ...string) {
	err := ts.Exec("dagu", args...)
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

// says demands each text of a stream; "" is nothing at all.
func says(ts *testscript.TestScript, stream string, texts ...string) {
	found := ts.ReadFile(stream)
	for _, text := range texts {
		if text == "" && found != "" {
			ts.Fatalf("%s is not empty: %s", stream, found)
		}
		if !strings.Contains(found, text) {
			ts.Fatalf("%s does not say %q: %s", stream, text, found)
		}
	}
}
