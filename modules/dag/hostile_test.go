package dag_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dagu/modules/dag"

	"github.com/stretchr/testify/require"
)

// fails loads a text that must not load, and returns its errors.
func fails(t *testing.T, text string) dag.Errors {
	t.Helper()
	_, err := dag.Load(dag.Source{File: "job.yaml", Text: []byte(text)}, dag.Options{Location: time.UTC})
	var all dag.Errors
	require.ErrorAs(t, err, &all)
	return all
}

func TestTextsThatAreNoYAML(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"NUL", "steps:\n  - run: a\x00b\n", "job.yaml:2:11: invalid yaml: the control character 0x00 is not allowed"},
		{"delete", "a: \x7f", "job.yaml:1:4: invalid yaml: the control character 0x7f is not allowed"},
		{"escape", "a: \x1b[0m", "job.yaml:1:4: invalid yaml: the control character 0x1b is not allowed"},
		{"latin-1", "a: b\n# caf\xe9\n", "job.yaml:2:6: invalid yaml: the byte 0xe9 is not UTF-8"},
		{"column in characters", "# é\xff", "job.yaml:1:4: invalid yaml: the byte 0xff is not UTF-8"},
		{"UTF-16", "\xff\xfea\x00", "job.yaml:1:1: invalid yaml: the byte 0xff is not UTF-8"},
		{"unknown alias", "a: *b", "job.yaml:1:4: invalid yaml: unknown anchor 'b' referenced"},
		{"unclosed", "a: 'b", "invalid yaml: "},
		{"only a brace", "{", "invalid yaml: "},
		{"bad directive", "%YAML 9.9\n---\na: b\n", "invalid yaml: "},
		{"too large", strings.Repeat("#", dag.MaxFileSize+1), "job.yaml:1:1: the file is larger than 262144 bytes"},
		{"nothing", "", "job.yaml:1:1: the file is empty: entrypoint document must be a map with steps"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, fails(t, test.text).Error(), test.want)
		})
	}
}

func TestTextsOfOtherSystems(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"byte order mark": "\ufeffsteps:\n  - run: echo\n",
		"CRLF":            "steps:\r\n  - run: echo\r\n",
		"no line end":     "steps: [{run: echo}]",
		"tab after key":   "steps:\n  - run:\techo\n",
		"directive":       "%YAML 1.2\n---\nsteps: [{run: echo}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, "echo", load(t, text).Steps[0].Run.Text)
		})
	}
	require.Equal(t, "a\nb\n", load(t, "steps:\r\n  - run: |\r\n      a\r\n      b\r\n").Steps[0].Run.Text)
}

// What is small as a text must not grow beyond bounds when it is read.
func TestBombs(t *testing.T) {
	t.Parallel()
	const expand, deep = "aliases expand the file to more than 200000 nodes", "exceeded max depth of 64"
	laughs := func(levels int) string {
		text := "a0: &a0 [x, x]\n"
		for i := 1; i < levels; i++ {
			text += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
		}
		return text
	}
	brackets := func(n int) string { return "steps: " + strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, test := range []struct{ name, text, want string }{
		{"billion laughs", laughs(40), expand},
		{"more than an integer counts", laughs(70), expand},
		{"wide", "x: &e [" + strings.Repeat("A=b,", 10_000) + "]\nsteps:\n" + strings.Repeat("  - {run: x, env: *e}\n", 5_000), expand},
		{"merges", "m: &m {" + strings.Join(numbered("k%d: v", 5000), ", ") + "}\nsteps:\n" + strings.Repeat("  - {<<: *m}\n", 5_000), expand},
		{"one too deep", brackets(65), deep},
		{"deep", brackets(100_000), deep},
		{"deep without end", "steps: " + strings.Repeat("[", 200_000), deep},
		{"deep by indent", "steps:\n" + strings.Repeat("- ", 100_000), deep},
		{"deep, but not too deep", brackets(64), "a group must hold steps"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, fails(t, test.text).Error(), test.want)
		})
	}
}

// An error repeats only the beginning of what a file has in any length.
func TestErrorsAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 10_000)
	for _, text := range []string{
		long + ": 1", "env: [" + long + "]", "env: {" + long + ": 1}", "steps: [{id: " + long + ", run: x}]",
		"name: " + long, "schedule: " + long, "steps: [{run: x, depends: " + long + "}]", "consts: [{" + long + ": 1}]",
	} {
		require.Less(t, len(fails(t, text)[0].Error()), 2000)
	}
}

