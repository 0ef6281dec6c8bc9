package dag_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
)

func pointer[T any](v T) *T { return &v }

func TestParamCheck(t *testing.T) {
	t.Parallel()
	number := dag.Param{Name: "p", Type: dag.ParamNumber, Minimum: pointer(1.5), Maximum: pointer(2.0)}
	text := dag.Param{Name: "p", Type: dag.ParamString, MinLength: pointer(2), MaxLength: pointer(3), Pattern: "^é"}
	for _, test := range []struct {
		name  string
		param dag.Param
		given string
		want  string
		err   string
	}{
		{"integer", dag.Param{Type: dag.ParamInteger}, "-7", "-7", ""},
		{"no integer", dag.Param{Type: dag.ParamInteger}, "1.5", "", "cannot coerce"},
		{"minimum", number, "1.5", "1.5", ""},
		{"below minimum", number, "1.49", "", "parameter validation failed"},
		{"maximum", number, "2", "2", ""},
		{"above maximum", number, "2.01", "", "parameter validation failed"},
		{"no number", number, "two", "", "cannot coerce"},
		{"not a number", number, "NaN", "", "cannot coerce"},
		{"infinite", dag.Param{Type: dag.ParamNumber}, "Inf", "", "cannot coerce"},
		{"boolean", dag.Param{Type: dag.ParamBoolean}, "TRUE", "true", ""},
		{"no boolean", dag.Param{Type: dag.ParamBoolean}, "yes", "", "cannot coerce"},
		{"shortest in characters", text, "éa", "éa", ""},
		{"longest in characters", text, "ééé", "ééé", ""},
		{"too short", text, "é", "", "parameter validation failed"},
		{"too long", text, "éééé", "", "parameter validation failed"},
		{"no match", text, "ab", "", "parameter validation failed"},
		{"bad pattern", dag.Param{Pattern: "("}, "ab", "", "compile pattern"},
		{"one of", dag.Param{Enum: []string{"a", "b"}}, "b", "b", ""},
		{"none of", dag.Param{Enum: []string{"a", "b"}}, "c", "", "parameter validation failed"},
		{"anything", dag.Param{}, "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.param.Check(test.given)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}
