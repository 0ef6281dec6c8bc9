package health

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// answer is all of a response but the code, made once: a probe allocates nothing.
type answer struct {
	code   int
	body   []byte
	length []string
}

// answers are those to all statuses, with the headers that they share.
type answers struct {
	short                              map[Status]*answer
	contentType, cacheControl, closing []string
}

func newAnswers() answers {
	a := answers{
		short:       make(map[Status]*answer),
		contentType: []string{"application/json"}, cacheControl: []string{"no-store"}, closing: []string{"close"},
	}
	for _, status := range []Status{StatusHealthy, StatusStarting, StatusUnhealthy, StatusShuttingDown} {
		body := []byte(`{"status":"` + string(status) + `"}`)
		a.short[status] = &answer{code: codeOf(status), body: body, length: []string{strconv.Itoa(len(body))}}
	}
	return a
}

func codeOf(status Status) int {
	if status == StatusHealthy {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// write answers with the status: code 200 when healthy, else 503, which also
// closes the connection, and a body such as {"status":"healthy"} without a line break.
func (a answers) write(w http.ResponseWriter, status Status) { a.send(w, a.short[status]) }

// writeDetails answers with the verdict and the states of parts.
func (a answers) writeDetails(w http.ResponseWriter, v Verdict, states []State) {
	list := make([]stateView, len(states))
	for i, s := range states {
		list[i] = stateView{s.Name, judge(s.Red).Status, int64(s.Changed / tick), int64(s.Age / tick)}
	}
	body, err := json.Marshal(struct {
		Status Status      `json:"status"`
		Checks []stateView `json:"checks"`
	}{v.Status, list})
	if err != nil { // texts and numbers always can be told
		refuse(w, http.StatusInternalServerError)
		return
	}
	a.send(w, &answer{code: codeOf(v.Status), body: body, length: []string{strconv.Itoa(len(body))}})
}

// stateView is a State as callers see it.
type stateView struct {
	Name    string `json:"name"`
	Status  Status `json:"status"`
	Changed int64  `json:"changed_seconds"`
	Age     int64  `json:"age_seconds"`
}

func (a answers) send(w http.ResponseWriter, an *answer) {
	header := w.Header()
	header["Content-Type"] = a.contentType
	header["Cache-Control"] = a.cacheControl
	header["Content-Length"] = an.length
	if an.code != http.StatusOK {
		header["Connection"] = a.closing
	}
	w.WriteHeader(an.code)
	// A client that is gone is no concern of the server's.
	_, _ = w.Write(an.body)
}

// Answer returns a handler that answers any request with the verdict on the probe,
// as the health server does on its path.
func Answer(r *Registry, p Probe) http.HandlerFunc {
	a := newAnswers()
	return func(w http.ResponseWriter, _ *http.Request) { a.write(w, r.Verdict(p).Status) }
}
