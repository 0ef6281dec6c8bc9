package action_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/action"
)

// in puts the directory of the test in the place of DIR.
func (w *workbench) in(text string) string { return strings.ReplaceAll(text, "DIR", w.dir) }

func TestFileStat(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"a.txt": "hello"})
	at := time.Date(2031, 5, 1, 4, 30, 0, 0, time.UTC)
	require.NoError(t, os.Chtimes(w.path("a.txt"), at, at))
	require.NoError(t, os.Symlink("a.txt", w.path("link")))
	require.Equal(t, w.in(`{"operation":"stat","path":"DIR/a.txt","exists":true,"type":"file","size":5,"mode":"0640","modTime":"2031-05-01T04:30:00Z"}`+"\n"),
		w.done("file.stat", action.Values{"path": "a.txt"}))
	require.Contains(t, w.done("file.stat", action.Values{"path": "link"}), `"type":"symlink"`)
	require.Contains(t, w.done("file.stat", action.Values{"path": "link", "follow_symlinks": true}), `"type":"file","size":5`)
	require.Contains(t, w.done("file.stat", action.Values{"path": "."}), `"type":"directory","mode"`)
	require.Equal(t, w.in(`{"operation":"stat","path":"DIR/none","exists":false}`+"\n"),
		w.done("file.stat", action.Values{"path": "none", "missing_ok": true}))
	w.says("no such file", "file.stat", action.Values{"path": "none"})
	require.Contains(t, w.done("file.stat", action.Values{"path": "a.txt/none", "missing_ok": true}), `"exists":false`)
	w.says("not a directory", "file.stat", action.Values{"path": "a.txt/none"})
}

func TestFileRead(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"a.txt": "<a>\n", "bin": "\xff", "empty": ""})
	require.Equal(t, "<a>\n", w.done("file.read", action.Values{"path": "a.txt"}))
	require.Equal(t, "\xff", w.done("file.read", action.Values{"path": "bin", "format": "raw"}))
	require.Equal(t, w.in(`{"operation":"read","path":"DIR/a.txt","size":4,"bytes":4,"content":"<a>\n"}`+"\n"),
		w.done("file.read", action.Values{"path": "a.txt", "format": "json"}))
	require.Equal(t, w.in(`{"operation":"read","path":"DIR/empty"}`+"\n"), w.done("file.read", action.Values{"path": "empty", "format": "json"}))
	require.Equal(t, "<a>\n", w.done("file.read", action.Values{"path": "a.txt", "max_bytes": int64(4)}))
	w.says("maximum size limit of 3 bytes", "file.read", action.Values{"path": "a.txt", "max_bytes": int64(3)})
	w.says("not UTF-8", "file.read", action.Values{"path": "bin", "format": "json"})
	w.says("not a regular file", "file.read", action.Values{"path": "."})
	require.NoError(t, syscall.Mkfifo(w.path("pipe"), 0o600))
	w.says("not a regular file", "file.read", action.Values{"path": "pipe"})
	w.says("with.max_bytes must be an integer over 0", "file.read", action.Values{"path": "a.txt", "max_bytes": int64(0)})
	w.says("with.format must be raw or json", "file.read", action.Values{"path": "a.txt", "format": "xml"})
}

