package dag

// rootFields describes the fields of a document.
func rootFields() fields {
	unusedMap := either(shape{"type": "object"}, shape{"type": "array"})
	days := ref("whole")
	return fields{
		"name":                  {scalarShape(), "The name of a later document, by which it is called; the first has that of its file."},
		"group":                 {scalarShape(), "A group for display."},
		"description":           {scalarShape(), "What the DAG is for."},
		"type":                  {oneOf(string(TypeGraph), string(TypeChain)), "How steps are ordered: graph, the default, by depends; chain one after the other."},
		"schedule":              {scheduleShape(), "When runs start: cron expressions or instants; a map also says when they stop and restart."},
		"skip_if_successful":    {ref("flag"), "Skip a due time when a run has succeeded since the one before; false by default."},
		"catchup_window":        {matching(`^[ \t]*([0-9.]+[a-zA-Zµ]+)+[ \t]*$`), "How old a due time may be and still run after a gap, such as 6h or 2d12h; none by default."},
		"overlap_policy":        {matching(`^[ \t]*([Ss][Kk][Ii][Pp]|[Aa][Ll][Ll]|[Ll][Aa][Tt][Ee][Ss][Tt])[ \t]*$`), "What becomes of a due time while the DAG is busy: skip (default), all or latest."},
		"restart_wait_sec":      {ref("whole"), "The pause of a restart between the end of a run and the start of the next, in seconds."},
		"queue":                 {scalarShape(), "The queue of its runs; one of the DAG's own with one slot by default."},
		"priority":              {either(shape{"type": "integer"}, matching(`^[ \t]*-?[0-9_]+[ \t]*$`)), "Which run of a queue comes first: the higher one; 0 by default."},
		"on_interrupt":          {oneOf(string(InterruptFail), string(InterruptRetry)), "What becomes of a run that a crash or a shutdown has cut; fail by default."},
		"retry_policy":          {runRetryTable.shape(retryFields("further attempts"), "limit"), "Try a failed run again."},
		"max_active_runs":       {either(shape{"type": "integer"}, matching(`^[ \t]*-?[0-9_]+[ \t]*$`)), "Not used: a queue limits runs."},
		"max_active_steps":      {ref("whole"), "How many steps run at once; 0, the default, is no limit."},
		"timeout_sec":           {ref("whole"), "How long a run may take, in seconds; 0, the default, is no limit."},
		"delay_sec":             {ref("whole"), "The pause after the start of each step, in seconds."},
		"max_clean_up_time_sec": {ref("whole"), "The time between the stop signal and SIGKILL, in seconds; 5 by default."},
		"hist_retention_days":   {days, "How long history is kept, in days; 30 by default, 0 is for ever."},
		"hist_retention_runs":   {wholeShape(1), "How many of the newest runs are kept, instead of days."},
		"max_output_size":       {ref("whole"), "How much a step may publish, in bytes; 1 MiB by default."},
		"log_dir":               {text(), "The directory of logs; the configured one by default."},
		"log_output":            {oneOf(string(LogSeparate), string(LogMerged)), "separate, the default, keeps a log for each stream of a step; merged one for both."},
		"artifacts":             {artifactsTable.shape(fields{"enabled": {ref("flag"), ""}, "dir": {text(), ""}}), "A directory in which each run keeps what its steps make."},
		"labels":                {either(text(), list(scalarShape()), mapOf(nullable(scalarShape()))), "Labels: key or key=value."},
		"consts":                {list(mapOf(scalarShape())), "Constants: a list of maps of one key."},
		"params":                {paramsShape(), "The parameters: a text, a list, a map, or a JSON schema."},
		"env":                   {ref("env"), "Variables of all steps."},
		"dotenv":                {oneOrMore(text()), "Files of variables beside .env; an empty list reads none."},
		"secrets":               {secretsShape(), "Variables whose values are shown nowhere."},
		"working_dir":           {text(), "The directory of the run; one of its own by default."},
		"shell":                 {oneOrMore(scalarShape()), "The shell of all steps, with its arguments."},
		"shell_args":            {oneOrMore(scalarShape()), "Further arguments of the shell."},
		"preconditions":         {ref("conditions"), "What must be met for the run to begin."},
		"steps":                 {stepsShape(), "The steps."},
		"handler_on":            {handlersShape(), "Steps that run at fixed points of a run."},
		"defaults":              {defaultsTable.shape(defaultsFields()), "What steps and handlers have unless they say otherwise."},
		"mail_on":               {mailOnTable.shape(fields{"failure": {ref("flag"), ""}, "success": {ref("flag"), ""}, "wait": {ref("flag"), ""}}), "Of which ends of a run a mail is sent."},
		"error_mail":            {ref("mail"), "The header of the mail about a failure."},
		"info_mail":             {ref("mail"), "The header of the mail about a success."},
		"wait_mail":             {ref("mail"), "The header of the mail about a run that waits."},
		"smtp":                  {smtpShape(), "The mail server."},
		"container":             {anything(), "Accepted, and refused at the start of a run: containers are not supported."},
		"run_config":            {runConfigTable.shape(fields{"disable_param_edit": {ref("flag"), ""}, "disable_run_id_edit": {ref("flag"), ""}}), "Not used."},
		"resources":             {resourcesTable.shape(fields{"limits": {limitsTable.shape(fields{"cpu": {scalarShape(), ""}, "memory": {scalarShape(), ""}}), ""}}), "Not enforced."},
		"worker_selector":       {anything(), "Not used: there are no workers."},
		"actions":               {anything(), "Custom actions; steps cannot use them."},
		"step_types":            {anything(), "Older spelling of actions."},
		"artifactDir":           {text(), "Older spelling of artifacts.dir."},
		"enableArtifact":        {ref("flag"), "Older spelling of artifacts.enabled."},
		"harness":               {unusedMap, "Not used."}, "harnesses": {unusedMap, "Not used."}, "kubernetes": {unusedMap, "Not used."},
		"llm": {unusedMap, "Not used."}, "otel": {unusedMap, "Not used."}, "redis": {unusedMap, "Not used."},
		"registry_auths": {unusedMap, "Not used."}, "s3": {unusedMap, "Not used."}, "ssh": {unusedMap, "Not used."},
		"tools": {unusedMap, "Not used."}, "webhook": {unusedMap, "Not used."},
	}
}

