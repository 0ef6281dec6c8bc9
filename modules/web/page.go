package web

import (
	"bytes"
	_ "embed" // the page's text
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dagu/modules/catalog"
	"dagu/modules/health"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle []byte

// pageTemplate is parsed once; the text is fixed, so it cannot fail.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{ //nolint:gochecknoglobals // never changed
	"when": when,
	"took": func(seconds *float64) string { return fmt.Sprintf("%.1f s", *seconds) },
	"path": url.PathEscape,
}).Parse(pageText))

// maxRows bounds the page; what is beyond it is found by a part of its name.
const maxRows = 500

// pageData is what the page shows.
type pageData struct {
	Base   string
	Now    time.Time
	Status health.Status
	// Query is the part of the name that is looked for; "" is all.
	Query string
	// DAGs are the rows, and More counts those that were found but are not shown.
	DAGs []dagView
	More int
	// All counts the DAGs, and Bad the files with a problem.
	All, Bad int
}

func (d *pageData) add(e *catalog.Entry, s *states) {
	d.All++
	if e.Err != nil {
		d.Bad++
	}
	switch {
	case !strings.Contains(strings.ToLower(e.Name), strings.ToLower(d.Query)):
	case len(d.DAGs) < maxRows:
		d.DAGs = append(d.DAGs, s.view(e))
	default:
		d.More++
	}
}

func (a *api) page(w http.ResponseWriter, r *http.Request) {
	known, err := a.states(r.Context())
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	data := pageData{
		Base: a.base, Now: known.now, Status: a.deps.Registry.Verdict(health.ProbeHealth).Status,
		Query: strings.TrimSpace(r.URL.Query().Get("q")),
	}
	entries := a.deps.Catalog.Snapshot()
	for i := range entries {
		data.add(&entries[i], &known)
	}
	var text bytes.Buffer
	if err := pageTemplate.Execute(&text, data); err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(text.Bytes()) // a client that is gone is no concern of the server's
}

func (a *api) style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(pageStyle) // a client that is gone is no concern of the server's
}

// errAction tells of a button that does not exist.
var errAction = errors.New("no such action")

// button does what a form of the page asks for, and shows the page again.
func (a *api) button(w http.ResponseWriter, r *http.Request) {
	e, ok := a.entry(w, r)
	if !ok {
		return
	}
	var err error
	switch part(r, "action") {
	case "start":
		if !e.Good {
			fail(w, http.StatusConflict, "not_runnable", "no version of the file can run")
			return
		}
		_, err = a.enqueue(r.Context(), &e, nil)
	case "stop":
		_, err = a.deps.Store.RequestStop(r.Context(), e.Name, "")
	case "suspend":
		err = a.deps.Store.Suspend(r.Context(), e.Name, time.Now())
	case "resume":
		err = a.deps.Store.Resume(r.Context(), e.Name, time.Now())
	default:
		err = errAction
	}
	switch {
	case errors.Is(err, errAction):
		fail(w, http.StatusNotFound, "not_found", "there is nothing at "+r.URL.Path)
	case err != nil:
		a.refuse(w, r, err)
	default:
		back := a.base + "/"
		if q := r.URL.Query().Get("q"); q != "" {
			back += "?q=" + url.QueryEscape(q)
		}
		http.Redirect(w, r, back, http.StatusSeeOther)
	}
}

// when is a time of today as a time, another one with its date, in our own zone.
func when(at *time.Time, now time.Time) string {
	if at == nil {
		return ""
	}
	local, today := at.Local(), now.Local()
	if local.Format(time.DateOnly) == today.Format(time.DateOnly) {
		return local.Format("15:04:05")
	}
	return local.Format("2006-01-02 15:04")
}
