package integration_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag/examples"
	"dagu/modules/mail/mailtest"
)

// exampleRun is how an example is run, and what must come of it.
type exampleRun struct {
	params []string // $HOME is the home of the test
	// prints are texts in the logs of steps, by the names of the logs.
	prints map[string]string
}

// TestExamples validates and runs every example with the built binary.
func TestExamples(t *testing.T) {
	t.Parallel()
	smtp := mailtest.New(t, mailtest.Options{Username: "reporter", Password: "sesame"})
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"status":"healthy"}`) }))
	t.Cleanup(service.Close)
	runs := map[string]exampleRun{
		"backup":     {params: []string{"SOURCE=$HOME/dags", "TARGET=$HOME/packed"}, prints: map[string]string{"onSuccess.out": "files"}},
		"catchup":    {prints: map[string]string{"count.out": "2031-05-01T04:00:00Z"}},
		"cleanup":    {params: []string{"DIR=/etc", "DAYS=100000"}, prints: map[string]string{"old.out": "0\n"}},
		"data":       {prints: map[string]string{"first.out": "Oslo", "jq_3.out": "1000", "log_4.out": "the first is Oslo"}},
		"database":   {prints: map[string]string{"warmest.out": `{"at":"12:00","celsius":17}`}},
		"etl":        {prints: map[string]string{"total.out": "28\n"}},
		"files":      {prints: map[string]string{"list.out": `"path":"release notes.txt"`}},
		"foreach":    {prints: map[string]string{"convert.out": `"outputs":[{"bytes":"3"},{"bytes":"5"}]`}},
		"groups":     {prints: map[string]string{"cmd_5.out": "release"}},
		"handlers":   {prints: map[string]string{"onExit.out": "is succeeded"}},
		"hello":      {prints: map[string]string{"cmd_1.out": "Hello world"}},
		"http":       {params: []string{"URL=" + service.URL}, prints: map[string]string{"jq_3.out": "healthy"}},
		"outputs":    {prints: map[string]string{"cmd_4.out": "12 rows, ok at 0.5,\nversion 1.4.2"}},
		"parameters": {prints: map[string]string{"cmd_1.out": "eu gets 2 (0.5), forced false"}},
		"polling":    {prints: map[string]string{"read.out": "ready"}},
		"queue":      {prints: map[string]string{"cmd_1.out": "training"}},
		"report":     {params: []string{"PORT=" + strconv.Itoa(smtp.Port)}},
		"retries":    {prints: map[string]string{"fetch.out": "fetched at attempt 3"}},
		"scripts":    {prints: map[string]string{"script_3.out": "3 words", "exec_4.out": "words is 3"}},
		"secrets":    {prints: map[string]string{"call.out": "the token is ***"}},
		"sub-dags":   {prints: map[string]string{"publish.out": "rendered pages by sub-dags"}},
		"window":     {},
	}
	for _, name := range examples.Names() {
		run, known := runs[name]
		require.True(t, known, "the example %s is not run", name)
		t.Run(name, func(t *testing.T) { // one after the other: there are many tests beside them
			h := newHome(t, "SMTP_PASSWORD=sesame", "API_TOKEN=hunter2")
			text, err := examples.Text(name)
			require.NoError(t, err)
			h.write("dags/"+name+".yaml", text)
			require.NotEmpty(t, examples.About(text))
			checked := h.run("validate", h.path("dags", name+".yaml"))
			require.Equal(t, result{}, checked, "a good file has nothing to be said about")

			args := []string{"start", name, "--schedule-time", "2031-05-01T04:00:00Z", "--"}
			for _, param := range run.params {
				args = append(args, strings.ReplaceAll(param, "$HOME", h.dir))
			}
			ended := h.run(args...)
			require.Zero(t, ended.code, ended.stdout+ended.stderr)
			logs := h.logsOf(name)
			for file, want := range run.prints {
				require.Contains(t, logs[file], want, file)
			}
			for file, text := range logs {
				require.NotContains(t, text, "hunter2", file)
			}
			if name == "report" {
				reported(t, smtp)
			}
		})
	}
}

// reported holds the mail that an example sends.
func reported(t *testing.T, smtp *mailtest.Server) {
	t.Helper()
	require.Len(t, smtp.Received(), 1)
	require.Contains(t, smtp.Received()[0].Body, "Mon: 12\r\nTue: 17")
	require.Contains(t, smtp.Received()[0].Attachments["visits.csv"], "Mon,12")
}

// logsOf returns the logs of the only run of a DAG, by their names.
func (h *home) logsOf(dag string) map[string]string {
	h.tb.Helper()
	files, err := filepath.Glob(h.path("logs", dag, "*", "*"))
	require.NoError(h.tb, err)
	logs := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(h.tb, err)
		logs[filepath.Base(file)] = string(text)
	}
	return logs
}
