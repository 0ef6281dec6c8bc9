package action_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/action"
)

// TestEmptyPaths holds that a variable without a value never means the directory of the step.
func TestEmptyPaths(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]action.Values{
		"file.stat":    {"path": ""},
		"file.read":    {"path": ""},
		"file.write":   {"path": "", "content": "x", "overwrite": true},
		"file.delete":  {"path": " ", "recursive": true},
		"file.mkdir":   {"path": ""},
		"file.list":    {"path": ""},
		"file.copy":    {"source": "", "destination": "x", "recursive": true},
		"file.move":    {"source": "kept", "destination": "", "overwrite": true},
		"wait.file":    {"path": ""},
		"http.request": {"method": "GET", "url": "http://localhost", "output": ""},
	} {
		w := newWorkbench(t)
		w.put(map[string]string{"kept": "here"})
		w.says("must be a path, not an empty text", name, with)
		require.Equal(t, "here", w.read("kept"), name)
	}
}

// TestFileMoveKeepsTheSource holds that nothing is lost where a directory cannot move.
func TestFileMoveKeepsTheSource(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"a/b/file": "deep", "a/other": "beside"})
	require.NoError(t, os.Symlink(w.path("a"), w.path("link")))
	w.says("which it would replace", "file.move", action.Values{"source": "a/b", "destination": "a", "overwrite": true})
	w.says("which it would replace", "file.move", action.Values{"source": "link/b", "destination": "a", "overwrite": true})
	w.says("is inside of", "file.move", action.Values{"source": "a", "destination": "link/new"})
	require.Equal(t, "deep", w.read("a/b/file"))
	require.Equal(t, "beside", w.read("a/other"))
}

func TestFileMoveReplacesADirectory(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"new/file": "new", "old/gone": "old"})
	w.done("file.move", action.Values{"source": "new", "destination": "old", "overwrite": true})
	require.Equal(t, "new", w.read("old/file"))
	require.NoFileExists(t, w.path("old/gone"))
	left, err := os.ReadDir(w.dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "what was set aside is gone")
}

// TestFileCopyIntoItself holds that a link does not lead a copy into what it copies.
func TestFileCopyIntoItself(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"a/file": "x"})
	require.NoError(t, os.Symlink(w.path("a"), w.path("link")))
	w.says("is inside of", "file.copy", action.Values{"source": "a", "destination": "link/new", "recursive": true})
	w.says("is inside of", "file.copy", action.Values{"source": "a", "destination": "link/x/y", "recursive": true, "create_dirs": true})
	require.NoDirExists(t, w.path("a/new"))
	require.NoDirExists(t, w.path("a/x"))
}

func TestFileListOfALink(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"a/file": "x"})
	require.NoError(t, os.Symlink(w.path("a"), w.path("link")))
	out := w.done("file.list", action.Values{"path": "link"})
	require.Contains(t, out, `"path":"`+w.path("link")+`"`)
	require.Contains(t, out, `"entries":[{"path":"file","type":"file"`)
	w.says("is not a directory", "file.list", action.Values{"path": "a/file"})
}

func TestFileReadWithTheLargestLimit(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"file": "text"})
	require.Equal(t, "text", w.done("file.read", action.Values{"path": "file", "max_bytes": int64(math.MaxInt64)}))
}

func TestWaitForAFileBelowAFile(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"file": "text"})
	require.Empty(t, w.done("wait.file", action.Values{"path": "file/below", "state": "missing"}))
}

// TestHTTPRequestTellsTheStatusFirst holds that a failing server's page does not hide its status.
func TestHTTPRequestTellsTheStatusFirst(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		http.Error(answer, "<html>", http.StatusBadGateway)
	}))
	t.Cleanup(server.Close)
	w := newWorkbench(t)
	w.says("http status code not 2xx: 502", "http.request", action.Values{"method": "GET", "url": server.URL, "json": true})
}

func TestHTTPRequestWithAnEndlessTimeout(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		_, _ = answer.Write([]byte("ok"))
	}))
	t.Cleanup(server.Close)
	w := newWorkbench(t)
	out := w.done("http.request", action.Values{"method": "GET", "url": server.URL, "silent": true, "timeout": 1e300})
	require.Equal(t, "ok", out)
}

// TestWaitHTTPForARedirect holds that a redirect that is waited for is not followed.
func TestWaitHTTPForARedirect(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.RedirectHandler("/again", http.StatusFound))
	t.Cleanup(server.Close)
	w := newWorkbench(t)
	require.Empty(t, w.done("wait.http", action.Values{"url": server.URL, "status": int64(http.StatusFound)}))
}
