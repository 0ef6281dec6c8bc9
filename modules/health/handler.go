package health

import (
	"cmp"
	"net"
	"net/http"

	"github.com/go-chi/chi/v5"
)

const allowed = "GET, HEAD"

// MetricsPath is where the health server serves metrics.
const MetricsPath = "/metrics"

// InstanceHeader carries the text that is new with every server. Whoever sends
// the right one, from the address file, has it confirmed by the same header in the
// response; nobody is told.
const InstanceHeader = "Dagu-Instance"

// Details says whom the health server gives names and states of parts, and metrics.
type Details int

// The choices of Details. To everybody else these paths and queries do not exist.
const (
	// DetailsOnLoopback is for callers that reached the server at a loopback address.
	DetailsOnLoopback Details = iota
	// DetailsAlways is for all callers.
	DetailsAlways
	// DetailsNever is for none.
	DetailsNever
)

// HandlerOptions configures a Handler.
type HandlerOptions struct {
	Details Details
	// Knows tells whether InstanceHeader confirms the text. It is asked by many callers
	// at once and must read memory only; nil confirms nothing.
	Knows func(text string) bool
	// Metrics answers MetricsPath; nil is nobody.
	Metrics http.Handler
}

// handler answers probes.
type handler struct {
	HandlerOptions
	registry *Registry
	answers  answers
}

// Handler returns the routes of the health server: GET and HEAD of the paths of all
// probes, of their parts, and of metrics. Other methods are answered with 405 where
// GET finds something, and everything else with 404, without a body.
func Handler(r *Registry, options HandlerOptions) http.Handler {
	h := &handler{HandlerOptions: options, registry: r, answers: newAnswers()}
	router := chi.NewRouter()
	get := func(path string, f http.HandlerFunc) {
		router.Get(path, f)
		router.Head(path, f)
	}
	for p := range Probe(probes) {
		get(p.Path(), h.probe(p))
	}
	for _, p := range []Probe{ProbeLive, ProbeReady} {
		get(p.Path()+"/{name}", h.onePart(p))
	}
	if options.Metrics != nil {
		get(MetricsPath, h.metrics)
	}
	router.NotFound(func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound) })
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case req.Method == http.MethodGet, req.Method == http.MethodHead:
			router.ServeHTTP(w, req)
		case h.finds(router, req):
			w.Header().Set("Allow", allowed)
			refuse(w, http.StatusMethodNotAllowed)
		default:
			refuse(w, http.StatusNotFound)
		}
	})
}

// finds tells whether GET of the path finds something, for this caller.
func (h *handler) finds(routes chi.Routes, req *http.Request) bool {
	path := cmp.Or(req.URL.RawPath, req.URL.Path) // as the router takes it
	route := chi.NewRouteContext()
	if !routes.Match(route, http.MethodGet, path) {
		return false
	}
	name := route.URLParam("name")
	for p := range Probe(probes) {
		switch path {
		case p.Path():
			return true
		case p.Path() + "/" + name:
			return h.tells(req) && h.registry.has(p, []string{name})
		}
	}
	return h.tells(req) // metrics
}

func refuse(w http.ResponseWriter, code int) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(code)
}

// probe answers with the verdict. ProbeHealth knows no queries: its answer is the
// same for everybody.
func (h *handler) probe(p Probe) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		h.confirm(w, req)
		if req.URL.RawQuery == "" || p == ProbeHealth {
			h.answers.write(w, h.registry.Verdict(p).Status)
			return
		}
		q := parseQuery(req)
		switch {
		case !q.asks():
			h.answers.write(w, h.registry.Verdict(p).Status)
		case !h.tells(req), !h.registry.has(p, q.exclude):
			refuse(w, http.StatusNotFound)
		default:
			v, states := h.registry.examine(p, q.exclude)
			h.tell(w, q, v, states)
		}
	}
}

// onePart answers with the state of one part, whatever the phase.
func (h *handler) onePart(p Probe) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		h.confirm(w, req)
		state, ok := h.registry.state(p, chi.URLParam(req, "name"))
		if !ok || !h.tells(req) {
			refuse(w, http.StatusNotFound)
			return
		}
		h.tell(w, parseQuery(req), judge(state.Red), []State{state})
	}
}

// tell answers in short, or at length where that is asked for.
func (h *handler) tell(w http.ResponseWriter, q query, v Verdict, states []State) {
	if !q.verbose {
		h.answers.write(w, v.Status)
		return
	}
	h.answers.writeDetails(w, v, states)
}

func (h *handler) metrics(w http.ResponseWriter, req *http.Request) {
	if !h.tells(req) {
		refuse(w, http.StatusNotFound)
		return
	}
	h.Metrics.ServeHTTP(w, req)
}

// confirm tells a caller that knows an instance that it has found it, or another one on
// its data directory.
func (h *handler) confirm(w http.ResponseWriter, req *http.Request) {
	if asked := req.Header[InstanceHeader]; h.Knows != nil && len(asked) == 1 && h.Knows(asked[0]) {
		w.Header()[InstanceHeader] = asked
	}
}

// tells says whether the caller may have details.
func (h *handler) tells(req *http.Request) bool {
	switch h.Details {
	case DetailsAlways:
		return true
	case DetailsNever:
		return false
	default:
		local, ok := req.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
		return ok && local.IP.IsLoopback()
	}
}

// query is what a caller asks for beside the verdict.
type query struct {
	verbose bool
	exclude []string
}

func parseQuery(req *http.Request) query {
	if req.URL.RawQuery == "" {
		return query{}
	}
	values := req.URL.Query()
	word, verbose := values.Get("verbose"), values.Has("verbose")
	return query{verbose: verbose && word != "0" && word != "false", exclude: values["exclude"]}
}

// asks tells whether the answer has to do with parts.
func (q query) asks() bool { return q.verbose || len(q.exclude) > 0 }
