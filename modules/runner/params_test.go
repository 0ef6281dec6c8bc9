package runner_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
	"dagu/modules/store"
)

const schemaText = `{"type": "object", "properties": {"a": {"type": "integer", "maximum": 5}, "b": {"default": "x"}}, "required": ["a"]}`

func TestParametersByASchema(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.NoError(t, os.WriteFile(r.path("p.json"), []byte(schemaText), 0o600))
	steps := "steps: [{name: s, run: \"echo '${params.a} ${params.b} ${params} ${env.a}' $DAG_PARAMS_JSON $b\"}]"
	for name, params := range map[string]string{
		"in the file": "params: {schema: " + schemaText + "}",
		"a schema":    "params: " + schemaText,
		"a file":      "params: {schema: p.json}",
		"a path":      "params: {schema: $DIR/p.json, values: {b: x}}",
	} {
		r.succeed(r.text(params, steps), "a=3")
		require.Equal(t, `3 x {"a":"3","b":"x"} 3 {"a":"3","b":"x"} x`+"\n", r.stdout("s"), name)
		result := r.run(r.text(params, steps), "a=6")
		require.Equal(t, store.StatusFailed, result.Status)
		require.Contains(t, result.Error, "parameter validation failed", name)
	}
}

func TestSchemasOfServers(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/good":
			_, _ = w.Write([]byte(schemaText))
		case "/moved":
			http.Redirect(w, q, "/good", http.StatusFound)
		case "/large":
			_, _ = w.Write([]byte(strings.Repeat(" ", dag.MaxFileSize) + schemaText))
		case "/bad":
			_, _ = w.Write([]byte("{"))
		case "/slow":
			<-q.Context().Done()
		default:
			http.NotFound(w, q)
		}
	}))
	t.Cleanup(server.Close)
	text := func(path string) string {
		return "params: {schema: '" + server.URL + path + "'}\nsteps: [{name: s, run: 'echo $a $b'}]"
	}
	for _, path := range []string{"/good", "/moved"} {
		r := newRig(t)
		r.succeed(text(path), "a=1")
		require.Equal(t, "1 x\n", r.stdout("s"))
	}
	for path, want := range map[string]string{"/none": "the server answers 404", "/large": "larger than", "/bad": "invalid yaml"} {
		r := newRig(t)
		result := r.run(text(path), "a=1")
		require.Equal(t, store.StatusFailed, result.Status)
		require.Contains(t, result.Error, "params: schema "+server.URL+path+": ")
		require.Contains(t, result.Error, want)
		require.Equal(t, store.StepNotStarted, r.store.step("s").Status)
	}
	r := newRig(t)
	done := r.execute(r.record(text("/slow"), "a=1"))
	require.Eventually(t, func() bool { return len(r.store.history()) > 0 }, soon, time.Millisecond)
	r.kill()
	require.NotEqual(t, store.StatusSucceeded, r.await(done).Status, "a stop does not wait for a server")
}

func TestSchemasThatAreNotThere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for from, want := range map[string]string{
		"none.json": "no such file", r.dags: "a directory", "http://127.0.0.1:1/": "connection refused",
	} {
		result := r.run("params: {schema: '" + from + "'}\nsteps: [{name: s, run: x}]")
		require.Equal(t, store.StatusFailed, result.Status)
		require.Contains(t, result.Error, want)
	}
}
