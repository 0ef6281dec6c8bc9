package dag_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
)

// notices returns the notices of a file, one a line: "level line field reference reason".
func notices(t *testing.T, base, text string) []string {
	t.Helper()
	source := dag.Source{File: "/d/job.yaml", Text: []byte(text), BaseFile: "/d/base.yaml", Base: []byte(base)}
	d, err := dag.Validate(source, dag.Options{Location: time.UTC})
	require.NoError(t, err)
	for _, n := range d.Notices {
		require.Positive(t, n.Column)
		require.NotEmpty(t, n.Why)
	}
	if !strings.Contains(text, "container:") {
		loaded, err := dag.Load(source, dag.Options{Location: time.UTC})
		require.NoError(t, err)
		require.Empty(t, loaded.Notices, "a load for a run looks for none")
	}
	var lines []string
	for _, n := range d.Notices {
		level := "defect"
		if n.RunTime {
			level = "run"
		}
		file := strings.TrimPrefix(n.File, "/d/")
		lines = append(lines, strings.TrimSpace(strings.Join([]string{level, file, n.Field, n.Reference, string(n.Reason)}, " ")))
	}
	return lines
}

func TestNotices(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"a correct file": {
			text: `
consts: [{a: 1}, {b: "${consts.a}"}]
params: [x=1]
env: [A: "${consts.a} ${params.x} $x", B: "$A ${env.A} ${context.dag.name}"]
steps:
  - {id: one, run: 'echo ${consts.b} ${context.step.id} ${step.name} $HOME ${HOME:-x}', output: OUT}
  - {id: two, run: 'echo ${env.OUT} ${env.B} ${env.DAG_RUN_ID}', depends: one, env: [C: "$B", D: "$C $OUT ${C:-x} ${#C}"]}
handler_on: {exit: {run: 'echo ${env.OUT}'}}`,
		},
		"constants": {
			text: `
consts: [{a: "${consts.a} ${consts.b} ${consts.c}"}, {b: "${consts.a}"}]
steps:
  - {id: one, run: ['echo ${consts.a}', 'echo ${consts.c} ${ consts.c } ${consts.c}', "${consts.c}"]}
  - {id: two, run: x, with: {shell: 'sh ${consts.d}'}, stdout: '${consts.d}', working_dir: '\${consts.d}'}
handler_on: {success: {run: 'echo ${consts.d}'}}`,
			want: []string{
				"defect job.yaml consts.a ${consts.a} unknown_const_name",
				"defect job.yaml consts.a ${consts.b} unknown_const_name",
				"defect job.yaml consts.a ${consts.c} unknown_const_name",
				"defect job.yaml steps[0].run[1] ${consts.c} unknown_const_name",
				"defect job.yaml steps[0].run[1] ${ consts.c } unknown_const_name",
				"defect job.yaml steps[0].run[2] ${consts.c} unknown_const_name",
				"defect job.yaml steps[1].with.shell ${consts.d} unknown_const_name",
				"defect job.yaml steps[1].stdout ${consts.d} unknown_const_name",
				"defect job.yaml handler_on.success.run ${consts.d} unknown_const_name",
			},
		},
		"what is not resolved in constants": {
			text: `
consts: [{a: "${steps.x.outputs.y} ${foreach.item} ${env.X} ${params.x} ${params} ${context.dag.name} ${context.no.such}"}]
params: [x=1]
env: [X=1]
steps: [{run: x}]`,
			want: []string{
				"defect job.yaml consts.a ${steps.x.outputs.y} namespace_unavailable",
				"defect job.yaml consts.a ${foreach.item} namespace_unavailable",
				"run job.yaml consts.a ${env.X} unknown_env_binding",
				"run job.yaml consts.a ${params.x}",
				"run job.yaml consts.a ${params} namespace_unavailable",
				"run job.yaml consts.a ${context.dag.name} namespace_unavailable",
				"defect job.yaml consts.a ${context.no.such} unknown_context_field",
			},
		},
		"the run context": {
			text: `
env: [A: "${context.step.name} ${context.dag.name}"]
steps:
  - {name: one, run: 'x ${context.dag.nam} ${context.run.id} ${run.id} ${context.step.id} ${context.run.started_at}'}
handler_on: {exit: {id: h, run: '${context.step.id} ${context.step.name} ${step.foo}'}}`,
			want: []string{
				"run job.yaml env[0] ${context.step.name} namespace_unavailable",
				"defect job.yaml steps[0].run ${context.dag.nam} unknown_context_field",
				"run job.yaml steps[0].run ${context.run.id} namespace_unavailable",
				"run job.yaml steps[0].run ${run.id} namespace_unavailable",
				"run job.yaml steps[0].run ${context.step.id} namespace_unavailable",
				"defect job.yaml steps[0].run ${context.run.started_at} unknown_context_field",
				"run job.yaml handler_on.exit.run ${context.step.id} namespace_unavailable",
			},
		},
		"parameters": {
			text: `
params: [{name: a, default: 1}, {name: b, required: true}, {name: c, eval: "${params.a} ${params.z} ${env.b}"}]
steps: [{run: 'x ${params} ${params.a} ${params.b} ${params.c} ${params.d} ${env.a}'}]`,
			want: []string{
				"run job.yaml params[2].eval ${params.z}",
				"run job.yaml params[2].eval ${env.b} unknown_env_binding",
				"run job.yaml steps[0].run ${params} namespace_unavailable",
				"run job.yaml steps[0].run ${params.b}",
				"run job.yaml steps[0].run ${params.c}",
				"run job.yaml steps[0].run ${params.d}",
			},
		},
		"variables": {
			text: `
env:
  - A: "$A ${B:-x} \\$C '$D' ${#E}"
  - {B: "${env.A}", C: "${env.C} $B"}
  - "D=$C$X${consts.none}Y"
  - E: "\\$P ${P} $P ${consts.none}"
steps:
  - {id: one, run: 'x $Q ${env.Q}', env: {F: "$E $OUT ${env.OUT}", G: "$F $G"}, output: OUT}
  - {id: two, run: 'x ${env.OUT} ${env.F}', env: [F: $OUT]}
  - {id: three, run: 'x ${env.OUT}', depends: four}
  - {id: four, run: 'x', depends: one}`,
			want: []string{
				"run job.yaml env[0] $A unknown_env_binding",
				"run job.yaml env[0] ${B:-x} unknown_env_binding",
				"run job.yaml env[0] ${#E} unknown_env_binding",
				"run job.yaml env[2] ${env.C} unknown_env_binding",
				"defect job.yaml env[3] ${consts.none} unknown_const_name",
				"run job.yaml env[3] $X unknown_env_binding",
				"defect job.yaml env[4] ${consts.none} unknown_const_name",
				"run job.yaml env[4] ${P} unknown_env_binding",
				"run job.yaml steps[0].run ${env.Q} unknown_env_binding",
				"run job.yaml steps[0].env[0] ${env.OUT} unknown_env_binding",
				"run job.yaml steps[0].env[0] $OUT unknown_env_binding",
				"run job.yaml steps[0].env[1] $G unknown_env_binding",
				"run job.yaml steps[1].run ${env.OUT} unknown_env_binding",
				"run job.yaml steps[1].env[0] $OUT unknown_env_binding",
			},
		},
		"outputs of steps outside of steps": {
			text: `
env: [A: "${steps.one.outputs.x}"]
params: [{name: p, eval: "${steps.one.outputs.x}"}]
dotenv: ["${steps.one.outputs.x}"]
working_dir: "${ steps.nope.outputs.x }"
shell: "sh ${steps.one.outputs.x}"
preconditions: ["${steps.one.outputs.x}"]
type: graph
steps: [{id: one, run: '\${steps.nope.outputs.x} ${steps.one.x} ${one.outputs.x} $steps.one.outputs.x'}]
handler_on: {exit: {run: 'echo ${steps.one.outputs.x}', env: [B: "${steps.one.outputs.x}"]}}`,
			want: []string{
				"defect job.yaml env[0] ${steps.one.outputs.x} namespace_unavailable",
				"defect job.yaml params[0].eval ${steps.one.outputs.x} namespace_unavailable",
				"defect job.yaml dotenv[0] ${steps.one.outputs.x} namespace_unavailable",
				"defect job.yaml working_dir ${ steps.nope.outputs.x } namespace_unavailable",
				"defect job.yaml shell ${steps.one.outputs.x} namespace_unavailable",
				"defect job.yaml preconditions[0] ${steps.one.outputs.x} namespace_unavailable",
				"defect job.yaml handler_on.exit.run ${steps.one.outputs.x} namespace_unavailable",
				"defect job.yaml handler_on.exit.env[0] ${steps.one.outputs.x} namespace_unavailable",
			},
		},
		"outputs that no step has": {
			text: `
type: graph
steps:
  - {id: one, name: first, run: ['x', 'echo ${steps.one.outputs.x} ${steps.first.outputs.x} ${steps.two.outputs.x}']}
  - {id: two, depends: one, action: log.write, with: {message: "${steps.one.outputs.x} ${steps.Two.outputs.x}"}}
  - run: x
    env: {A: "${steps.nope.outputs.x}"}
    preconditions: [{condition: "${steps.nope.outputs.x}", expected: "${steps.nope.outputs.x}"}]
    retry_policy: {limit: "${steps.nope.outputs.x}", interval_sec: 1}
    working_dir: "${steps.nope.outputs.x}"
    stdout: "${steps.nope.outputs.x}"
    with: {shell: "${steps.nope.outputs.x}"}`,
			want: []string{
				"defect job.yaml steps[0].run[1] ${steps.one.outputs.x} self_reference",
				"defect job.yaml steps[0].run[1] ${steps.first.outputs.x} unknown_step_id",
				"defect job.yaml steps[0].run[1] ${steps.two.outputs.x} unknown_output_name",
				"defect job.yaml steps[1].with.message ${steps.one.outputs.x} unknown_output_name",
				"defect job.yaml steps[1].with.message ${steps.Two.outputs.x} unknown_step_id",
				"defect job.yaml steps[2].env[0] ${steps.nope.outputs.x} unknown_step_id",
				"defect job.yaml steps[2].preconditions[0].condition ${steps.nope.outputs.x} unknown_step_id",
				"defect job.yaml steps[2].retry_policy.limit ${steps.nope.outputs.x} unknown_step_id",
				"defect job.yaml steps[2].working_dir ${steps.nope.outputs.x} unknown_step_id",
				"defect job.yaml steps[2].stdout ${steps.nope.outputs.x} unknown_step_id",
				"defect job.yaml steps[2].with.shell ${steps.nope.outputs.x} unknown_step_id",
			},
		},
		"outputs that a step does not wait for": {
			text: `
type: graph
steps:
  - {id: one, run: x, outputs: [{name: x}, {name: doc, type: json}]}
  - {id: two, run: '${steps.one.outputs.x} ${steps.one.outputs.z} ${steps.two.outputs.y} ${steps.three.outputs.w}', outputs: [{name: y}]}
  - {id: three, depends: [two], run: '${steps.two.outputs.y} ${steps.one.outputs.doc}', outputs: [{name: w}]}
  - {name: four, depends: three, action: log.write, with: {message: '${steps.two.outputs.y} ${steps.three.outputs.w}'}}
  - {id: five, depends: [one], run: 'x ${ steps.one.outputs.doc }', env: [A: '${steps.one.outputs.x}'], preconditions: ['${steps.one.outputs.x}']}`,
			want: []string{
				"defect job.yaml steps[1].run ${steps.one.outputs.x} missing_dependency",
				"defect job.yaml steps[1].run ${steps.one.outputs.z} unknown_output_name",
				"defect job.yaml steps[1].run ${steps.two.outputs.y} self_reference",
				"defect job.yaml steps[1].run ${steps.three.outputs.w} missing_dependency",
				"defect job.yaml steps[2].run ${steps.one.outputs.doc} missing_dependency",
			},
		},
		"outputs in a chain": {
			text: `
type: chain
steps:
  - {id: one, run: '${steps.two.outputs.y}', outputs: [{name: x}]}
  - - {id: two, run: '${steps.one.outputs.x}', outputs: [{name: y}]}
    - {id: three, run: '${steps.two.outputs.y}'}
  - {id: four, run: '${steps.one.outputs.x} ${steps.two.outputs.y}'}`,
			want: []string{
				"defect job.yaml steps[0].run ${steps.two.outputs.y} missing_dependency",
				"defect job.yaml steps[1][1].run ${steps.two.outputs.y} missing_dependency",
			},
		},
		"bodies of steps": {
			text: `
type: graph
env: [ROOT=1]
steps:
  - {id: before, run: x, outputs: [{name: x}], output: BEFORE}
  - {id: aside, run: x, outputs: [{name: x}]}
  - id: loop
    depends: before
    env: [OF_LOOP=1]
    foreach:
      items: ["${steps.before.outputs.x} ${foreach.item} ${steps.fetch.outputs.size}"]
      as: file
      key: "${foreach.file.name} ${foreach.index} ${foreach.key} ${foreach.item}"
      steps:
        - {id: fetch, run: '${foreach.file} ${foreach.file.x} ${foreach.key} ${foreach.index.x} ${steps.before.outputs.x} ${steps.aside.outputs.x}', outputs: [{name: size}]}
        - {id: other, run: '${steps.fetch.outputs.size} ${steps.loop.outputs.x} ${steps.nope.outputs.x} ${env.OF_LOOP} ${env.BEFORE} ${env.ROOT}'}
        - {id: last, depends: fetch, run: '${steps.fetch.outputs.size} ${steps.fetch.outputs.none}', env: [A: '$OF_LOOP $ROOT $BEFORE $NONE']}
      collect: {size: '${steps.fetch.outputs.size} ${steps.last.outputs.x} ${steps.aside.outputs.x} ${foreach.index} ${foreach.other}'}
  - {id: after, depends: loop, run: '${steps.fetch.outputs.size} ${foreach.file}'}
handler_on:
  exit:
    foreach:
      items: [1]
      steps:
        - {id: first, run: '${foreach.item} ${steps.before.outputs.x}', outputs: [{name: y}]}
        - {id: second, depends: first, run: '${steps.first.outputs.y}'}`,
			want: []string{
				"defect job.yaml steps[2].foreach.items[0] ${foreach.item} namespace_unavailable",
				"defect job.yaml steps[2].foreach.items[0] ${steps.fetch.outputs.size} unknown_step_id",
				"defect job.yaml steps[2].foreach.key ${foreach.key} namespace_unavailable",
				"defect job.yaml steps[2].foreach.key ${foreach.item} namespace_unavailable",
				"defect job.yaml steps[2].foreach.steps[0].run ${foreach.index.x} namespace_unavailable",
				"defect job.yaml steps[2].foreach.steps[0].run ${steps.aside.outputs.x} missing_dependency",
				"defect job.yaml steps[2].foreach.steps[1].run ${steps.fetch.outputs.size} missing_dependency",
				"defect job.yaml steps[2].foreach.steps[1].run ${steps.loop.outputs.x} self_reference",
				"defect job.yaml steps[2].foreach.steps[1].run ${steps.nope.outputs.x} unknown_step_id",
				"defect job.yaml steps[2].foreach.steps[2].run ${steps.fetch.outputs.none} unknown_output_name",
				"run job.yaml steps[2].foreach.steps[2].env[0] $NONE unknown_env_binding",
				"defect job.yaml steps[2].foreach.collect.size ${steps.last.outputs.x} unknown_output_name",
				"defect job.yaml steps[2].foreach.collect.size ${steps.aside.outputs.x} missing_dependency",
				"defect job.yaml steps[2].foreach.collect.size ${foreach.other} namespace_unavailable",
				"defect job.yaml steps[3].run ${steps.fetch.outputs.size} unknown_step_id",
				"defect job.yaml steps[3].run ${foreach.file} namespace_unavailable",
				"defect job.yaml handler_on.exit.foreach.steps[0].run ${steps.before.outputs.x} namespace_unavailable",
			},
		},
		"containers": {
			text: `
env: [ROOT=1]
container: {image: "${steps.a.outputs.x} ${consts.no}", env: [A: "$ROOT $B $A", B: "$A $C ${env.ROOT}"]}
type: graph
steps:
  - {id: a, run: x, output: OUT}
  - {run: x, depends: a, env: [S: "$T"], container: {image: x, env: {C: "$S $OUT $ROOT $D", D: "$C ${steps.a.outputs.none}"}}}`,
			want: []string{
				"defect job.yaml container.image ${steps.a.outputs.x} namespace_unavailable",
				"defect job.yaml container.image ${consts.no} unknown_const_name",
				"run job.yaml container.env[0] $A unknown_env_binding",
				"run job.yaml container.env[0] $B unknown_env_binding",
				"run job.yaml container.env[1] $C unknown_env_binding",
				"run job.yaml steps[1].env[0] $T unknown_env_binding",
				"run job.yaml steps[1].container.env[0] $D unknown_env_binding",
				"defect job.yaml steps[1].container.env[1] ${steps.a.outputs.none} unknown_output_name",
			},
		},
		"items outside of a foreach": {
			text: `
env: [A: "${foreach.item}"]
steps: [{run: 'x ${foreach.item.name} ${foreach.a.b.c} ${foreach}'}]
handler_on: {exit: {run: '${foreach.index}'}}`,
			want: []string{
				"defect job.yaml env[0] ${foreach.item} namespace_unavailable",
				"defect job.yaml steps[0].run ${foreach.item.name} namespace_unavailable",
				"defect job.yaml handler_on.exit.run ${foreach.index} namespace_unavailable",
			},
		},
		"outputs of other documents and defaults": {
			text: `
type: graph
defaults: {env: [A: "${steps.nope.outputs.x} ${steps.one.outputs.x}"]}
steps: [{id: one, run: x}]
---
name: local
type: graph
steps: [{run: "${steps.one.outputs.x}"}]`,
			want: []string{
				"defect job.yaml defaults.env[0] ${steps.nope.outputs.x} unknown_step_id",
				"defect job.yaml defaults.env[0] ${steps.one.outputs.x} unknown_output_name",
				"defect job.yaml document[1].steps[0].run ${steps.one.outputs.x} unknown_step_id",
			},
		},
		"defaults and later documents": {
			text: `
defaults: {env: [A: "$B", B: "$A"], preconditions: ["${consts.no}"]}
steps: [{run: x, env: [C: "$A $B"]}, {run: x}]
type: graph
---
name: local
consts: [{no: 1}]
steps: [{run: "${consts.no} ${consts.nil}"}]`,
			want: []string{
				"run job.yaml defaults.env[0] $B unknown_env_binding",
				"defect job.yaml defaults.preconditions[0] ${consts.no} unknown_const_name",
				"defect job.yaml document[1].steps[0].run ${consts.nil} unknown_const_name",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, notices(t, "", test.text))
		})
	}
}

