package dag

import (
	"slices"

	"dagu/modules/action"
)

// stepShape is the schema of a step or a handler.
func stepShape() shape {
	s := stepTable.shape(stepFields())
	s["allOf"] = actionConditions()
	return s
}

// stepFields describes the fields of a step.
func stepFields() fields {
	stream := either(text(), streamTable.shape(fields{
		"artifact": {text(), "A file below the artifacts of the run."}, "outputs": {anything(), "What is published from stdout."},
	}))
	no := shape{"not": shape{}}
	return fields{
		"id":              {matching(`^[ \t]*([A-Za-z][A-Za-z0-9_]{0,39})?[ \t]*$`), "The name by which references speak of the step."},
		"name":            {scalarShape(), "The name of the step; its id by default."},
		"description":     {scalarShape(), "What the step is for."},
		"depends":         {either(text(), list(scalarShape())), "The steps that it waits for, by id or name."},
		"run":             {ref("run"), "A command, a script of several lines, or a list of commands."},
		"action":          {oneOf(actionNames()...), "What to do instead of running commands."},
		"with":            {shape{"type": "object"}, "The fields of the action; beside run: shell, shell_args and shell_packages."},
		"foreach":         {ref("foreach"), "A body of steps for each item."},
		"parallel":        {parallelShape(), "The items for which a DAG is called."},
		"env":             {ref("env"), "Variables of the step."},
		"working_dir":     {text(), "The directory of the step; that of the run by default."},
		"preconditions":   {ref("conditions"), "What must be met; the step is skipped otherwise."},
		"continue_on":     {ref("continue_on"), "When dependents run although the step did not succeed."},
		"retry_policy":    {ref("retry"), "Try the step again when it fails."},
		"repeat_policy":   {ref("repeat"), "Run the step again after it has run."},
		"timeout_sec":     {ref("whole"), "How long the step may take, in seconds; 0, the default, is no limit."},
		"signal_on_stop":  {text(), "The signal that a stop sends; SIGTERM by default."},
		"mail_on_error":   {ref("flag"), "Send the DAG's error_mail when the step has failed."},
		"stdout":          {stream, "A file that stdout is appended to, or a map with artifact and outputs."},
		"stderr":          {stream, "A file that stderr is appended to, or a map with artifact."},
		"log_output":      {oneOf(string(LogSeparate), string(LogMerged)), "separate or merged; as the DAG says by default."},
		"output":          {either(text(), shape{"type": "object", "minProperties": 1}), "The variable that captures stdout, or a map of values to publish."},
		"outputs":         {someOf(declaredShape()), "What the step writes to DAGU_OUTPUT_FILE."},
		"output_schema":   {either(shape{"type": "object"}, shape{"type": "boolean"}, text()), "A JSON schema that stdout must match."},
		"container":       {anything(), "Accepted, and refused at the start of a run: containers are not supported."},
		"worker_selector": {anything(), "Not used: there are no workers."},
		"command":         {either(ref("run"), scalarShape()), "Older spelling of run."}, "script": {text(), "Older spelling of run."},
		"shell": {oneOrMore(scalarShape()), "Older spelling of with.shell."}, "shell_args": {oneOrMore(scalarShape()), "Older spelling of with.shell_args."},
		"shell_packages": {oneOrMore(scalarShape()), "Older spelling of with.shell_packages."},
		"call":           {text(), "Older spelling of action: dag.run."}, "params": {anything(), "Older spelling of with.params."},
		"exec": {either(shape{"type": "object"}, shape{"type": "array"}), "Older spelling of action: exec."}, "type": {text(), "Older spelling of action."},
		"config": {shape{"type": "object"}, "Older spelling of with."}, "executor": {either(text(), shape{"type": "object"}), "Older spelling of action."},
		"agent": {no, ""}, "approval": {no, ""}, "dependencies": {no, ""}, "inputs": {no, ""}, "llm": {no, ""}, "messages": {no, ""}, "routes": {no, ""}, "value": {no, ""},
	}
}

