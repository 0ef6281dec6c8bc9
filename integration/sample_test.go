package integration_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
)

// TestExamplesAreCorrect validates the DAG files that users copy: nothing is
// wrong with them, outdated or unresolved.
func TestExamplesAreCorrect(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("sample/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	mounted, err := filepath.Glob("kubernetes/dags/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, mounted)
	files = append(files, mounted...)
	examples := readme(t)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		examples = append(examples, string(text))
	}
	for _, text := range examples {
		d, err := dag.Validate(dag.Source{File: "/d/example.yaml", Text: []byte(text)}, dag.Options{Location: time.UTC})
		require.NoError(t, err, text)
		require.Empty(t, d.Warnings, text)
		for _, n := range d.Notices {
			require.True(t, n.RunTime, n.String())
		}
	}
}

// readme returns the DAG files of the README.
func readme(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	var found []string
	for _, pattern := range []string{"(?s)```yaml\n(.*?)```", `(?s)<<'EOF'\n(.*?\n)EOF\n`} {
		for _, block := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(block[1], "steps:") {
				found = append(found, block[1])
			}
		}
	}
	require.Len(t, found, 5)
	return found
}
