package language_test

import (
	"io"
	"log"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
)

// serve is `serve`: until the end of the script $URL and, over TLS with a certificate that
// nobody trusts, $TLS answer:
//
//	/echo   with what it was asked
//	/second 503 at first, then 200
//	/empty  204
//	/once   to all but the first, which is left without an answer
//	/never  to nobody
//	/post   202 to a POST with the X-Key k and the body b, and 400 to all else
//	/get    to a GET, and 405 to all else
//	/gone   404
//	/json   with JSON
func serve(ts *testscript.TestScript, neg bool, args []string) {
	demand(ts, !neg && len(args) == 0, "serve")
	handler := undated(site())
	plain := httptest.NewServer(handler)
	ts.Defer(plain.Close)
	secure := httptest.NewUnstartedServer(handler)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are refused
	secure.StartTLS()
	ts.Defer(secure.Close)
	ts.Setenv("URL", plain.URL)
	ts.Setenv("TLS", secure.URL)
}

func site() *http.ServeMux {
	var second, once atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/second", func(w http.ResponseWriter, _ *http.Request) {
		if second.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/once", func(_ http.ResponseWriter, r *http.Request) {
		if once.Add(1) == 1 {
			<-r.Context().Done()
		}
	})
	mux.HandleFunc("/never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("GET /get", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/post", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method == http.MethodPost && r.Header.Get("X-Key") == "k" && string(body) == "b" {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
	})
	mux.HandleFunc("/gone", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "it went")
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"b":[1,"<x>"]}`)
	})
	return mux
}

// undated leaves out the header that is another one each time.
func undated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		next.ServeHTTP(w, r)
	})
}

// echo answers with what there is of the request: its method and URI, its X-Key, its type,
// and its form and files or its body.
func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	lines := []string{r.Method + " " + r.URL.RequestURI()}
	add := func(name, text string) {
		if text != "" {
			lines = append(lines, name+" "+text)
		}
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	add("key", r.Header.Get("X-Key"))
	add("type", kind)
	if strings.Contains(kind, "form") {
		_ = r.ParseMultipartForm(1 << 20) // an error says that it is the other kind
		add("form", r.PostForm.Encode())
		add("file", upload(r))
	} else {
		body, _ := io.ReadAll(r.Body)
		add("body", string(body))
	}
	_, _ = io.WriteString(w, strings.Join(lines, "\n"))
}

// upload tells the name and the content of the file of the field "file".
func upload(r *http.Request) string {
	file, header, err := r.FormFile("file")
	if err != nil {
		return ""
	}
	text, _ := io.ReadAll(file)
	return header.Filename + " " + string(text)
}