// actionNames are those of all actions, the older ones included.
func actionNames() []string {
	var names []string
	for _, d := range action.All() {
		names = append(append(names, d.Name), d.Older...)
	}
	slices.Sort(names)
	return names
}

func runShape() shape {
	entry := either(scalarShape(), shape{"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": scalarShape()})
	return either(matching(`\S`), shape{"type": "array", "items": nullable(entry), "minItems": 1})
}

// stepsShape takes a list of steps and groups, or a map of steps by name.
func stepsShape() shape {
	step := either(ref("step"), matching(`\S`))
	return either(shape{"type": "array", "items": either(step, list(step)), "minItems": 1}, shape{"type": "object", "minProperties": 1, "additionalProperties": step})
}

func declaredShape() shape {
	return shape{
		"type": "object", "required": []string{"name"}, "additionalProperties": false,
		"properties": shape{"name": matching(`^[ \t]*` + namePattern + `[ \t]*$`), "type": nullable(oneOf("string", "json"))},
	}
}

func parallelShape() shape {
	item := either(shape{"type": []string{"string", "number"}}, mapOf(scalarShape()))
	items := either(text(), shape{"type": "array", "items": item})
	return either(items, parallelTable.shape(fields{"items": {items, "A list, or a text that becomes one."}, "max_concurrent": {concurrentShape(), "How many run at once; 10 by default."}}, "items"))
}

func concurrentShape() shape {
	return either(shape{"type": "integer", "minimum": 1, "maximum": MaxItems}, matching(`^[ \t]*[0-9]+[ \t]*$`))
}

func foreachFields() fields {
	return fields{
		"items":          {either(shape{"type": "array", "maxItems": MaxItems}, matching(`.`)), "A list, or a text that becomes a JSON array."},
		"as":             {matching("^" + namePattern + "$"), "What references call the item; item by default."},
		"key":            {text(), "What tells the items apart; their index by default."},
		"max_concurrent": {concurrentShape(), "How many bodies run at once; 10 by default."},
		"steps":          {shape{"type": "array", "items": ref("step"), "minItems": 1}, "The body."},
		"collect":        {shape{"type": "object", "propertyNames": matching("^" + namePattern + "$"), "additionalProperties": nullable(text())}, "What an item gives as its outputs."},
	}
}

func continueShape() shape {
	return either(oneOf("failed", "skipped"), continueTable.shape(fields{
		"failed": {ref("flag"), "The step has failed."}, "failure": {ref("flag"), "The same as failed."}, "skipped": {ref("flag"), "The step was skipped."},
		"exit_code": {oneOrMore(ref("whole")), "It has failed with one of these."}, "output": {oneOrMore(matching(".")), "It has failed, and a line of its stdout contains one of these, or matches re:."},
		"mark_success": {ref("flag"), "Show the step as succeeded then."},
	}))
}

func retryFields(limit string) fields {
	return fields{
		"limit": {ref("whole_or_reference"), "How many " + limit + "."}, "interval_sec": {ref("whole_or_reference"), "The pause before the first, in seconds."},
		"backoff":          {either(shape{"type": "boolean"}, shape{"type": "number", "exclusiveMinimum": 1}), "What the pause is multiplied by after each; true is 2."},
		"max_interval_sec": {ref("whole"), "The longest pause, in seconds."}, "exit_code": {oneOrMore(ref("whole")), "Only these exit codes are tried again; all by default."},
	}
}

func repeatFields() fields {
	all := retryFields("executions in all")
	all["max_interval_sec"] = field{ref("whole_or_reference"), "The longest pause, in seconds."}
	all["exit_code"] = field{oneOrMore(ref("whole")), "The exit codes that the loop goes by."}
	all["repeat"] = field{either(shape{"type": "boolean"}, oneOf(string(RepeatWhile), string(RepeatUntil))), "while or until the condition holds; true is while the step succeeds."}
	all["condition"] = field{text(), "A command that must succeed, or with expected a value."}
	all["expected"] = field{text(), "The text that a line must equal; re: begins a regular expression."}
	return all
}
