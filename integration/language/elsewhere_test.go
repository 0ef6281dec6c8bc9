package language_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestElsewhere keeps elsewhere.txt true: each test that it names is where it says.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("elsewhere.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(strings.TrimSpace(line), " | ")
		require.Len(t, parts, 3, "want CHAPTER | RULE | DIRECTORY: TEST...: %s", line)
		chapters, err := filepath.Glob("testdata/" + parts[0] + "-*.txtar")
		require.NoError(t, err)
		require.NotEmpty(t, chapters, line)
		dir, tests, _ := strings.Cut(parts[2], ": ")
		source := testsOf(t, dir)
		for _, name := range strings.Fields(tests) {
			require.True(t, strings.Contains(source, "\nfunc "+name+"(t *testing.T) {"), "no %s in %s: %s", name, dir, line)
		}
	}
}

// testsOf is the text of all test files of a directory.
func testsOf(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", dir, "*_test.go"))
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(text)
	}
	return all.String()
}
