package config

import (
	"strings"
	"time"
)

// docs says what each key is for.
func docs() map[string]string {
	return map[string]string{
		"paths.dags_dir": "The directory of DAG files.", "paths.data_dir": "The directory of the database and of what runs make.",
		"paths.log_dir": "The directory of the logs of runs.", "paths.base_config": "A file with what all DAGs share.",
		"tz": "The time zone of schedules that name none, such as Europe/Berlin; the machine's by default.", "log_format": "How dagu logs: text or json.",
		"debug": "Log more.", "default_shell": "The shell of steps whose DAG names none; $SHELL by default, else sh.",
		"env_passthrough": "Variables, or prefixes with * behind them, that steps inherit besides the fixed ones.",
		"host":            "The address of the web UI and the API.", "port": "Their port; 0 is off.", "base_path": "The path that they stand below, behind a proxy.",
		"auth.mode": "Who may use them: none or basic.", "auth.basic.username": "The user of mode basic.", "auth.basic.password": "The user's password.",
		"scheduler.host": "The address of the health server.", "scheduler.port": "Its port; 0 turns it off.",
		"scheduler.details":            "Tell everybody why a probe is red, or nobody; those on the loopback alone by default.",
		"scheduler.stall_threshold":    "How long a loop may be silent before it counts as hung.",
		"scheduler.misfire_threshold":  "How late a due time may still be started.",
		"scheduler.start_timeout":      "How long the start may take.",
		"scheduler.drain_timeout":      "How long runs have to end by themselves when dagu stops.",
		"scheduler.stop_timeout":       "How long the whole stop may take.",
		"scheduler.reconcile_interval": "The time between two full comparisons of the DAG directory.",
		"scheduler.ping_url":           "A URL that is asked for while the scheduler is ready.", "scheduler.ping_interval": "The time between two such requests.",
		"metrics.per_dag": "Add metrics of single DAGs.", "queues.enabled": "false lifts all limits of queues.",
		"queues.config": "The queues with a limit of their own.", "worker.max_active_runs": "How many runs one process executes at once.",
		"database.url": "The database; SQLite in the data directory by default.", "database.allow_network_fs": "Let SQLite be on a network file system.",
	}
}

// Schema returns the JSON schema (draft 2020-12) of a configuration file as plain data.
// It is made from the table by which files are loaded.
func Schema() map[string]any {
	root := section()
	root["$schema"], root["title"] = "https://json-schema.org/draft/2020-12/schema", "dagu configuration file"
	doc := docs()
	for _, k := range table(places{}) {
		at := root
		parts := strings.Split(k.name, ".")
		for _, part := range parts[:len(parts)-1] {
			properties := at["properties"].(map[string]any) //nolint:forcetypeassert // section has made it
			if properties[part] == nil {
				properties[part] = section()
			}
			at = properties[part].(map[string]any) //nolint:forcetypeassert // so was this
		}
		s := k.schema()
		if doc[k.name] != "" {
			s["description"] = doc[k.name]
		}
		at["properties"].(map[string]any)[parts[len(parts)-1]] = s //nolint:forcetypeassert // as above
	}
	return root
}

// section is the schema of a mapping without keys yet.
func section() map[string]any {
	return map[string]any{"type": []string{"object", "null"}, "properties": map[string]any{}, "additionalProperties": false}
}

// schema is what the key takes, with its default where that is not the machine's own.
func (k key) schema() map[string]any {
	switch fallback := k.fallback.(type) {
	case bool:
		return map[string]any{"type": []string{"boolean", "string", "null"}, "default": fallback}
	case *bool:
		return map[string]any{"type": []string{"boolean", "string", "null"}}
	case int:
		return map[string]any{"type": []string{"integer", "string", "null"}, "default": fallback}
	case time.Duration:
		return map[string]any{"type": []string{"string", "integer", "null"}, "default": formatDuration(fallback)}
	case []Queue:
		return map[string]any{"type": []string{"array", "null"}, "items": map[string]any{
			"type": "object", "required": []string{"name"}, "additionalProperties": false,
			"properties": map[string]any{
				"name":            map[string]any{"type": "string", "description": "The name that DAGs have in queue."},
				"max_concurrency": map[string]any{"type": []string{"integer", "string"}, "default": DefaultMaxConcurrency, "description": "How many of its runs are active at once."},
			},
		}}
	case []string:
		return map[string]any{"type": []string{"array", "null"}, "items": map[string]any{"type": "string"}}
	case string:
		s := map[string]any{"type": []string{"string", "number", "boolean", "null"}}
		if fallback != "" && !strings.HasPrefix(k.name, "paths.") {
			s["default"] = fallback
		}
		return s
	}
	return map[string]any{"type": []string{"string", "null"}}
}
