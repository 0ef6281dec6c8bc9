package integration_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	_ "dagu/cmd" // what the binary under test is made of: go test keeps no result of another one
)

// helperVar selects what the test binary does when it starts itself as another process.
const helperVar = "DAGU_INTEGRATION_HELPER"

// built is where the binary under test goes; TestMain removes it.
var built = filepath.Join(os.TempDir(), fmt.Sprintf("dagu-integration-%d", os.Getpid())) //nolint:gochecknoglobals // one binary for all tests

// build makes the binary under test once, with the race detector when the tests have it.
var build = sync.OnceValues(func() (string, error) { //nolint:gochecknoglobals // one binary for all tests
	path := filepath.Join(built, "dagu")
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "dagu/cmd/dagu")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build dagu: %w\n%s", err, out)
	}
	return path, nil
})

// binary is the path of the binary under test.
func binary(tb testing.TB) string {
	tb.Helper()
	path, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestMain(m *testing.M) {
	if name := os.Getenv(helperVar); name != "" {
		os.Exit(help(name, os.Args[1:]))
	}
	// Tests wait for processes and clocks, so many may run at once.
	flag.Parse()
	if err := flag.Set("test.parallel", "12"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}
