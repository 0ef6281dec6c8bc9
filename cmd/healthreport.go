package cmd

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"dagu/modules/health"
)

// healthAnswer is what a health server says.
type healthAnswer struct {
	Status string        `json:"status"`
	Checks []healthCheck `json:"checks,omitempty"`
}

// healthCheck is one loop or check in the details.
type healthCheck struct {
	Name    string `json:"name"`
	Status  string `json:"status"`
	Changed int64  `json:"changed_seconds"`
	Age     int64  `json:"age_seconds"`
}

// plausible tells whether a health server says this with the code: the code is what
// all other callers go by, and a status that none gives is not for printing.
func (a healthAnswer) plausible(code int) bool {
	switch health.Status(a.Status) {
	case health.StatusHealthy:
		return code == http.StatusOK
	case health.StatusStarting, health.StatusUnhealthy, health.StatusShuttingDown:
		return code == http.StatusServiceUnavailable
	default:
		return false
	}
}

// healthReport is what one question, or the last of several, brought.
type healthReport struct {
	healthAnswer
	URL   string `json:"url,omitempty"`
	Error string `json:"error,omitempty"`
}

// detailed tells whether the server gave details; there may be none to give.
func (r healthReport) detailed() bool { return r.Checks != nil }

// print writes one line for people, and a table of the details where there are any.
func (r healthReport) print(w io.Writer) error {
	line := r.Status
	if r.URL != "" {
		line += " " + r.URL
	}
	if r.Error != "" {
		line += ": " + r.Error
	}
	if _, err := fmt.Fprintln(w, printable(line)); err != nil || len(r.Checks) == 0 {
		return err
	}
	paint := paintFor(w)
	t := newTable("CHECK", "STATUS", "FOR", "LAST SIGN")
	for _, c := range r.Checks {
		t.AppendRow([]any{
			printable(c.Name), paint.status(printable(c.Status)), span(time.Duration(c.Changed) * time.Second),
			span(time.Duration(c.Age)*time.Second) + " ago",
		})
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}
