package config

import (
	"math"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// key is one thing that can be set.
type key struct {
	// name is dotted and lower-case.
	name string
	// env lists the variables that set it, the strongest first.
	env []string
	// flag is the flag that sets it, where it is not the last part of the name.
	flag string
	// secret keeps the value out of output and messages.
	secret bool
	// fallback is the default, of the type that parse returns.
	fallback any
	// parse reads a scalar.
	parse parser
	// list reads a sequence; such a key is set by the file alone.
	list func(*file, key, *yaml.Node) any
}

// flagName is the flag that sets the key, with its dashes.
func (k key) flagName() string {
	if k.flag != "" {
		return "--" + k.flag
	}
	leaf := k.name[strings.LastIndexByte(k.name, '.')+1:]
	return "--" + strings.ReplaceAll(leaf, "_", "-")
}

// table is every key, in the order in which they are shown.
func table(p places) []key {
	list := pathKeys(p)
	list = append(list, commonKeys()...)
	list = append(list, webKeys()...)
	list = append(list, schedulerKeys()...)
	return append(list, limitKeys()...)
}

func pathKeys(p places) []key {
	path := func(name, value string, env ...string) key {
		return key{name: name, env: env, fallback: value, parse: parsePath}
	}
	dags := path("paths.dags_dir", filepath.Join(p.config, "dags"), "DAGU_DAGS", "DAGU_DAGS_DIR")
	dags.flag = "dags"
	return []key{
		dags,
		path("paths.data_dir", filepath.Join(p.data, "data"), "DAGU_DATA_DIR"),
		path("paths.log_dir", filepath.Join(p.data, "logs"), "DAGU_LOG_DIR"),
		path("paths.base_config", filepath.Join(p.config, "base.yaml"), "DAGU_BASE_CONFIG"),
	}
}

func commonKeys() []key {
	return []key{
		{name: "tz", env: []string{"DAGU_TZ"}, fallback: time.Local, parse: parseZone},
		{name: "log_format", env: []string{"DAGU_LOG_FORMAT"}, fallback: DefaultLogFormat, parse: parseChoice(LogText, LogJSON)},
		{name: "debug", env: []string{"DAGU_DEBUG"}, fallback: false, parse: parseBool},
		{name: "default_shell", env: []string{"DAGU_DEFAULT_SHELL"}, fallback: "", parse: parseShell},
		{name: "env_passthrough", fallback: []string(nil), list: readNames},
	}
}

func webKeys() []key {
	return []key{
		{name: "host", env: []string{"DAGU_HOST"}, fallback: DefaultHost, parse: parseHost},
		{name: "port", env: []string{"DAGU_PORT"}, fallback: DefaultPort, parse: parseInt(0, math.MaxUint16)},
		{name: "base_path", env: []string{"DAGU_BASE_PATH"}, fallback: "", parse: parseBasePath},
		{name: "auth.mode", env: []string{"DAGU_AUTH_MODE"}, fallback: "", parse: parseChoice(AuthNone, AuthBasic)},
		{name: "auth.basic.username", env: []string{"DAGU_AUTH_BASIC_USERNAME"}, fallback: "", parse: parseUsername},
		{name: "auth.basic.password", env: []string{"DAGU_AUTH_BASIC_PASSWORD"}, secret: true, fallback: "", parse: parseText},
	}
}

func schedulerKeys() []key {
	env := func(name string) []string { return []string{"DAGU_SCHEDULER_" + strings.ToUpper(name)} }
	duration := func(name string, value, least time.Duration) key {
		return key{name: "scheduler." + name, env: env(name), fallback: value, parse: parseDuration(least)}
	}
	return []key{
		{name: "scheduler.host", env: env("host"), fallback: DefaultHealthHost, parse: parseHost},
		{name: "scheduler.port", env: env("port"), fallback: DefaultHealthPort, parse: parseInt(0, math.MaxUint16)},
		{name: "scheduler.details", env: env("details"), fallback: (*bool)(nil), parse: parseBool},
		duration("stall_threshold", DefaultStallThreshold, MinStallThreshold),
		duration("misfire_threshold", DefaultMisfireThreshold, 0),
		duration("start_timeout", DefaultStartTimeout, time.Second),
		duration("drain_timeout", DefaultDrainTimeout, 0),
		duration("stop_timeout", DefaultStopTimeout, time.Second),
		duration("reconcile_interval", DefaultReconcileInterval, time.Second),
		{name: "scheduler.ping_url", env: env("ping_url"), fallback: "", parse: parseHTTPURL},
		duration("ping_interval", DefaultPingInterval, time.Second),
		{name: "metrics.per_dag", env: []string{"DAGU_METRICS_PER_DAG"}, fallback: false, parse: parseBool},
	}
}

func limitKeys() []key {
	return []key{
		{name: "queues.enabled", env: []string{"DAGU_QUEUE_ENABLED"}, fallback: true, parse: parseBool},
		{name: "queues.config", fallback: []Queue(nil), list: readQueues},
		{name: "worker.max_active_runs", env: []string{"DAGU_WORKER_MAX_ACTIVE_RUNS"}, fallback: DefaultMaxActiveRuns, parse: parseInt(1, math.MaxInt32)},
		{name: "database.url", env: []string{"DAGU_DATABASE_URL"}, secret: true, fallback: "", parse: parseDatabase},
		{name: "database.allow_network_fs", fallback: false, parse: parseBool},
	}
}
