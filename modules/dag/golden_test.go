package dag_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"dagu/modules/dag"
	"dagu/modules/schedule"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

//nolint:gochecknoglobals // flags of a test binary are registered before TestMain
var update = flag.Bool("update", false, "rewrite the golden sections of testdata")

// TestGolden loads job.yaml over base.yaml of every archive in testdata, and
// compares what becomes of it with the other sections of the archive: the
// errors of Load and of Validate where they differ, the warnings, the DAG.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			input, want := split(archive)
			got := outcome(t, input)
			if *update {
				archive.Files = append(input, got...)
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o600))
				return
			}
			require.Equal(t, string(txtar.Format(&txtar.Archive{Files: want})), string(txtar.Format(&txtar.Archive{Files: got})))
			bad := filepath.Base(filepath.Dir(file)) == "bad"
			require.Equal(t, bad, got[0].Name == "load", "a file that loads stands in testdata/good, another in testdata/bad")
		})
	}
}

// split separates the files of an archive from its golden sections.
func split(archive *txtar.Archive) (input, want []txtar.File) {
	for _, file := range archive.Files {
		if strings.Contains(file.Name, ".y") {
			input = append(input, file)
		} else {
			want = append(want, file)
		}
	}
	return input, want
}

// outcome returns the golden sections of a source.
func outcome(t *testing.T, input []txtar.File) []txtar.File {
	t.Helper()
	source := dag.Source{}
	for _, file := range input {
		if file.Name == "base.yaml" {
			source.BaseFile, source.Base = file.Name, file.Data
			continue
		}
		source.File, source.Text = file.Name, file.Data
	}
	options := dag.Options{Location: time.UTC}
	loaded, err := dag.Load(source, options)
	validated, strict := dag.Validate(source, options)
	var sections []txtar.File
	add := func(name, text string) {
		if text != "" {
			sections = append(sections, txtar.File{Name: name, Data: []byte(text)})
		}
	}
	add("load", lines(t, err))
	if text := lines(t, strict); text != lines(t, err) {
		add("validate", text+strings.Repeat("valid\n", btoi(strict == nil)))
	}
	if loaded == nil {
		loaded = validated
	}
	if loaded != nil {
		var warnings strings.Builder
		for _, w := range loaded.Warnings {
			fmt.Fprintln(&warnings, w)
		}
		add("warnings", warnings.String())
		add("dag", dump(loaded))
	}
	return sections
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// lines returns one line for each error, after a check that each has a place.
func lines(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	require.ErrorIs(t, err, dag.ErrSource)
	var all dag.Errors
	require.True(t, errors.As(err, &all))
	var b strings.Builder
	for _, one := range all {
		require.Positive(t, one.Line)
		require.Positive(t, one.Column)
		fmt.Fprintln(&b, one)
	}
	return b.String()
}

// dump prints what is set in a DAG, one field a line.
func dump(d *dag.DAG) string {
	var b strings.Builder
	shown := *d
	shown.Source, shown.Warnings, shown.Local = dag.Source{}, nil, nil
	dumpValue(&b, "", reflect.ValueOf(shown))
	for _, local := range d.Local {
		fmt.Fprintf(&b, "document %s\n%s", local.Name, dump(local))
	}
	return b.String()
}

func dumpValue(b *strings.Builder, path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if spec, ok := v.Interface().(*schedule.Schedule); ok && spec != nil {
			fmt.Fprintf(b, "%s = %q in %s\n", path, spec, spec.Zone())
			return
		}
		if !v.IsNil() {
			dumpLeafOr(b, path, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			dumpValue(b, strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."), v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			dumpValue(b, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	default:
		if !v.IsZero() {
			dumpLeafOr(b, path, v)
		}
	}
}

// dumpLeafOr prints a leaf even when it is zero, and anything else as dumpValue does.
func dumpLeafOr(b *strings.Builder, path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Pointer:
		dumpValue(b, path, v)
	case reflect.String:
		fmt.Fprintf(b, "%s = %q\n", path, v.String())
	default:
		fmt.Fprintf(b, "%s = %v\n", path, v.Interface())
	}
}
