package process_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whom the kernel kills when memory runs out: rather a step, or what that started,
// than us.
func TestProcessesAreKilledBeforeUs(t *testing.T) {
	t.Parallel()
	value := func(path string) int {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		n, err := strconv.Atoi(strings.TrimSpace(string(text)))
		require.NoError(t, err)
		return n
	}
	dir := t.TempDir()
	wish, said := filepath.Join(dir, "go"), filepath.Join(dir, "said")
	p := spawn(t, start(t), shell(fmt.Sprintf("until [ -e %s ]; do sleep 0.01; done; cat /proc/self/oom_score_adj > %s", wish, said)))
	own := value("/proc/self/oom_score_adj")
	require.Equal(t, min(own+500, 1000), value(fmt.Sprintf("/proc/%d/oom_score_adj", p.PID())))
	require.NoError(t, os.WriteFile(wish, nil, 0o600))
	require.Zero(t, wait(t, p).Code)
	require.Equal(t, min(own+500, 1000), value(said), "what it starts is like itself")
	require.Equal(t, own, value("/proc/self/oom_score_adj"), "we stay as we are")
}
