package dag_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dagu/modules/dag"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzLoad holds what is true of every file: a load ends, never panics, and
// gives a DAG that is whole or errors that have a place in the file.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal("there is no testdata")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var job, base []byte
		for _, part := range txtar.Parse(text).Files {
			switch part.Name {
			case "job.yaml":
				job = part.Data
			case "base.yaml":
				base = part.Data
			}
		}
		f.Add(job, base)
	}
	f.Fuzz(func(t *testing.T, job, base []byte) {
		source := dag.Source{File: "/d/job.yaml", Text: job, BaseFile: "/d/base.yaml", Base: base}
		loaded, err := dag.Load(source, dag.Options{Location: time.UTC})
		holds(t, source, loaded, err)
		refused := err != nil && strings.Contains(err.Error(), "container is not supported")
		valid, err := dag.Validate(source, dag.Options{Location: time.UTC})
		holds(t, source, valid, err)
		if valid != nil && loaded == nil && !refused {
			t.Fatal("validate accepts what does not load")
		}
	})
}

// works tells whether the step has something to do.
func works(s *dag.Step) bool {
	return s.Run.Text != "" || len(s.Run.List) > 0 || s.Action != nil || s.Foreach != nil || len(s.Publish) > 0
}

func holds(t *testing.T, source dag.Source, loaded *dag.DAG, err error) {
	t.Helper()
	if err != nil {
		holdErrors(t, source, loaded, err)
		return
	}
	names := make(map[string]bool)
	for _, d := range append([]*dag.DAG{loaded}, loaded.Local...) {
		if d.Name == "" || len(d.Name) > 40 || names[d.Name] && d != loaded {
			t.Fatalf("name %q", d.Name)
		}
		names[d.Name] = true
		steps := make(map[string]bool)
		for _, s := range d.Steps {
			if s.Name == "" || steps[s.Name] || !works(&s) {
				t.Fatalf("step %+v", s)
			}
			steps[s.Name] = true
		}
		var cycle *dag.CycleError
		if _, err := d.Graph(); err != nil && !errors.As(err, &cycle) {
			t.Fatal(err)
		}
	}
}

func holdErrors(t *testing.T, source dag.Source, loaded *dag.DAG, err error) {
	t.Helper()
	var all dag.Errors
	if loaded != nil || !errors.As(err, &all) || len(all) == 0 {
		t.Fatalf("loaded %v, error %v", loaded, err)
	}
	for _, one := range all {
		text := source.Text
		if one.File == source.BaseFile {
			text = source.Base
		}
		// YAML knows more line breaks than the line feed.
		lines := 2 + strings.Count(string(text), "\n") + strings.Count(string(text), "\r") +
			strings.Count(string(text), "\u0085") + strings.Count(string(text), "\u2028") + strings.Count(string(text), "\u2029")
		if one.Line < 1 || one.Line > lines || one.Column < 1 || one.Message == "" || !utf8.ValidString(one.Error()) {
			t.Fatalf("%+v", one)
		}
	}
}
