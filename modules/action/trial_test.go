package action_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v4"

	"dagu/modules/action"
)

// trial is a step with an action.
type trial struct {
	dir            string
	env            map[string]string
	maxOutput      int
	stdout, stderr bytes.Buffer
	published      map[string]string
}

func newTrial(t *testing.T) *trial {
	t.Helper()
	return &trial{dir: t.TempDir(), env: map[string]string{"HOME": "/home/x"}, maxOutput: 1000}
}

// file writes a file in the directory of the step.
func (s *trial) file(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600))
}

// do checks a with as the loader and the runner do, and runs the action.
func (s *trial) do(t *testing.T, name, with string) error {
	t.Helper()
	definition, ok := action.Lookup(name)
	require.True(t, ok, name)
	values := parseWith(t, with)
	for _, final := range []bool{false, true} {
		if problems := definition.Problems(values, final); len(problems) > 0 {
			return problems[0]
		}
	}
	return definition.Run(t.Context(), &action.Call{
		With: values, Dir: s.dir, Env: s.env, Stdout: &s.stdout, Stderr: &s.stderr, MaxOutput: s.maxOutput,
		Publish: func(values map[string]string) { s.published = values },
	})
}

// parseWith reads a with of YAML, with the types that the loader gives values.
func parseWith(t *testing.T, text string) action.Values {
	t.Helper()
	var v map[string]any
	require.NoError(t, yaml.Load([]byte(text), &v))
	typed, _ := loadedValue(v).(map[string]any)
	return typed
}

func loadedValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, item := range v {
			m[key] = loadedValue(item)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = loadedValue(item)
		}
		return list
	case int:
		return int64(v)
	}
	return v
}

// outcome is what a case of a table expects of an action.
type outcome struct {
	with   string
	stdout string
	says   string // the error; "" is none
}

// checkCases runs each case with the files that an action may read.
func checkCases(t *testing.T, name string, files map[string]string, cases map[string]outcome) {
	t.Helper()
	for title, tt := range cases {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			s := newTrial(t)
			for file, text := range files {
				s.file(t, file, text)
			}
			err := s.do(t, name, tt.with)
			if tt.says != "" {
				require.ErrorContains(t, err, tt.says)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, tt.stdout, s.stdout.String())
		})
	}
}
