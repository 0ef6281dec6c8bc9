package dag_test

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"dagu/modules/dag"

	"github.com/stretchr/testify/require"
)

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "job.yaml")
	require.NoError(t, os.WriteFile(path, []byte("steps: []\n"), 0o600))
	text, err := dag.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "steps: []\n", string(text))

	link := filepath.Join(dir, "link.yaml")
	require.NoError(t, os.Symlink(path, link))
	text, err = dag.ReadFile(link)
	require.NoError(t, err)
	require.Equal(t, "steps: []\n", string(text))
}

func TestReadFileTakesTheLargestSizeAndNoMore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "job.yaml")
	require.NoError(t, os.WriteFile(path, make([]byte, dag.MaxFileSize), 0o600))
	text, err := dag.ReadFile(path)
	require.NoError(t, err)
	require.Len(t, text, dag.MaxFileSize)

	// A sparse file is refused by its size, without reading it.
	require.NoError(t, os.Truncate(path, 1<<40))
	_, err = dag.ReadFile(path)
	require.ErrorIs(t, err, dag.ErrTooLarge)

	require.NoError(t, os.Truncate(path, 0))
	require.NoError(t, os.WriteFile(path, make([]byte, dag.MaxFileSize+1), 0o600))
	_, err = dag.ReadFile(path)
	require.ErrorIs(t, err, dag.ErrTooLarge)
	require.ErrorContains(t, err, path)
}

// A file of /proc tells the size 0 and holds more.
func TestReadFileDoesNotTrustTheSize(t *testing.T) {
	t.Parallel()
	text, err := dag.ReadFile("/proc/self/status")
	if os.IsNotExist(err) {
		t.Skip("there is no /proc here")
	}
	require.NoError(t, err)
	require.Contains(t, string(text), "Name:")

	const large = "/proc/kallsyms"
	if all, failed := os.ReadFile(large); failed != nil || len(all) <= dag.MaxFileSize {
		t.Skipf("%s is not large here", large)
	}
	_, err = dag.ReadFile(large)
	require.ErrorIs(t, err, dag.ErrTooLarge)
}

func TestReadFileRefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo.yaml")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	toFIFO := filepath.Join(dir, "to-fifo.yaml")
	require.NoError(t, os.Symlink(fifo, toFIFO))
	socket := filepath.Join(dir, "s.yaml")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	zero := filepath.Join(dir, "zero.yaml")
	require.NoError(t, os.Symlink("/dev/zero", zero))

	for path, kind := range map[string]string{
		dir: "a directory", fifo: "a FIFO", toFIFO: "a FIFO", socket: "a socket", zero: "a character device",
	} {
		_, err := dag.ReadFile(path)
		require.ErrorIs(t, err, dag.ErrNotRegular, path)
		require.EqualError(t, err, "read "+path+": not a regular file but "+kind)
	}
}

func TestReadFilePassesOnWhatTheFileSystemSays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := dag.ReadFile(filepath.Join(dir, "none.yaml"))
	require.ErrorIs(t, err, fs.ErrNotExist)

	a, b := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	require.NoError(t, os.Symlink(a, b))
	require.NoError(t, os.Symlink(b, a))
	_, err = dag.ReadFile(a)
	require.ErrorIs(t, err, syscall.ELOOP)

	dangling := filepath.Join(dir, "dangling.yaml")
	require.NoError(t, os.Symlink(filepath.Join(dir, "gone"), dangling))
	_, err = dag.ReadFile(dangling)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
