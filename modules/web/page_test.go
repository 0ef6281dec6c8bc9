package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/web"
)

func TestThePageIsBounded(t *testing.T) {
	t.Parallel()
	many := make(files, 1200)
	for i := range many {
		many[i] = catalog.Entry{Name: fmt.Sprintf("dag-%04d", i), Good: true}
	}
	s := open(t, web.Options{}, many...)
	_, text := s.ask("GET", "/", "")
	require.Contains(t, text, "1200 DAGs")
	require.Contains(t, text, "700 more")
	require.Equal(t, 500, strings.Count(text, `class="name"`))

	_, text = s.ask("GET", "/?q=DAG-119", "")
	require.Equal(t, 10, strings.Count(text, `class="name"`))
	require.NotContains(t, text, "more are not shown")
	require.Contains(t, text, `/dags/dag-1190/start?q=DAG-119"`)
	_, text = s.ask("GET", "/?q="+url.QueryEscape(`"><script>`), "")
	require.NotContains(t, text, "<script>")
	require.Contains(t, text, "No DAG has")
}

func TestAButtonLeadsBackToWhatWasLookedFor(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{BasePath: "/dagu"})
	response, _ := s.ask("POST", "/dags/etl/suspend?q="+url.QueryEscape("e t&l"), "")
	require.Equal(t, http.StatusSeeOther, response.code)
	require.Equal(t, "/dagu/?q=e+t%26l", response.header.Get("Location"))
}

func TestBasePathWithoutItsSlash(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{BasePath: "/dagu"})
	s.url = strings.TrimSuffix(s.url, "/dagu")
	response, _ := s.ask("GET", "/dagu", "")
	require.Equal(t, http.StatusPermanentRedirect, response.code)
	require.Equal(t, "/dagu/", response.header.Get("Location"))
	for _, path := range []string{"/", "/api/v1/dags", "/dagugu/"} {
		s.json("GET", path, "", http.StatusNotFound)
	}
}

func TestAWrongMethodIsToldTheRightOnes(t *testing.T) {
	t.Parallel()
	s := open(t, web.Options{BasePath: "/dagu"})
	for path, allow := range map[string]string{
		"/api/v1/dags": "GET, HEAD", "/api/v1/dags/etl/start": "POST", "/api/v1/health": "GET, HEAD", "/": "GET, HEAD",
	} {
		response, _ := s.ask("PUT", path, "")
		require.Equal(t, http.StatusMethodNotAllowed, response.code, path)
		require.Equal(t, []string{allow}, response.header.Values("Allow"), path)
	}
}