func TestFileWrite(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	require.Equal(t, w.in(`{"operation":"write","path":"DIR/a.txt","mode":"0600","bytes":3,"dryRun":false,"created":true}`+"\n"),
		w.done("file.write", action.Values{"path": "a.txt", "content": "one"}))
	require.Equal(t, "one", w.read("a.txt"))
	info, err := os.Stat(w.path("a.txt"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	w.says("exists already; overwrite: true", "file.write", action.Values{"path": "a.txt", "content": "two"})
	w.done("file.write", action.Values{"path": "a.txt", "content": "two", "overwrite": true, "mode": "0o644"})
	info, err = os.Stat(w.path("a.txt"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode())
	w.done("file.write", action.Values{"path": "a.txt", "content": "three", "overwrite": true, "atomic": false, "mode": "640"})
	require.Equal(t, "three", w.read("a.txt"))
	require.Contains(t, w.done("file.write", action.Values{"path": "new/b", "content": "", "create_dirs": true, "dry_run": true}), `"dryRun":true,"created":false`)
	require.NoDirExists(t, w.path("new"))
	w.says("no such file", "file.write", action.Values{"path": "new/b", "content": ""})
	w.done("file.write", action.Values{"path": "new/b", "content": int64(5), "create_dirs": true})
	require.Equal(t, "5", w.read("new/b"))
	w.says("is a directory", "file.write", action.Values{"path": "new", "content": "", "overwrite": true})
	w.says("octal mode such as", "file.write", action.Values{"path": "x", "content": "", "mode": "0888"})
	w.says("content is required", "file.write", action.Values{"path": "x"})
	entries, err := os.ReadDir(w.dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "no temporary file is left")
}

// Of several who write a new file at once, one does.
func TestFileWriteIsExclusive(t *testing.T) {
	t.Parallel()
	for _, atomic := range []bool{true, false} {
		w := newWorkbench(t)
		var writers sync.WaitGroup
		written := make(chan string, 20)
		for n := range cap(written) {
			writers.Go(func() {
				content := strconv.Itoa(n)
				if _, err := w.call("file.write", action.Values{"path": "lock", "content": content, "atomic": atomic}); err == nil {
					written <- content
				}
			})
		}
		writers.Wait()
		close(written)
		require.Equal(t, w.read("lock"), <-written)
		require.Empty(t, <-written)
		entries, err := os.ReadDir(w.dir)
		require.NoError(t, err)
		require.Len(t, entries, 1)
	}
}

func TestFileMkdir(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	require.Equal(t, w.in(`{"operation":"mkdir","path":"DIR/a/b","mode":"0700","dryRun":true,"created":false}`+"\n"),
		w.done("file.mkdir", action.Values{"path": "a/b", "mode": "0700", "dry_run": true}))
	require.NoDirExists(t, w.path("a"))
	require.Contains(t, w.done("file.mkdir", action.Values{"path": "a/b"}), `"mode":"0750","dryRun":false,"created":true`)
	require.Contains(t, w.done("file.mkdir", action.Values{"path": "a/b"}), `"created":false`)
	w.put(map[string]string{"f": ""})
	w.says("not a directory", "file.mkdir", action.Values{"path": "f"})
}

func TestFileDelete(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"a": "12", "d/b": "345", "d/e/c": ""})
	require.Equal(t, w.in(`{"operation":"delete","path":"DIR/a","type":"file","files":1,"bytes":2,"dryRun":true,"deleted":false}`+"\n"),
		w.done("file.delete", action.Values{"path": "a", "dry_run": true}))
	require.Contains(t, w.done("file.delete", action.Values{"path": "a"}), `"deleted":true`)
	require.NoFileExists(t, w.path("a"))
	w.says("no such file", "file.delete", action.Values{"path": "a"})
	require.Equal(t, w.in(`{"operation":"delete","path":"DIR/a","dryRun":false,"deleted":false}`+"\n"),
		w.done("file.delete", action.Values{"path": "a", "missing_ok": true}))
	require.Contains(t, w.done("file.delete", action.Values{"path": "d/b/none", "missing_ok": true}), `"deleted":false`)
	w.says("recursive: true", "file.delete", action.Values{"path": "d"})
	require.Contains(t, w.done("file.delete", action.Values{"path": "d", "recursive": true}), `"files":2,"directories":2,"bytes":3`)
	require.NoDirExists(t, w.path("d"))
	// Should the check be broken one day, a dry run keeps the machine.
	w.says("the root directory", "file.delete", action.Values{"path": "/", "recursive": true, "dry_run": true})
	w.says("the root directory", "file.delete", action.Values{"path": "/tmp/..", "recursive": true, "dry_run": true})
}

func TestFileCopy(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"a": "12", "d/b": "345", "d/e/c": "6"})
	require.NoError(t, os.Symlink("b", w.path("d/link")))
	require.Equal(t, w.in(`{"operation":"copy","source":"DIR/a","destination":"DIR/x","type":"file","files":1,"bytes":2,"dryRun":false,"copied":true}`+"\n"),
		w.done("file.copy", action.Values{"source": "a", "destination": "x"}))
	require.Equal(t, "12", w.read("x"))
	w.says("exists already", "file.copy", action.Values{"source": "a", "destination": "x"})
	w.says("recursive: true", "file.copy", action.Values{"source": "d", "destination": "y"})
	require.Contains(t, w.done("file.copy", action.Values{"source": "d", "destination": "y", "recursive": true, "dry_run": true}), `"dryRun":true,"copied":false`)
	require.NoDirExists(t, w.path("y"))
	require.Contains(t, w.done("file.copy", action.Values{"source": "d", "destination": "y", "recursive": true}), `"files":3,"directories":2,"bytes":4`)
	require.Equal(t, "6", w.read("y/e/c"))
	target, err := os.Readlink(w.path("y/link"))
	require.NoError(t, err)
	require.Equal(t, "b", target)
	w.done("file.copy", action.Values{"source": "d/link", "destination": "z", "follow_symlinks": true})
	require.Equal(t, "345", w.read("z"))
	w.says("is inside of", "file.copy", action.Values{"source": "d", "destination": "d/new", "recursive": true})
	w.says("is a directory", "file.copy", action.Values{"source": "a", "destination": "y", "overwrite": true})
	w.says("no such file", "file.copy", action.Values{"source": "a", "destination": "deep/er/a"})
	w.done("file.copy", action.Values{"source": "a", "destination": "deep/er/a", "create_dirs": true})
	require.Equal(t, "12", w.read("deep/er/a"))
	require.NoError(t, os.MkdirAll(w.path("out"), 0o700))
	require.NoError(t, os.MkdirAll(w.path("linked"), 0o700))
	require.NoError(t, os.Symlink("../out", w.path("linked/e")))
	w.says("is a directory, and "+w.path("linked/e")+" is a symlink", "file.copy",
		action.Values{"source": "d", "destination": "linked", "recursive": true, "overwrite": true})
	require.NoFileExists(t, w.path("out/c"))
	require.NoError(t, os.Symlink(".", w.path("d/loop")))
	w.says("link to a directory", "file.copy", action.Values{"source": "d", "destination": "l", "recursive": true, "follow_symlinks": true})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.callIn(ended, "file.copy", action.Values{"source": "d", "destination": "n", "recursive": true})
	require.ErrorIs(t, err, context.Canceled)
}

