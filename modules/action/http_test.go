package action_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/action"
)

// web answers with what it was asked.
func web(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil && r.Header.Get("Content-Type") != "application/json" && r.MultipartForm != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Date", "now")
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("X-Agent", r.Header.Get("X-Agent"))
		_, _ = fmt.Fprintf(w, "%s %s host=%v type=%s form=%s body=%s", r.Method, r.URL.RequestURI(), strings.HasPrefix(r.Host, "127."),
			strings.Split(r.Header.Get("Content-Type"), ";")[0], r.PostForm.Encode(), body)
		if r.MultipartForm != nil {
			for name, files := range r.MultipartForm.File {
				file, err := files[0].Open()
				if err != nil {
					return
				}
				text, _ := io.ReadAll(file)
				_, _ = fmt.Fprintf(w, " file %s=%s:%s", name, files[0].Filename, text)
			}
		}
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", "now")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"b":"<1>","a":[1.0,12345678901234567890]}`)
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/echo", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/bad", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", "now")
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short")
	})
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestHTTPRequest(t *testing.T) {
	t.Parallel()
	w, s := newWorkbench(t), web(t)
	ask := func(path string, with action.Values) string {
		with["url"] = s.URL + path
		if !with.Has("method") {
			with["method"] = "get"
		}
		return w.done("http.request", with)
	}
	require.Equal(t, "200 OK\nContent-Length: 41\nContent-Type: text/plain\nDate: now\nX-Agent: dagu\nGET /echo?a=1 host=true type= form= body=",
		ask("/echo?a=1", action.Values{"headers": map[string]any{"X-Agent": "dagu"}}))
	silent := func(with action.Values) string {
		with["silent"] = true
		return ask("/echo", with)
	}
	require.Equal(t, "GET /echo?n=5&t=true host=true type= form= body=", silent(action.Values{"query": map[string]any{"n": int64(5), "t": true}}))
	require.Equal(t, "GET /echo?z=%20&n=1&a;b=%zz&n=5 host=true type= form= body=",
		ask("/echo?z=%20&n=1&a;b=%zz", action.Values{"silent": true, "query": map[string]any{"n": int64(5)}}))
	require.Equal(t, "POST /echo host=true type= form= body=text", silent(action.Values{"method": "POST", "body": "text"}))
	require.Equal(t, `PUT /echo host=true type=application/json form= body={"a":[1,"<x>"],"b":null}`,
		silent(action.Values{"method": "PUT", "body": map[string]any{"b": nil, "a": []any{int64(1), "<x>"}}}))
	require.Equal(t, "POST /echo host=true type=application/x-www-form-urlencoded form=a=b+c&n=1 body=",
		silent(action.Values{"method": "POST", "form": map[string]any{"a": "b c", "n": int64(1)}}))
	w.put(map[string]string{"up.txt": "content"})
	require.Equal(t, "POST /echo host=true type=multipart/form-data form=k=v body= file f=up.txt:content",
		silent(action.Values{"method": "POST", "form": map[string]any{"k": "v"}, "files": map[string]any{"f": "up.txt"}}))
	require.Equal(t, "GET /echo host=false type= form= body=", silent(action.Values{"headers": map[string]any{"host": "example.org"}}))
	require.Equal(t, "GET /echo host=true type= form= body=", ask("/moved", action.Values{"silent": true}))
	with := action.Values{"url": s.URL + "/loop", "method": "GET"}
	w.says("stopped after 10 redirects", "http.request", with)
}

