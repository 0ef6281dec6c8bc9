package runner_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
	"dagu/modules/store"
)

func TestDry(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text   string
		status store.Status
		says   string
		steps  []string
	}{
		"fine": {
			"preconditions: ['[ ${params.p} = x ]']\nsteps: [{name: a, run: exit 1, depends: b}, {name: b, run: exit 1}]\nhandler_on: {failure: {run: exit 1}, exit: {run: exit 1}}",
			store.StatusSucceeded, "",
			[]string{"b", "a", "onExit"},
		},
		"gate":     {"preconditions: ['false']\nsteps: [{name: a, run: exit 1}]", store.StatusAborted, "", []string{"a"}},
		"bad gate": {"preconditions: [{eval: '$(exit 1)', expected: x}]\nsteps: [{name: a, run: exit 1}]", store.StatusFailed, "precondition", []string{"a"}},
		"cycle":    {"steps: [{name: a, run: x, depends: a}]", store.StatusFailed, "cyclic", []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			d, err := dag.Load(dag.Source{File: r.path("job.yaml"), Text: []byte("params: [{p: x}]\n" + tt.text)}, dag.Options{})
			require.NoError(t, err)

			run, steps, err := r.runner.Dry(t.Context(), d, store.NewRun{ID: "dry", DAG: "job"})

			require.NoError(t, err)
			require.Equal(t, tt.status, run.Status, run.Error)
			require.Contains(t, run.Error, tt.says)
			var names []string
			for _, s := range steps {
				names = append(names, s.Name)
				require.Equal(t, tt.status == store.StatusSucceeded, s.Status == store.StepSucceeded)
			}
			require.Equal(t, tt.steps, names)
			require.Empty(t, r.store.history(), "nothing is recorded")
			left, err := filepath.Glob(filepath.Join(filepath.Dir(r.dags), "*", "job", "*"))
			require.NoError(t, err)
			require.Empty(t, left, "nothing is left behind")
			require.NoFileExists(t, filepath.Join(r.temp, "dry.1"))
			_, err = os.Stat(r.temp)
			require.NoError(t, err)
		})
	}
}