func TestFileMove(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"a": "12", "d/b": "345", "other": "x"})
	require.Contains(t, w.done("file.move", action.Values{"source": "a", "destination": "x", "dry_run": true}), `"dryRun":true,"moved":false`)
	require.FileExists(t, w.path("a"))
	require.Equal(t, w.in(`{"operation":"move","source":"DIR/a","destination":"DIR/x","type":"file","files":1,"bytes":2,"dryRun":false,"moved":true}`+"\n"),
		w.done("file.move", action.Values{"source": "a", "destination": "x"}))
	require.NoFileExists(t, w.path("a"))
	w.says("exists already", "file.move", action.Values{"source": "x", "destination": "other"})
	w.done("file.move", action.Values{"source": "x", "destination": "other", "overwrite": true})
	require.Equal(t, "12", w.read("other"))
	w.done("file.move", action.Values{"source": "d", "destination": "n/e", "create_dirs": true})
	require.Equal(t, "345", w.read("n/e/b"))
	w.says("source and destination are both", "file.move", action.Values{"source": "other", "destination": "other", "overwrite": true})
}

// TestFileMoveBetweenNamesOfOneFile holds that a file stays there under its new name, and
// that nothing is lost where that is its only one.
func TestFileMoveBetweenNamesOfOneFile(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"a": "12", "d/b": "345"})
	require.NoError(t, os.Link(w.path("a"), w.path("hard")))
	require.Contains(t, w.done("file.move", action.Values{"source": "a", "destination": "hard", "overwrite": true}), `"moved":true`)
	require.NoFileExists(t, w.path("a"))
	require.Equal(t, "12", w.read("hard"))
	require.NoError(t, os.Symlink("d", w.path("same")))
	require.NoError(t, os.Symlink("b", w.path("d/link")))
	for _, name := range []string{"file.move", "file.copy"} {
		w.says("source and destination are both", name, action.Values{"source": "d/b", "destination": "same/b", "overwrite": true})
		w.says("source and destination are both", name, action.Values{"source": "d/link", "destination": "d/b", "overwrite": true})
		require.Equal(t, "345", w.read("d/b"))
	}
	w.done("file.move", action.Values{"source": "d/b", "destination": "d/link", "overwrite": true})
	require.Equal(t, "345", w.read("d/link"))
}

