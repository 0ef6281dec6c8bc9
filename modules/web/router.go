package web

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"dagu/modules/health"
)

// api answers requests.
type api struct {
	base string
	deps Deps
}

func newHandler(o Options, deps Deps) http.Handler {
	a := &api{base: o.BasePath, deps: deps}
	root := chi.NewRouter()
	root.Use(middleware.GetHead, secure, a.recover, ownHost(o.Host))
	root.Route(o.BasePath+"/", func(r chi.Router) {
		r.Get("/api/v1/health", health.Answer(deps.Registry, health.ProbeHealth))
		r.Group(func(r chi.Router) {
			r.Use(login(o), sameOrigin, bounded)
			a.routes(r)
		})
	})
	if o.BasePath != "" {
		root.Get(o.BasePath, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, o.BasePath+"/", http.StatusPermanentRedirect)
		})
	}
	root.NotFound(func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, "not_found", "there is nothing at "+r.URL.Path)
	})
	root.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		// RFC 9110, section 15.5.6: say what is. No path takes both.
		if root.Match(chi.NewRouteContext(), http.MethodGet, r.URL.Path) {
			w.Header().Set("Allow", "GET, HEAD")
		} else if root.Match(chi.NewRouteContext(), http.MethodPost, r.URL.Path) {
			w.Header().Set("Allow", "POST")
		}
		fail(w, http.StatusMethodNotAllowed, "method_not_allowed", r.Method+" is not possible at "+r.URL.Path)
	})
	return root
}

// part returns a part of the path, decoded. The router takes the path as it was sent
// where it is escaped otherwise than Go does it (RFC 3986, section 6.2.2.2).
func part(r *http.Request, name string) string {
	text := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return text
	}
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	return text
}

func (a *api) routes(r chi.Router) {
	r.Get("/", a.page)
	r.Get("/page.css", a.style)
	r.Post("/dags/{name}/{action}", a.button)

	if a.deps.Metrics != nil {
		r.Method(http.MethodGet, health.MetricsPath, a.deps.Metrics)
	}
	r.Get("/api/v1/dags", a.listDAGs)
	r.Get("/api/v1/dags/{name}", a.showDAG)
	r.Post("/api/v1/dags/{name}/start", a.start)
	r.Post("/api/v1/dags/{name}/stop", a.stop)
	r.Post("/api/v1/dags/{name}/suspend", a.suspend)
	r.Post("/api/v1/dags/{name}/resume", a.resume)
	r.Get("/api/v1/dag-runs", a.listRuns)
	r.Get("/api/v1/dag-runs/{name}", a.listRuns)
	r.Get("/api/v1/dag-runs/{name}/{id}", a.showRun)
}