func scheduleShape() shape {
	entry := objectTable.shape(fields{
		"kind":       {oneOf(objectCron, objectAt), "cron or at; the other keys tell it too."},
		"expression": {text(), "A cron expression of five fields."},
		"at":         {text(), "An instant (RFC 3339) with 00 seconds."},
		"profile":    {matching("^" + profileText + "$"), "Kept for display."},
	})
	several := either(text(), list(either(text(), entry)))
	one := either(several, entry)
	return either(several, scheduleTable.shape(fields{
		"start": {one, "When runs start."}, "stop": {one, "When running ones are stopped."}, "restart": {one, "When they are stopped and started again."},
	}))
}

func envShape() shape {
	vars := mapOf(nullable(scalarShape()))
	return either(vars, list(either(matching("="), vars)))
}

func conditionsShape() shape {
	condition := conditionTable.shape(fields{
		"condition": {text(), "A command that must succeed, or with expected a value."},
		"eval":      {text(), "A text whose commands are run; needs expected."},
		"expected":  {text(), "The text that a line must equal; re: begins a regular expression."},
		"negate":    {ref("flag"), "Turn the result round."},
	})
	return either(text(), list(either(text(), condition)))
}

func secretsShape() shape {
	return list(secretTable.shape(fields{
		"name":     {matching("^" + envNamePattern + "$"), "The variable."},
		"provider": {matching(`^[ \t]*(` + ProviderEnv + `|` + ProviderFile + `)[ \t]*$`), "Where the value comes from."},
		"key":      {scalarShape(), "The name of a variable of dagu's own environment, or a path."},
		"options":  {anything(), "Not used."},
	}, "name", "provider", "key"))
}

func mailShape() shape {
	return mailTable.shape(fields{
		"from": {text(), "The sender."}, "to": {oneOrMore(text()), "The recipients."}, "prefix": {text(), "What the subject begins with."},
		"attach_logs": {ref("flag"), "Attach the logs of the steps."},
	})
}

func smtpShape() shape {
	return smtpTable.shape(fields{
		"host": {text(), "The server."}, "port": {either(wholeShape(1), matching(`\$`)), "25 by default, and 587 with a username."},
		"username": {scalarShape(), ""}, "password": {scalarShape(), "Better a reference to a secret."},
	})
}

func paramsShape() shape {
	declared := typedTable.shape(fields{
		"name": {matching("^" + namePattern + "$"), "The name."}, "type": {oneOf("string", "integer", "number", "boolean"), "string by default."},
		"default": {scalarShape(), "The value when the caller gives none."}, "eval": {text(), "A default whose commands are run."},
		"description": {scalarShape(), ""}, "required": {ref("flag"), "The caller must give it."}, "enum": {list(scalarShape()), "The values that are allowed."},
		"minimum": {either(shape{"type": "number"}, text()), ""}, "maximum": {either(shape{"type": "number"}, text()), ""},
		"min_length": {ref("whole"), ""}, "max_length": {ref("whole"), ""}, "pattern": {text(), "A regular expression."},
	}, "name")
	single := shape{"type": "object", "maxProperties": 1, "additionalProperties": nullable(scalarShape())}
	return either(scalarShape(), list(either(scalarShape(), single, declared)), shape{"type": "object"})
}

func handlersShape() shape {
	all := make(fields, len(events))
	for _, e := range events {
		all[e.key] = field{either(ref("step"), matching(`\S`)), "A step that runs at this point."}
	}
	return handlerTable.shape(all)
}

func defaultsFields() fields {
	return fields{
		"continue_on": {ref("continue_on"), "When dependents run although a step did not succeed."}, "retry_policy": {either(ref("retry"), shape{"type": "object", "maxProperties": 0}), "Try a failed step again."},
		"repeat_policy": {ref("repeat"), "Run a step again after it has run."}, "timeout_sec": {ref("whole"), "How long a step may take, in seconds."},
		"mail_on_error": {ref("flag"), "Mail when a step has failed."}, "signal_on_stop": {text(), "The signal that a stop sends."},
		"env": {ref("env"), "Variables before those of the step."}, "preconditions": {ref("conditions"), "Conditions before those of the step."},
	}
}
