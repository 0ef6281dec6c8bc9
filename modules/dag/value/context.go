package value

// Field is a value of the run context.
type Field struct {
	// Name follows "context." in a reference, for example "run.id".
	Name string
	// Alias is the short form: ${Alias} is the same as ${context.Name}.
	Alias string
	// Env is the environment variable with the same value; "" is none.
	Env string
}

// Fields lists the run context, in a new slice with each call.
func Fields() []Field {
	field := func(name, env string) Field { return Field{Name: name, Alias: name, Env: env} }
	return []Field{
		field("dag.name", "DAG_NAME"),
		field("run.id", "DAG_RUN_ID"),
		field("run.status", "DAG_RUN_STATUS"),
		field("run.scheduled_at", ""),
		field("run.root_name", ""),
		field("run.root_id", ""),
		field("attempt.id", ""),
		{Name: "attempt.started_at", Alias: "run.started_at"},
		field("step.name", "DAG_RUN_STEP_NAME"),
		field("step.id", ""),
		field("trigger.type", ""),
		field("trigger.actor", ""),
		field("paths.log_file", "DAG_RUN_LOG_FILE"),
		field("paths.work_dir", "DAG_RUN_WORK_DIR"),
		field("paths.artifacts_dir", "DAG_RUN_ARTIFACTS_DIR"),
		field("paths.step_stdout_file", "DAG_RUN_STEP_STDOUT_FILE"),
		field("paths.step_stderr_file", "DAG_RUN_STEP_STDERR_FILE"),
		field("paths.step_output_file", "DAGU_OUTPUT_FILE"),
		field("profile.name", ""),
		field("profile.resolved_at", ""),
		field("pushback.iteration", ""),
		field("pushback.previous_stdout_file", ""),
	}
}

// Aliases returns the context name of each alias, in a new map with each call.
func Aliases() map[string]string {
	m := make(map[string]string)
	for _, f := range Fields() {
		m[f.Alias] = f.Name
	}
	return m
}

// KnownContext tells whether name, for example "run.id", is part of the run context.
func KnownContext(name string) bool {
	return name == "attempt.started_at" || (name != "run.started_at" && aliasOf(name) != "")
}

// aliasOf returns the context name that an alias stands for, "" for other
// texts. It is the table of Fields as a switch, since references ask it often.
func aliasOf(alias string) string {
	switch alias {
	case "run.started_at":
		return "attempt.started_at"
	case "dag.name", "run.id", "run.status", "run.scheduled_at", "run.root_name", "run.root_id",
		"attempt.id", "step.name", "step.id", "trigger.type", "trigger.actor",
		"paths.log_file", "paths.work_dir", "paths.artifacts_dir",
		"paths.step_stdout_file", "paths.step_stderr_file", "paths.step_output_file",
		"profile.name", "profile.resolved_at", "pushback.iteration", "pushback.previous_stdout_file":
		return alias
	}
	return ""
}
