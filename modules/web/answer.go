package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"go.uber.org/zap"

	"dagu/modules/store"
)

// send answers with JSON.
func send(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// A client that is gone is no concern of the server's.
	_ = json.NewEncoder(w).Encode(value)
}

type failure struct {
	Error failureInfo `json:"error"`
}

type failureInfo struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// fail answers with an error.
func fail(w http.ResponseWriter, code int, word, message string) {
	send(w, code, failure{failureInfo{word, message}})
}

// refuse answers with what an error of the store means to a client. What it says
// of our machine goes to the log.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, store.ErrNotFound) {
		fail(w, http.StatusNotFound, "not_found", "there is nothing at "+r.URL.Path)
		return
	}
	a.deps.Log.Warn("a request could not be answered", zap.String("path", r.URL.Path), zap.Error(err))
	fail(w, http.StatusServiceUnavailable, "unavailable", "the store does not answer; try again")
}
