package cmd

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"dagu/modules/store"
	"dagu/modules/web"
)

// part is what of a run is drawn.
type part struct {
	// failure adds the message of a failed run.
	failure bool
	// dry leaves out what only a real run has.
	dry bool
	// lost tells that the process of the run died.
	lost bool
	// inside are the runs inside of the run.
	inside []store.Run
}

// tree draws a run with its steps for people.
type tree struct {
	part
	paint paint
	now   time.Time
	b     strings.Builder
}

// printTree draws a run.
func printTree(w io.Writer, run store.Run, steps []store.Step, of part) error {
	t := tree{part: of, paint: paintFor(w), now: time.Now()}
	t.head(run)
	t.outputs(steps)
	steps = slices.DeleteFunc(slices.Clone(steps), func(s store.Step) bool {
		return run.Status.Final() && s.Status == store.StepNotStarted && isHandler(s.Name)
	})
	inside := web.SubRunsOf(steps, of.inside)
	for i := range steps {
		below := t.step(&steps[i], i == len(steps)-1)
		t.subRuns(below, inside[i])
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// isHandler tells whether a step is a handler, of which most runs leave some out.
func isHandler(name string) bool {
	return slices.Contains([]string{"onInit", "onSuccess", "onFailure", "onAbort", "onExit", "onWait"}, name)
}

// head is what there is to say about the run as a whole.
func (t *tree) head(run store.Run) {
	status := t.paint.status(string(run.Status))
	if t.dry {
		fmt.Fprintf(&t.b, "%s %s (dry run: no step was executed)\n", run.DAG, status)
		t.fact("  ", "params", quoted(run.Params))
		return
	}
	fmt.Fprintf(&t.b, "%s %s%s\n", run.DAG, status, t.took(run.Started, run.Finished))
	how := fmt.Sprintf("%s, %s", run.ID, run.Trigger)
	if run.Attempt > 1 {
		how += fmt.Sprintf(", attempt %d", run.Attempt)
	}
	t.fact("  ", "run", how)
	if run.Parent != "" {
		t.fact("  ", "parent", fmt.Sprintf("%s, step %s", run.Parent, run.ParentStep))
	}
	if run.RootID != "" {
		t.fact("  ", "root", fmt.Sprintf("%s %s", run.RootDAG, run.RootID))
	}
	t.fact("  ", "reason", string(run.Reason))
	if t.lost {
		t.fact("  ", "process", "died; a scheduler closes the run, or: dagu stop "+run.DAG)
	}
	if !run.Due.IsZero() {
		t.fact("  ", "due", clock(run.Due)+" UTC")
	}
	if run.Status == store.StatusQueued {
		t.fact("  ", "queued", fmt.Sprintf("%s UTC in queue %s", clock(run.Queued), run.Queue))
	}
	if run.Waiting() {
		t.fact("  ", "retry", fmt.Sprintf("attempt %d, not before %s UTC", run.Attempt+1, clock(run.NotBefore)))
	}
	if !run.Started.IsZero() {
		t.fact("  ", "started", clock(run.Started)+" UTC")
	}
	t.fact("  ", "params", quoted(run.Params))
	if run.DefaultWorkingDir != "" {
		t.fact("  ", "workdir", run.DefaultWorkingDir+", if the DAG has none")
	}
	t.fact("  ", "labels", strings.Join(run.Labels, " "))
	t.fact("  ", "log", logFile(run))
	if t.failure {
		t.fact("  ", "error", strings.TrimPrefix(run.Error, fmt.Sprintf("failed to execute the dag-run %s (dag-run ID: %s): ", run.DAG, run.ID)))
	}
}

// mostOutput bounds how much of an output is shown, in bytes.
const mostOutput = 200

// outputs lists those of the run.
func (t *tree) outputs(steps []store.Step) {
	all := store.Outputs(steps)
	name := "outputs"
	for _, key := range slices.Sorted(maps.Keys(all)) {
		text, _, more := strings.Cut(all[key], "\n")
		if len(text) > mostOutput {
			text, more = strings.ToValidUTF8(text[:mostOutput], ""), true
		}
		if more {
			text += " ..."
		}
		t.fact("  ", name, key+" = "+text)
		name = ""
	}
}

// step is one step with what is known of its execution. It returns what stands before
// the lines below it.
func (t *tree) step(s *store.Step, last bool) string {
	branch, below := "├─ ", "│    "
	if last {
		branch, below = "└─ ", "     "
	}
	var more []string
	if s.Exited && s.ExitCode != 0 {
		more = append(more, fmt.Sprintf("exit code %d", s.ExitCode))
	}
	if s.Tries > 1 {
		more = append(more, fmt.Sprintf("%d tries", s.Tries))
	}
	if s.Continued {
		more = append(more, "continued")
	}
	line := printable(s.Name) + " " + t.paint.status(string(s.Status)) + t.took(s.Started, s.Finished)
	fmt.Fprintf(&t.b, "%s%s\n", t.faint(branch), strings.Join(append([]string{line}, more...), ", "))
	below = t.faint(below)
	why := "error"
	if s.Status == store.StepSkipped {
		why = "reason"
	}
	t.fact(below, why, s.Error)
	switch {
	case s.Tries == 0:
	case s.Stdout == s.Stderr:
		t.fact(below, "log", s.Stdout)
	default:
		t.fact(below, "stdout", s.Stdout)
		t.fact(below, "stderr", s.Stderr)
	}
	return below
}

// mostSubRuns is how many runs inside of a run are drawn at a step.
const mostSubRuns = 20

// subRuns are the runs that a step waits for, or did.
func (t *tree) subRuns(below string, runs []store.Run) {
	for _, run := range runs[:min(len(runs), mostSubRuns)] {
		line := fmt.Sprintf("%s %s%s, %s", run.DAG, t.paint.status(string(run.Status)), t.took(run.Started, run.Finished), run.ID)
		if run.Attempt > 1 {
			line += fmt.Sprintf(", attempt %d", run.Attempt)
		}
		fmt.Fprintf(&t.b, "%s%s %s\n", below, t.faint("sub-run"), line)
	}
	if more := len(runs) - mostSubRuns; more > 0 {
		t.fact(below, "", fmt.Sprintf("and %d more, which --format json lists", more))
	}
}

// took is how long something took, or takes.
func (t *tree) took(start, end time.Time) string {
	d, ok := elapsed(start, end, t.now)
	switch {
	case !ok:
		return ""
	case end.IsZero():
		return " for " + span(d)
	default:
		return " in " + span(d)
	}
}

// fact is one line with a name; an empty one is left out, a long one goes on below.
func (t *tree) fact(indent, name, value string) {
	if value == "" {
		return
	}
	for i, line := range strings.Split(strings.TrimRight(value, "\n"), "\n") {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(&t.b, "%s%s %s\n", indent, t.faint(fmt.Sprintf("%-7s", name)), printable(line))
	}
}

func (t *tree) faint(word string) string { return t.paint.with(text.Faint, word) }
