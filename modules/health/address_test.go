package health_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dagu/modules/health"

	"github.com/stretchr/testify/require"
)

func TestAddressFileLivesWithTheServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	file := filepath.Join(dir, health.AddressFile)
	_, err := health.ReadAddress(file)
	require.ErrorIs(t, err, fs.ErrNotExist)

	s, _ := serve(t, health.ServerOptions{AddressFile: file}, running(t, health.Options{}))
	listening(t, s)
	var address health.Address
	eventually(t, func() bool { address, err = health.ReadAddress(file); return err == nil }, "the file is written")
	require.Equal(t, s.URL(), address.URL)
	require.Equal(t, os.Getpid(), address.PID)
	require.NotEmpty(t, address.Instance)
	require.WithinDuration(t, time.Now(), address.Started, time.Hour)
	require.Equal(t, time.UTC, address.Started.Location())

	require.NoError(t, s.Stop(t.Context()))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "neither the file nor a temporary one is left")
}

func TestAddressFileOfAnotherIsLeftAlone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), health.AddressFile)
	s, _ := serve(t, health.ServerOptions{AddressFile: file}, running(t, health.Options{}))
	eventually(t, func() bool { _, err := health.ReadAddress(file); return err == nil }, "the file is written")
	other, err := json.Marshal(health.Address{URL: "http://127.0.0.1:1", PID: 1, Instance: "other"})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, other, 0o600))
	require.NoError(t, s.Stop(t.Context()))
	address, err := health.ReadAddress(file)
	require.NoError(t, err)
	require.Equal(t, "other", address.Instance)
}

func TestAddressFileThatCannotBeWrittenStopsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data"), nil, 0o600))
	file := filepath.Join(dir, "data", health.AddressFile)
	s, logs := serve(t, health.ServerOptions{AddressFile: file}, running(t, health.Options{}))
	_, _, err := probe(t, listening(t, s))
	require.NoError(t, err)
	eventually(t, func() bool { return len(entries(logs, "address file was not written")) == 1 }, "it is told")
}

// What a server has left that did not stop would make callers take this one, on the
// same port, for another program.
func TestAddressFileThatCannotBeReplacedIsRemoved(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), health.AddressFile)
	require.NoError(t, os.Mkdir(file, 0o700)) // no file can take its place, but it can be removed
	s, logs := serve(t, health.ServerOptions{AddressFile: file}, running(t, health.Options{}))
	listening(t, s)
	eventually(t, func() bool { return len(entries(logs, "address file was not written")) == 1 }, "it is told")
	_, err := health.ReadAddress(file)
	require.ErrorIs(t, err, fs.ErrNotExist, "callers go by the configuration")
}

func TestReadAddressRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": "", "text": "hello", "other": `{"pid":1}`} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := health.ReadAddress(path)
		require.ErrorContains(t, err, path)
	}
	_, err := health.ReadAddress(dir)
	require.ErrorContains(t, err, "not a regular file")
}
