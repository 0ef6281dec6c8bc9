package health

import (
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
)

// Path is where the health server answers.
const Path = "/health"

const allowed = "GET, HEAD"

// Handler returns the routes of the health server: GET and HEAD of /health.
// Other methods are answered with 405 and other paths with 404, without a body.
func Handler(r *Registry) http.Handler {
	router := chi.NewRouter()
	answer := Answer(r)
	router.Get(Path, answer)
	router.Head(Path, answer)
	router.NotFound(func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound) })
	router.MethodNotAllowed(func(w http.ResponseWriter, req *http.Request) {
		// chi comes here with methods that it does not know, whatever the path.
		if req.URL.Path != Path {
			refuse(w, http.StatusNotFound)
			return
		}
		w.Header().Set("Allow", allowed)
		refuse(w, http.StatusMethodNotAllowed)
	})
	return router
}

func refuse(w http.ResponseWriter, code int) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(code)
}

// answer is all of a response but the code, made once: a probe allocates nothing.
type answer struct {
	code   int
	body   []byte
	length []string
}

// Answer returns a handler that answers any request with the verdict: code 200
// when healthy, else 503, which also closes the connection, and a body such as
// {"status":"healthy"} without a line break.
func Answer(r *Registry) http.HandlerFunc {
	answers := make(map[Status]*answer)
	for _, status := range []Status{StatusHealthy, StatusStarting, StatusUnhealthy, StatusShuttingDown} {
		body := []byte(`{"status":"` + string(status) + `"}`)
		a := &answer{code: http.StatusServiceUnavailable, body: body, length: []string{strconv.Itoa(len(body))}}
		if status == StatusHealthy {
			a.code = http.StatusOK
		}
		answers[status] = a
	}
	contentType, cacheControl, closing := []string{"application/json"}, []string{"no-store"}, []string{"close"}

	return func(w http.ResponseWriter, _ *http.Request) {
		a := answers[r.Verdict().Status]
		header := w.Header()
		header["Content-Type"] = contentType
		header["Cache-Control"] = cacheControl
		header["Content-Length"] = a.length
		if a.code != http.StatusOK {
			header["Connection"] = closing
		}
		w.WriteHeader(a.code)
		// A client that is gone is no concern of the server's.
		_, _ = w.Write(a.body)
	}
}
