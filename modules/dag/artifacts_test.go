package dag_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
)

func TestArtifacts(t *testing.T) {
	t.Parallel()
	on := &dag.Artifacts{}
	for name, tt := range map[string]struct {
		base, root, step string
		want             *dag.Artifacts
		says             string
	}{
		"nothing":              {want: nil},
		"enabled":              {root: "artifacts: {enabled: true, dir: /x}", want: &dag.Artifacts{Dir: "/x"}},
		"a directory alone":    {root: "artifacts: {dir: /x}"},
		"disabled":             {root: "artifacts: {enabled: false}"},
		"a stream":             {step: "stdout: {artifact: a.log}", want: on},
		"the other stream":     {step: "stderr: {artifact: a.log}", root: "artifacts: {dir: /x}", want: &dag.Artifacts{Dir: "/x"}},
		"a variable":           {step: "env: [A: $DAG_RUN_ARTIFACTS_DIR]", want: on},
		"a braced variable":    {step: "env: ['A=${DAG_RUN_ARTIFACTS_DIR:-x}']", want: on},
		"an env reference":     {step: "working_dir: ${env.DAG_RUN_ARTIFACTS_DIR}", want: on},
		"a reference":          {step: "working_dir: ${context.paths.artifacts_dir}", want: on},
		"an alias":             {step: "working_dir: ${ paths.artifacts_dir }", want: on},
		"a handler":            {root: "handler_on: {exit: {run: ls $DAG_RUN_ARTIFACTS_DIR}}", want: on},
		"root env":             {root: "env: {A: $DAG_RUN_ARTIFACTS_DIR}", want: on},
		"of the base":          {base: "env: {A: $DAG_RUN_ARTIFACTS_DIR}", want: on},
		"key by key":           {base: "artifacts: {enabled: true, dir: /x}", root: "artifacts: {dir: /y}", want: &dag.Artifacts{Dir: "/y"}},
		"off over the base":    {base: "artifacts: {enabled: true}", root: "artifacts: {enabled: false}"},
		"an escaped reference": {step: `working_dir: \${context.paths.artifacts_dir}`},
		"no use":               {step: "description: see $DAG_RUN_ARTIFACTS_DIR"},
		"another variable":     {step: "env: [A: DAG_RUN_ARTIFACTS_DIR]"},
		"older spellings":      {root: "artifactDir: /x\nenableArtifact: yes", want: &dag.Artifacts{Dir: "/x"}},
		"disabled and used": {
			root: "artifacts: {enabled: false}", step: "stdout: {artifact: a}",
			says: "job.yaml:4:12: field 'artifacts.enabled': stdout.artifact needs artifacts, and artifacts.enabled is false",
		},
		"disabled and used in the base": {
			base: "env: {A: $DAG_RUN_ARTIFACTS_DIR}", root: "artifacts: {enabled: false}",
			says: "base.yaml:1:10: field 'artifacts.enabled': DAG_RUN_ARTIFACTS_DIR needs artifacts",
		},
		"both spellings":    {root: "artifactDir: /x\nartifacts: {dir: /x}", says: "artifacts.dir and artifactDir are two spellings"},
		"the other as well": {root: "enableArtifact: true\nartifacts: {enabled: true}", says: "artifacts.enabled and enableArtifact are two spellings"},
		"unknown key":       {root: "artifacts: {path: x}", says: "invalid keys: path"},
		"no map":            {root: "artifacts: true", says: "must be a map"},
		"no boolean":        {root: "artifacts: {enabled: maybe}", says: "artifacts.enabled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := tt.root + "\nsteps:\n- run: x\n"
			if tt.step != "" {
				text += "  " + tt.step + "\n"
			}
			source := dag.Source{File: "job.yaml", Text: []byte(text), BaseFile: "base.yaml", Base: []byte(tt.base)}
			loaded, err := dag.Load(source, dag.Options{})
			if tt.says != "" {
				require.ErrorContains(t, err, tt.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, loaded.Artifacts)
		})
	}
}

func TestArtifactsOfLaterDocuments(t *testing.T) {
	t.Parallel()
	loaded, err := dag.Load(dag.Source{File: "job.yaml", Text: []byte(
		"steps: [{run: x}]\n---\nname: sub\nsteps: [{run: ls $DAG_RUN_ARTIFACTS_DIR}]\n")}, dag.Options{})
	require.NoError(t, err)
	require.Nil(t, loaded.Artifacts)
	require.NotNil(t, loaded.Local[0].Artifacts)
}
