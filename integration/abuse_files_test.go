package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// A DAG's file is edited, broken, deleted, or replaced by one of another name, while
// one run of it is active and another one queued. Both execute what they were enqueued
// with, to the end, and so does a retry.
func TestFileChangesUnderItsRuns(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	text := func(name, word string) string {
		return fmt.Sprintf("type: chain\nsteps:\n  - run: echo one-%[1]s >> %[2]s\n  - run: until [ -e %[3]s ]; do sleep 0.05; done\n  - run: echo two-%[1]s >> %[2]s\n",
			word, h.path("said-"+name), h.path("go"))
	}
	changes := map[string]func(name string){
		"edited":  func(name string) { h.dag(name, text(name, "new")) },
		"broken":  func(name string) { h.dag(name, "steps: [") },
		"deleted": func(name string) { require.NoError(t, os.Remove(h.path("dags", name+".yaml"))) },
		"renamed": func(name string) { h.dag(name, "name: another\n"+text(name, "new")) },
		"link": func(name string) { // to nowhere
			require.NoError(t, os.Remove(h.path("dags", name+".yaml")))
			require.NoError(t, os.Symlink("nowhere", h.path("dags", name+".yaml")))
		},
	}
	for name := range changes {
		h.dag(name, text(name, "old"))
	}
	d := h.scheduler()
	s := h.records()
	for name := range changes {
		h.enqueue(name)
		h.enqueue(name) // its own queue has one slot
	}
	for name := range changes {
		eventually(t, func() bool { return h.read("said-"+name) == "one-old" }, "%s is active", name)
		require.Equal(t, map[string]int{"running": 1, "queued": 1}, h.counts(s, name))
	}
	for name, change := range changes {
		change(name)
	}
	eventually(t, func() bool {
		return strings.Contains(d.log.String(), "broken.yaml") && strings.Contains(d.log.String(), "link.yaml")
	}, "the changes are seen")
	h.write("go", "")
	for name := range changes {
		eventually(t, func() bool { return h.counts(s, name)["succeeded"] == 2 }, "both runs of %s end", name)
		require.Equal(t, []string{"one-old", "two-old", "one-old", "two-old"}, lines(h.read("said-"+name)))
	}
	for _, run := range h.runs(s, "deleted") {
		require.DirExists(t, run.LogDir)
	}
	require.Equal(t, healthy, d.answer())
	d.stop()
}

// Names that people give files and steps, and those that nobody should. What is no name
// of a DAG is told with the file's place and stops no other.
func TestNames(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	good := []string{"dot.ted", "-leading-dash", "--help", ".hidden", strings.Repeat("n", 40), "UPPER_lower-0", "...", "con", "a.yaml"}
	bad := []string{"with space", "größe", "semi;colon", "line\nbreak", "tab\tbed", "\x1b[31mred", strings.Repeat("n", 41), strings.Repeat("n", 240), "$(touch x)"}
	for _, name := range good {
		h.dag(name, "steps:\n  - run: echo $DAG_NAME >> "+h.path("ran")+"\n")
	}
	for _, name := range bad {
		h.dag(name, "steps:\n  - run: echo bad >> "+h.path("ran")+"\n")
	}
	steps := []string{"größe / mit Leerraum", "--flag", "..", "tab\tbed", "\x1b[31mred", "line\nbreak", strings.Repeat("ü", 127), strings.Repeat("n", 255), "$(touch x)", "con"}
	var text strings.Builder
	text.WriteString("steps:\n")
	for _, name := range steps {
		fmt.Fprintf(&text, "  - name: %s\n    run: printf %%s \"$DAG_RUN_STEP_NAME\"\n", quote(name))
	}
	h.dag("steps", text.String())
	d := h.scheduler()
	s := h.records()
	for _, name := range append(good, "steps") {
		h.enqueue(h.path("dags", name+".yaml"))
	}
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == len(good)+1 }, "all runs end: %v", h.counts(s, ""))
	require.ElementsMatch(t, good, lines(h.read("ran")))
	for i, step := range h.steps(s, "steps") {
		require.Equal(t, steps[i], step.Name)
		said, err := os.ReadFile(step.Stdout)
		require.NoError(t, err)
		require.Equal(t, steps[i], string(said))
		require.Equal(t, h.runs(s, "steps")[0].LogDir, filepath.Dir(step.Stdout), "in the directory of the run")
	}
	shown := h.must("status", "steps")
	require.NotContains(t, shown, "\x1b", "nothing that a terminal would obey")
	require.Contains(t, shown, "größe / mit Leerraum")
	for _, name := range good {
		require.Contains(t, h.must("history", h.path("dags", name+".yaml")), "succeeded", name)
	}
	for _, name := range bad {
		r := h.run("enqueue", h.path("dags", name+".yaml"))
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "field 'name'")
		require.NotContains(t, r.stderr, "\x1b")
	}
	require.NotContains(t, d.log.String(), "\x1b")
	require.NoFileExists(t, h.path("x"))
	require.Equal(t, healthy, d.answer())
	d.stop()
}

// quote is a name as YAML writes it.
func quote(name string) string {
	return `"` + strings.NewReplacer("\t", `\t`, "\n", `\n`, "\x1b", `\e`).Replace(name) + `"`
}

// The binary of a running scheduler is replaced by something else, and deleted: both
// happen in an upgrade. Runs go on to begin and end.
func TestBinaryIsReplaced(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	text, err := os.ReadFile(binary(t))
	require.NoError(t, err)
	path := h.path("dagu")
	require.NoError(t, os.WriteFile(path, text, 0o755)) //nolint:gosec // it is to be executed
	h.dag("a", "steps:\n  - run: \"true\"\n")
	d := h.start(launch{binary: path})
	d.waitHealthy()
	s := h.records()
	h.write("dagu", "not a program")
	h.enqueue("a")
	eventually(t, func() bool { return h.counts(s, "a")["succeeded"] == 1 }, "it runs with another file in place of its own")
	require.NoError(t, os.Remove(path))
	h.enqueue("a")
	eventually(t, func() bool { return h.counts(s, "a")["succeeded"] == 2 }, "it runs without its file")
	require.Equal(t, store.StatusSucceeded, h.runs(s, "a")[0].Status)
	d.stop()
}
