package dag_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
)

// A base file that was parsed once serves loads at the same time, and none
// leaves a trace in it. The numbers of entries are such that each list has
// spare capacity.
func TestBaseIsShared(t *testing.T) {
	t.Parallel()
	list := func(format string) string { return "[" + strings.Join(numbered(format, 18), ", ") + "]" }
	conditions := "[" + strings.Join(numbered("c%d", 19), ", ") + "]"
	base := []byte("env: " + list("A%d=1") + "\nlabels: " + list("l%d") + "\nconsts: " + list("{a%d: 1}") + "\nparams: " + list("p%d=1") +
		"\nshell_args: " + list("-a%d") + "\ndotenv: " + list("f%d") + "\nhandler_on: {exit: {run: x}}" +
		"\ndefaults: {env: " + list("D%d=1") + ", preconditions: " + conditions + "}\n")
	own := "env: [X]\nlabels: [x]\nconsts: [{x: X}]\nparams: [x=X]\ndefaults: {env: [X], preconditions: [X]}\n" +
		"shell_args: [X]\ndotenv: [X]\nsteps: [{run: x, env: [X]}]\n"
	options := dag.Options{Location: time.UTC}
	shared := dag.Options{Location: time.UTC, Base: dag.ParseBase("/base.yaml", base, options)}
	var loads []func() *dag.DAG
	var wants []string
	for _, value := range []string{"S=1", "S=2", "S=3", "S=4"} {
		source := dag.Source{File: "/d/job.yaml", Text: []byte(strings.ReplaceAll(own, "X", value)), BaseFile: "/base.yaml", Base: base}
		want, err := dag.Load(source, options)
		require.NoError(t, err)
		wants = append(wants, dump(want))
		loads = append(loads, func() *dag.DAG {
			got, err := dag.Load(source, shared)
			if err != nil {
				t.Error(err)
			}
			return got
		})
	}
	first := loads[0]()
	before := dump(first)
	loads[1]()
	require.Equal(t, before, dump(first), "a later load over the same base wrote into an earlier one")

	var group sync.WaitGroup
	for i := range loads {
		group.Go(func() {
			for range 50 {
				if dump(loads[i]()) != wants[i] {
					t.Errorf("load %d differs over a shared base", i)
					return
				}
			}
		})
	}
	group.Wait()
}

// A base that was parsed from something else is not used.
func TestOtherBaseIsNotUsed(t *testing.T) {
	t.Parallel()
	text := []byte("schedule: 0 1 * * *")
	source := dag.Source{File: "/d/job.yaml", Text: []byte("steps: [{run: x}]"), BaseFile: "/base.yaml", Base: text}
	utc, tokyo := dag.Options{Location: time.UTC}, dag.Options{Location: time.FixedZone("tokyo", 9*3600)}

	for name, base := range map[string]*dag.Base{
		"text": dag.ParseBase("/base.yaml", []byte("schedule: 0 2 * * *"), utc),
		"zone": dag.ParseBase("/base.yaml", text, tokyo),
		"none": nil,
	} {
		d, err := dag.Load(source, dag.Options{Location: time.UTC, Base: base})
		require.NoError(t, err, name)
		require.Equal(t, "0 1 * * *", d.Schedules[0].Text, name)
		require.Equal(t, "UTC", d.Schedules[0].Spec.Zone(), name)
	}

	source.Base = []byte("nonsense: 1")
	_, err := dag.Load(source, dag.Options{Location: time.UTC, Base: dag.ParseBase("/other.yaml", source.Base, utc)})
	require.ErrorContains(t, err, "/base.yaml:1:1")
}

func TestSourceHashCoversEveryPart(t *testing.T) {
	t.Parallel()
	a := dag.Source{File: "f", Text: []byte("t"), BaseFile: "b", Base: []byte("x"), Name: "n"}
	seen := map[string]bool{a.Hash(): true}
	require.Len(t, a.Hash(), 64)
	for _, change := range []func(*dag.Source){
		func(s *dag.Source) { s.File = "g" },
		func(s *dag.Source) { s.Text = []byte("u") },
		func(s *dag.Source) { s.BaseFile = "c" },
		func(s *dag.Source) { s.Base = []byte("y") },
		func(s *dag.Source) { s.Name = "m" },
		func(s *dag.Source) { s.File, s.Text = "ft", nil },
	} {
		b := a
		change(&b)
		require.False(t, seen[b.Hash()])
		seen[b.Hash()] = true
	}
	require.Equal(t, a.Hash(), dag.Source{File: "f", Text: []byte("t"), BaseFile: "b", Base: []byte("x"), Name: "n"}.Hash())
}

func TestNameOverride(t *testing.T) {
	t.Parallel()
	source := dag.Source{File: "/d/bad name.yaml", Text: []byte("steps: [{run: x}]"), Name: "other"}
	d, err := dag.Load(source, dag.Options{})
	require.NoError(t, err)
	require.Equal(t, "other", d.Name)
	source.Name = "not/a/name"
	_, err = dag.Load(source, dag.Options{})
	require.ErrorContains(t, err, `"not/a/name"`)
	source.File, source.Name = "/d/job.yaml.yml", ""
	d, err = dag.Load(source, dag.Options{})
	require.NoError(t, err)
	require.Equal(t, "job.yaml", d.Name)
}