func TestNoticesOfTheBaseFile(t *testing.T) {
	t.Parallel()
	base := `
steps: [{run: "${consts.unused}"}]
env: [A: "${consts.own} ${consts.none}", B: "$A $C"]
defaults: {env: [D: $A]}
handler_on: {exit: {run: "${consts.exit}"}, failure: {run: "${consts.failure}"}}`
	require.Equal(t, []string{
		"defect base.yaml env[0] ${consts.none} unknown_const_name",
		"run base.yaml env[1] $C unknown_env_binding",
		"defect base.yaml handler_on.failure.run ${consts.failure} unknown_const_name",
	}, notices(t, base, `
consts: [{own: 1}]
env: [C: "$A $B"]
defaults: {env: [E: "$D $A"]}
handler_on: {exit: {run: x}}
steps: [{run: "${env.E}", env: [F: $E]}]`))
}

func TestTheSentenceOfANotice(t *testing.T) {
	t.Parallel()
	n := dag.Notice{File: "/d/job.yaml", Line: 3, Column: 7, Field: "steps[0].run", Reference: "${consts.x}", Reason: dag.ReasonConst, Why: "of it"}
	require.Equal(t, "/d/job.yaml:3:7: ${consts.x} was left unchanged because of it when steps[0].run was evaluated. reason=unknown_const_name", n.String())
	n.Reason = dag.ReasonNone
	require.NotContains(t, n.String(), "reason=")
}

// A file in which aliases repeat texts with references is read in bounded time,
// and tells of some.
func TestNoticesAreLimited(t *testing.T) {
	t.Parallel()
	text := "type: graph\nsteps:\n  - {run: &a '" + strings.Join(numbered("${consts.c%d}", 1000), " ") + strings.Join(numbered("${env.e%d}", 1000), " ") +
		"'}\n" + strings.Repeat("  - {run: *a}\n", 2000)
	require.Equal(t, 1000, len(notices(t, "", text)))
}

func TestNoticesLookAtSoMuchText(t *testing.T) {
	t.Parallel()
	text := "type: graph\nsteps:\n  - {run: &a '${consts.first} " + strings.Repeat("x", 100<<10) + "'}\n" +
		strings.Repeat("  - {run: *a}\n", 100) + "  - {run: '${consts.last}'}\n"
	found := notices(t, "", text)
	require.Contains(t, found[0], "${consts.first}")
	require.Less(t, len(found), 50)
}
