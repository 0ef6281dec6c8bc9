package action_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/action"
)

// TestOlderFields holds that what older files have fills fields that there are.
func TestOlderFields(t *testing.T) {
	t.Parallel()
	for _, d := range action.All() {
		older := action.OlderFields(d.Name)
		for _, field := range older.Command {
			require.Equal(t, field, d.Field(field).Name, d.Name)
		}
		require.Equal(t, older.Script, d.Field(older.Script).Name, d.Name)
	}
	web := action.OlderFields("http.request")
	for command, want := range map[string]map[string]string{
		" GET \t https://x.org/a b ": {"method": "GET", "url": "https://x.org/a b"},
		"GET":                        {"method": "GET"},
		" ":                          {},
	} {
		require.Equal(t, want, web.Words(command), command)
	}
	require.Equal(t, map[string]string{"filter": ".a | .b"}, action.OlderFields("jq.filter").Words(".a | .b\n"))
	require.Empty(t, action.OlderFields("noop").Words("x"))
}

// TestOlderKeys holds which keys of a with are an older spelling.
func TestOlderKeys(t *testing.T) {
	t.Parallel()
	definition, _ := action.Lookup("sqlite.query")
	for key, want := range map[string]string{
		"nullString": "null_string", "outputFormat": "output_format", "maxROWS": "max_rows", "Query": "query",
		"null_string": "", "nullstring": "", "other": "", "otherKey": "",
	} {
		present, ok := definition.Present(key)
		require.Equal(t, want, present, key)
		require.Equal(t, want != "", ok, key)
	}
}
