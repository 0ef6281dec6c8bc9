package monitoring_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
)

// patience is how long the program may take to be built and to answer.
const patience = 5 * time.Minute

// exposed are the names of all series that the program has when it has just started.
func exposed(t *testing.T) map[string]bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	home := t.TempDir()
	binary := filepath.Join(home, "dagu")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/dagu")
	build.Dir = filepath.Join("..", "..")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))

	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	require.NoError(t, l.Close())
	var log strings.Builder
	dagu := exec.CommandContext(ctx, binary, "scheduler", "--port", port)
	dagu.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "DAGU_HOME=" + home}
	dagu.Stderr, dagu.WaitDelay = &log, time.Second
	require.NoError(t, dagu.Start())
	defer func() {
		require.NoError(t, dagu.Process.Signal(syscall.SIGTERM))
		require.NoError(t, dagu.Wait(), log.String())
	}()
	return names(get(t, ctx, "http://127.0.0.1:"+port+"/metrics"))
}

// get asks until it is answered, which it is from the first moment of the program.
func get(t *testing.T, ctx context.Context, url string) string { //nolint:revive // t stands first in helpers
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		require.NoError(t, err)
		if response, err := http.DefaultClient.Do(request); err == nil {
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, http.StatusOK, response.StatusCode)
			return string(body)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.FailNow(t, "no answer from "+url)
		}
	}
}

func names(text string) map[string]bool {
	list := map[string]bool{}
	for line := range strings.Lines(text) {
		if name, _, ok := strings.Cut(strings.ReplaceAll(line, "{", " "), " "); ok && name != "#" {
			list[name] = true
		}
	}
	return list
}

// asked are the names that an expression selects.
func asked(t *testing.T, text string) []string {
	t.Helper()
	expr, err := language().ParseExpr(strings.ReplaceAll(text, "$__rate_interval", "5m"))
	require.NoError(t, err, text)
	var list []string
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			list = append(list, s.Name)
		}
		return nil
	})
	return list
}

// dashboard is the part of the file that asks for something.
type dashboard struct {
	Panels []struct {
		ID      int
		Title   string
		Targets []struct{ Expr string }
	}
}

// Every metric that a rule or a panel names is there in a program that has only
// begun, and every metric of ours but those by DAG is on the dashboard or in a rule.
func TestNamesAreExposed(t *testing.T) {
	t.Parallel()
	there := exposed(t)
	there["up"] = true // Prometheus' own
	used := map[string]bool{}
	use := func(where, expr string) {
		for _, name := range asked(t, expr) {
			used[name] = true
			require.True(t, there[name], "%s asks for %s, which dagu does not expose", where, name)
		}
	}
	for _, r := range alerts(t) {
		use(r.Alert, r.Expr)
	}
	text, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(text, &d))
	require.NotEmpty(t, d.Panels)
	seen := map[int]bool{}
	for _, p := range d.Panels {
		require.False(t, seen[p.ID], "panel ids are unique")
		seen[p.ID] = true
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			use(fmt.Sprintf("panel %q", p.Title), target.Expr)
		}
	}
	for name := range there {
		base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_count"), "_sum"), "_bucket")
		if strings.HasPrefix(name, "dagu_") && name != "dagu_build_info" {
			require.True(t, used[name] || used[base+"_bucket"], "nothing shows %s", name)
		}
	}
}
