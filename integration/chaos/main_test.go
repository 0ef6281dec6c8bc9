package chaos_test

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

// settings are what a run is asked for.
var settings struct { //nolint:gochecknoglobals // flags of the test binary
	seed  uint64
	kills int
}

// built is where the binary under test goes; TestMain removes it.
var built = filepath.Join(os.TempDir(), fmt.Sprintf("dagu-chaos-%d", os.Getpid())) //nolint:gochecknoglobals // one binary for all tests

// build makes the binary under test once.
var build = sync.OnceValues(func() (string, error) { //nolint:gochecknoglobals // one binary for all tests
	path := filepath.Join(built, "dagu")
	if out, err := exec.Command("go", "build", "-tags", "faults", "-o", path, "dagu/cmd/dagu").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build dagu: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	flag.Uint64Var(&settings.seed, "seed", 1, "what the random choices begin with")
	flag.IntVar(&settings.kills, "kills", 20, "how many lives are killed")
	flag.Parse()
	// Tests wait for processes and clocks, so all may run at once.
	if err := flag.Set("test.parallel", "100"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}
