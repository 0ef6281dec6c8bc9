package runner

import (
	"cmp"
	"context"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"dagu/modules/dag"
	"dagu/modules/dag/value"
	"dagu/modules/runner/environ"
	"dagu/modules/store"
)

// marker names the variable by which processes that a run left behind are found.
const marker = "DAGU_RUN_MARKER"

// scope is what processes get and what texts may name.
type scope struct {
	env    environ.Env
	values value.Scope
}

// newScope returns a scope over its own copy of env.
func newScope(env environ.Env, values value.Scope) scope {
	s := scope{env: maps.Clone(env), values: values}
	s.values.Env = value.Layers(s.env)
	return s
}

// inner returns a scope that can be changed without changing s.
func (s scope) inner() scope {
	i := newScope(s.env, s.values)
	i.values.Context = maps.Clone(s.values.Context)
	return i
}

// bind adds parameters; named ones are variables as well.
func (s *scope) bind(params value.Params) {
	s.values.Params = params
	for _, p := range params.Named {
		s.env[p.Name] = p.Value
	}
}

// declare adds the entries of an env list.
func (s scope) declare(vars []dag.Var, host environ.Env) {
	if len(vars) == 0 {
		return
	}
	pairs := make([]value.Pair, len(vars))
	for i, v := range vars {
		pairs[i] = value.Pair(v)
	}
	for _, v := range s.withHost(host).ExpandVars(pairs) {
		s.env[v.Name] = v.Value
	}
}

// withHost returns the values for a field that falls back to our own environment.
func (s scope) withHost(host environ.Env) value.Scope {
	values := s.values
	if host != nil {
		values.Host = value.Layers(host)
	}
	return values
}

// path resolves a path; a relative one is meant against base.
func (s scope) path(text, base string) string { return s.place(s.values.Expand(text), base) }

// streamPath is path for the file that a stream goes to.
func (s scope) streamPath(text, base string) string { return s.place(s.values.ExpandPath(text), base) }

func (s scope) place(path, base string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') && s.env["HOME"] != "" {
		path = s.env["HOME"] + rest
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	return filepath.Clean(path)
}

// resolve binds the parameters and builds the environment of the run.
func (x *run) resolve(ctx context.Context) (outcome, bool) {
	x.root = newScope(x.runner.inherited, value.Scope{Consts: constants(x.dag.Consts), Context: x.context()})
	x.rootDir = x.files.WorkDir()
	params, err := x.bindParams(ctx)
	if ctx.Err() != nil {
		return x.stopped(), false
	}
	if err != nil {
		return rejected(err), false
	}
	x.root.bind(params)
	if err := x.openArtifacts(ctx); ctx.Err() != nil {
		return x.stopped(), false
	} else if err != nil {
		return rejected(err), false
	}
	managed := x.managed(params)
	maps.Copy(x.root.env, managed)
	if params.JSON != "" {
		x.root.env["DAGU_PARAMS_JSON"] = params.JSON
	}
	x.root.declare(x.dag.Env, x.runner.host)
	if err := x.readDotenv(ctx); err != nil {
		return x.stopped(), false
	}
	maps.Copy(x.root.env, managed)
	if err := x.readSecrets(ctx); ctx.Err() != nil {
		return x.stopped(), false
	} else if err != nil {
		return rejected(err), false
	}
	x.rootDir = x.workingDir()
	return outcome{}, true
}

// workingDir is the directory of the run as its variables now have it: the
// workflow's, else the default that the run was given, else the run's own.
func (x *run) workingDir() string {
	dir := cmp.Or(x.dag.WorkingDir, x.rec.DefaultWorkingDir)
	if dir == "" {
		return x.files.WorkDir()
	}
	return x.root.path(dir, x.dag.WorkingDirBase)
}

// context is the run context that does not depend on a step.
func (x *run) context() map[string]string {
	c := map[string]string{
		"dag.name":           x.dag.Name,
		"run.id":             x.rec.ID,
		"attempt.id":         x.rec.AttemptID,
		"attempt.started_at": x.rec.Started.UTC().Format(time.RFC3339),
		"trigger.type":       string(x.rec.Trigger),
		"paths.log_file":     x.files.LogFile(),
		"paths.work_dir":     x.files.WorkDir(),
	}
	if !x.rec.Due.IsZero() {
		c["run.scheduled_at"] = x.rec.Due.UTC().Format(time.RFC3339)
	}
	if x.rec.RootID != "" {
		c["run.root_name"], c["run.root_id"] = x.rec.RootDAG, x.rec.RootID
	}
	return c
}

// managed are the variables of a run that nothing in its file can change for good.
func (x *run) managed(params value.Params) environ.Env {
	env := environ.Env{
		"DAG_NAME":         x.dag.Name,
		"DAG_RUN_ID":       x.rec.ID,
		"DAG_RUN_LOG_FILE": x.files.LogFile(),
		"DAG_RUN_WORK_DIR": x.files.WorkDir(),
	}
	if params.JSON != "" {
		env["DAG_PARAMS_JSON"] = params.JSON
	}
	if x.artifacts != "" {
		env["DAG_RUN_ARTIFACTS_DIR"] = x.artifacts
	}
	return env
}

// marker is the variable that every process of this attempt gets.
func (x *run) marker() string { return markOf(x.rec) }

// markOf marks an attempt. The attempt's id is random, so that a run of another
// data directory that has the same id is never mistaken for this one.
func markOf(rec store.Run) string { return marker + "=" + rec.ID + ":" + rec.AttemptID }

func constants(vars []dag.Var) map[string]string {
	if len(vars) == 0 {
		return nil
	}
	m := make(map[string]string, len(vars))
	for _, v := range vars {
		m[v.Name] = v.Value
	}
	return m
}

// publish adds what a step has published, if it has.
func (r *recorder) publish(pos int, env environ.Env) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := &r.steps[pos]; s.Output != "" && s.HasOutput {
		env[s.Output] = s.OutputValue
	}
}