func TestFileList(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.put(map[string]string{"d/a.txt": "1", "d/a/b.txt": "22", "d/a/c/d.txt": "333", "d/z.md": ""})
	paths := func(with action.Values) []string {
		with["path"] = "d"
		out := w.done("file.list", with)
		var found []string
		for _, part := range strings.Split(out, `{"path":"`)[1:] {
			name, _, _ := strings.Cut(part, `"`)
			found = append(found, name)
		}
		return found
	}
	require.Equal(t, []string{"a.txt", "z.md"}, paths(action.Values{}))
	require.Equal(t, []string{"a", "a.txt", "z.md"}, paths(action.Values{"include_dirs": true}))
	require.Equal(t, []string{"a.txt", "a/b.txt", "a/c/d.txt", "z.md"}, paths(action.Values{"recursive": true}))
	require.Equal(t, []string{"a.txt", "a/b.txt", "a/c/d.txt"}, paths(action.Values{"recursive": true, "pattern": "**/*.txt"}))
	require.Equal(t, []string{"a/c/d.txt"}, paths(action.Values{"recursive": true, "pattern": "a/*/d.*"}))
	require.Equal(t, []string{"a.txt"}, paths(action.Values{"recursive": true, "pattern": "*.txt"}))
	require.Equal(t, []string{"a/b.txt", "a/c/d.txt"}, paths(action.Values{"recursive": true, "pattern": "a/**"}))
	require.Equal(t, w.in(`{"operation":"list","path":"DIR/d/a/c","files":1,"bytes":3,"entries":[{"path":"d.txt","type":"file","size":3,"mode":"0640","modTime":"`),
		w.done("file.list", action.Values{"path": "d/a/c"})[:len(w.in(`{"operation":"list","path":"DIR/d/a/c","files":1,"bytes":3,"entries":[{"path":"d.txt","type":"file","size":3,"mode":"0640","modTime":"`))])
	w.says("not a directory", "file.list", action.Values{"path": "d/a.txt"})
	w.says("not a valid pattern", "file.list", action.Values{"path": "d", "pattern": "a/["})
}

func TestWaits(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	w.done("wait.duration", action.Values{"duration": "1ms"})
	w.done("wait.until", action.Values{"until": "2001-05-01T04:30:00Z"})
	w.done("wait.until", action.Values{"until": time.Now().Add(10 * time.Millisecond).Format(time.RFC3339)})
	w.put(map[string]string{"f": ""})
	w.done("wait.file", action.Values{"path": "f"})
	w.done("wait.file", action.Values{"path": "none", "state": "missing"})
	for with, words := range map[string]string{"0s": "more than 0", "-1s": "more than 0", "5": "such as 30s", "x": "such as 30s"} {
		w.says(words, "wait.duration", action.Values{"duration": with})
	}
	w.says("RFC 3339", "wait.until", action.Values{"until": "tomorrow"})
	w.says("exists or missing", "wait.file", action.Values{"path": "f", "state": "gone"})
	w.says("more than 0", "wait.file", action.Values{"path": "f", "poll_interval": "0"})
}

// A wait ends at once with its context.
func TestWaitsEnd(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, with := range map[string]action.Values{
		"wait.duration": {"duration": "1000h"},
		"wait.until":    {"until": "2100-01-01T00:00:00Z"},
		"wait.file":     {"path": "none", "poll_interval": "1000h"},
		"wait.http":     {"url": "http://127.0.0.1:1", "poll_interval": "1000h"},
	} {
		_, err := w.callIn(ctx, name, with)
		require.ErrorIs(t, err, context.Canceled, name)
	}
}

func TestWaitForAFile(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	done := make(chan error, 2)
	go func() {
		_, err := w.call("wait.file", action.Values{"path": "f", "poll_interval": "1ms"})
		done <- err
	}()
	w.put(map[string]string{"f": ""})
	require.NoError(t, <-done)
	go func() {
		_, err := w.call("wait.file", action.Values{"path": "f", "state": "missing", "poll_interval": "1ms"})
		done <- err
	}()
	require.NoError(t, os.Remove(w.path("f")))
	require.NoError(t, <-done)
}
