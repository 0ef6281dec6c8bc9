package health_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"dagu/modules/health"
)

// exhausted is the variable that makes the test binary a server without descriptors.
const exhausted = "DAGU_HEALTH_EXHAUSTED"

// serveExhausted serves until its input ends, after it has opened all files that it
// may. It prints the URL.
func serveExhausted() error {
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: 64}); err != nil {
		return err
	}
	r, err := health.NewRegistry(health.Options{})
	if err != nil {
		return err
	}
	s, err := health.NewServer(health.ServerOptions{}, r, zap.NewNop())
	if err != nil {
		return err
	}
	if err = s.Start(context.Background()); err != nil {
		return err
	}
	for s.URL() == "" {
		time.Sleep(time.Millisecond) //nolint:forbidigo // this is the process, not the test
	}
	var open []*os.File // kept from the collector
	for file, e := os.Open(os.DevNull); e == nil; file, e = os.Open(os.DevNull) {
		open = append(open, file)
	}
	if _, err = fmt.Fprintln(os.Stdout, s.URL(), len(open)); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// A process that can open no file any more still says how it is, to one prober
// after the other, each with a connection of its own.
func TestProbesAreAnsweredWithoutDescriptors(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // It is this program.
	cmd.Env = append(os.Environ(), exhausted+"=1")
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	require.NoError(t, err)
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	url := strings.Fields(line)[0]

	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range 50 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+health.LivePath, nil)
		require.NoError(t, err)
		response, err := client.Do(request)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.NoError(t, response.Body.Close())
	}
	require.NoError(t, input.Close())
	require.NoError(t, cmd.Wait())
}