// Two groups of a chain multiply.
func TestGroupsOfAChainAreBounded(t *testing.T) {
	t.Parallel()
	group := func(n int) string { return "- [" + strings.Repeat("{run: x}, ", n) + "]\n" }
	require.Len(t, load(t, "type: chain\nsteps:\n"+group(1000)+group(1000)).Steps[1000].Depends, 1000)
	require.ErrorContains(t, fails(t, "type: chain\nsteps:\n"+group(1000)+group(1001)),
		"the groups make 1001000 dependencies; at most 1000000 are allowed")
}

// Defaults and steps multiply, over all documents of a file.
func TestDefaultsAreBounded(t *testing.T) {
	t.Parallel()
	of := func(defaults, steps int) string {
		return "defaults:\n  env: [" + strings.Repeat("A=, ", defaults/2) + "]\n  preconditions: [" + strings.Repeat("x, ", defaults-defaults/2) +
			"]\nsteps:\n" + strings.Repeat("- run: x\n", steps)
	}
	require.Len(t, load(t, of(1000, 994)).Steps[993].Env, 500)
	require.ErrorContains(t, fails(t, of(1000, 995)),
		"the defaults give the steps 1001000 variables and preconditions; at most 1000000 are allowed")
	require.ErrorContains(t, fails(t, of(1000, 494)+"---\nname: other\n"+of(1000, 495)), "the defaults give the steps 1001000")
}

// A constant may repeat the one before it, and many constants one that is large.
func TestConstsAreBounded(t *testing.T) {
	t.Parallel()
	doubled := "consts:\n- a0: x\n"
	for i := range 18 {
		doubled += fmt.Sprintf("- a%d: ${consts.a%d}${consts.a%[2]d}\n", i+1, i)
	}
	const bound = "consts come to more than 1048576 bytes with this one"
	require.NotContains(t, fails(t, doubled).Error(), bound)
	many := doubled + strings.Join(numbered("- b%[1]d: ${consts.a18}", 5000), "\n")
	all := fails(t, many)
	require.Len(t, all, 2)
	require.ErrorContains(t, all[1], "field 'consts[21].b2': "+bound)
}

// Suggestions are not looked for without end.
func TestManyUnknownDependencies(t *testing.T) {
	t.Parallel()
	text := "steps:\n" + strings.Join(numbered("- {run: x, id: step%[1]d, depends: nobody%[1]d}", 5000), "\n")
	require.Len(t, fails(t, text), 101)
}

func numbered(format string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(format, i)
	}
	return all
}

// A file of the largest size loads in a fraction of a second, whatever it is full of.
func TestLargestFiles(t *testing.T) {
	t.Parallel()
	full := func(head, line string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := 0; b.Len()+len(line)+8 < dag.MaxFileSize; i++ {
			fmt.Fprintf(&b, line, i)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"env map":   full("steps: [{run: x}]\nenv:\n", "  A%d: x\n"),
		"env names": full("steps: [{run: x}]\nenv:\n", "  - A%d: ${B:-$A1}\n"),
		"consts":    full("steps: [{run: x}]\nconsts:\n", "  - a%d: x\n"),
		"params":    full("steps: [{run: x}]\nparams:\n", "  - a%d: x\n"),
		"labels":    full("steps: [{run: x}]\nlabels:\n", "  - a%d\n"),
		"dotenv":    full("steps: [{run: x}]\ndotenv:\n", "  - a%d\n"),
		"steps":     full("type: chain\nsteps:\n", "  - {run: x, id: a%d}\n"),
		"group":     full("type: chain\nsteps:\n  - [{run: a},{run: b}]\n  -\n", "    - {run: x, id: a%d}\n"),
		"depends":   full("steps:\n  - id: a0\n    run: x\n", "  - {run: x, id: b%[1]d, depends: [a0]}\n"),
		"documents": full("steps: [{run: x}]\n", "---\nname: a%d\nsteps: [{run: x}]\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := dag.Source{File: "job.yaml", Text: []byte(text)}
			_, err := dag.Load(source, dag.Options{Location: time.UTC})
			require.NoError(t, err)
			_, err = dag.Validate(source, dag.Options{Location: time.UTC})
			require.NoError(t, err)
		})
	}
	many := fails(t, full("steps: [{run: x}]\n", "unknown%d: x\n"))
	require.Len(t, many, 101)
	require.Regexp(t, `^and \d+ more errors$`, many[100].Message)
}