func TestHTTPRequestAsJSON(t *testing.T) {
	t.Parallel()
	w, s := newWorkbench(t), web(t)
	want := `{
 "status_code": 200,
 "headers": {
  "Content-Length": [
   "42"
  ],
  "Content-Type": [
   "application/json"
  ],
  "Date": [
   "now"
  ]
 },
 "body": {
  "b": "<1>",
  "a": [
   1.0,
   12345678901234567890
  ]
 }
}`
	require.Equal(t, want, w.done("http.request", action.Values{"method": "GET", "url": s.URL + "/json", "format": "json"}))
	require.Equal(t, want, w.done("http.request", action.Values{"method": "GET", "url": s.URL + "/json", "json": true}))
	w.says("not valid JSON", "http.request", action.Values{"method": "GET", "url": s.URL + "/echo", "json": true})
	out := w.done("http.request", action.Values{"method": "GET", "url": s.URL + "/json", "json": true, "output": "deep/er/out.json"})
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	require.Equal(t, w.path("deep/er/out.json"), got["output"])
	require.NotContains(t, got, "body")
	require.Equal(t, `{"b":"<1>","a":[1.0,12345678901234567890]}`, w.read("deep/er/out.json"))
	info, err := os.Stat(w.path("deep/er/out.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
}

func TestHTTPRequestFails(t *testing.T) {
	t.Parallel()
	w, s := newWorkbench(t), web(t)
	for _, silent := range []bool{false, true} {
		out, err := w.call("http.request", action.Values{"method": "GET", "url": s.URL + "/bad", "silent": silent, "output": "x"})
		require.EqualError(t, err, "http status code not 2xx: 418")
		require.Equal(t, "418 I'm a teapot\nContent-Length: 5\nContent-Type: text/plain\nDate: now\nshort", out)
		require.NoFileExists(t, w.path("x"))
	}
	w.says("deadline exceeded", "http.request", action.Values{"method": "GET", "url": s.URL + "/hang", "timeout": 0.05})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.callIn(ctx, "http.request", action.Values{"method": "GET", "url": s.URL + "/hang"})
	require.ErrorIs(t, err, context.Canceled)
	for words, with := range map[string]action.Values{
		"method is required":              {"url": s.URL},
		"begins with http":                {"method": "GET", "url": "ftp://x"},
		"form cannot stand beside body":   {"method": "GET", "url": s.URL, "body": "x", "form": map[string]any{"a": "b"}},
		"files cannot stand beside body":  {"method": "GET", "url": s.URL, "body": "x", "files": map[string]any{"a": "b"}},
		"must be json or text":            {"method": "GET", "url": s.URL, "format": "xml"},
		"must be a number of 0 or more":   {"method": "GET", "url": s.URL, "timeout": int64(-1)},
		"a must be a text, number":        {"method": "GET", "url": s.URL, "headers": map[string]any{"a": []any{}}},
		"no such file":                    {"method": "GET", "url": s.URL, "files": map[string]any{"a": "missing"}},
		"net/http: invalid method":        {"method": "A B", "url": s.URL},
		"with.silent must be a boolean":   {"method": "GET", "url": s.URL, "silent": "maybe"},
		"with.headers must be a map, not": {"method": "GET", "url": s.URL, "headers": "x"},
		"headers K must be one line":      {"method": "GET", "url": s.URL, "headers": map[string]any{"K": "v\n"}},
		`not "A B"`:                       {"method": "GET", "url": s.URL, "headers": map[string]any{"A B": "v"}},
		`not ""`:                          {"method": "GET", "url": s.URL, "headers": map[string]any{"": "v"}},
	} {
		w.says(words, "http.request", with)
	}
}

func TestHTTPRequestOverTLS(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "secure") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that is refused
	s.StartTLS()
	defer s.Close()
	w.says("certificate", "http.request", action.Values{"method": "GET", "url": s.URL})
	require.Equal(t, "secure", w.done("http.request", action.Values{"method": "GET", "url": s.URL, "silent": true, "skip_tls_verify": true}))
}

func TestWaitHTTP(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("K") != "v" || string(body) != "b" {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		switch asked.Add(1) {
		case 1:
			rw.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			<-r.Context().Done()
		case 3:
			panic(http.ErrAbortHandler)
		default:
			rw.WriteHeader(http.StatusAccepted)
		}
	}))
	defer s.Close()
	w.done("wait.http", action.Values{
		"url": s.URL, "method": "post", "status": int64(202), "headers": map[string]any{"K": "v"}, "body": "b", "poll_interval": "1ms",
		"request_timeout": "100ms",
	})
	require.GreaterOrEqual(t, asked.Load(), int64(4))
	w.says("must be a status from 100 to 599", "wait.http", action.Values{"url": s.URL, "status": int64(42)})
	w.says("begins with http", "wait.http", action.Values{"url": "x"})
	// Such a request is never sent, and would be waited for without end.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := w.callIn(ctx, "wait.http", action.Values{"url": s.URL, "headers": map[string]any{"K": "v\n"}})
	require.ErrorContains(t, err, "headers K must be one line")
	_, err = w.callIn(ctx, "wait.http", action.Values{"url": "http://127.0.0.1:65536/"})
	require.ErrorContains(t, err, "must have a port up to 65535")
}
