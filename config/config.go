package config

import "time"

// Config is every value that a user can set, after flags, environment, file and
// defaults have been put together and checked. All paths are absolute. Durations
// are what they say; none is negative.
type Config struct {
	// Home is the directory that the default paths stand in.
	Home string `mapstructure:"-"`
	// Paths are the directories and files that dagu works with.
	Paths Paths `mapstructure:"paths"`
	// Location is the time zone of schedules that name none: tz, else the machine's.
	Location *time.Location `mapstructure:"-"`
	// LogFormat is "text" or "json".
	LogFormat string `mapstructure:"log_format"`
	// Debug turns debug logging on.
	Debug bool `mapstructure:"debug"`
	// DefaultShell is the shell of steps whose DAG names none; "" leaves the choice to DAG rules.
	DefaultShell string `mapstructure:"default_shell"`
	// EnvPassthrough lists names, or prefixes ending in *, of our own
	// environment that steps inherit beside the built-in ones.
	EnvPassthrough []string `mapstructure:"env_passthrough"`
	// Host, Port and BasePath are where the web UI and API are served.
	Host     string `mapstructure:"host"`
	Port     int    `mapstructure:"port"`
	BasePath string `mapstructure:"base_path"`
	// Auth says who may use the web UI and API.
	Auth Auth `mapstructure:"auth"`
	// Scheduler configures the scheduler and its health server.
	Scheduler Scheduler `mapstructure:"scheduler"`
	// Metrics configures the metrics endpoint.
	Metrics Metrics `mapstructure:"metrics"`
	// Queues configures admission.
	Queues Queues `mapstructure:"queues"`
	// Worker bounds what one process runs.
	Worker Worker `mapstructure:"worker"`
	// Database says where history is stored.
	Database Database `mapstructure:"database"`
}

// Paths are the places of files, all absolute.
type Paths struct {
	DAGsDir    string `mapstructure:"dags_dir"`
	DataDir    string `mapstructure:"data_dir"`
	LogDir     string `mapstructure:"log_dir"`
	BaseConfig string `mapstructure:"base_config"`
}

// Auth says who may use the web UI and API.
type Auth struct {
	// Mode is "none", "basic", or "" while the user has chosen nothing; "" is
	// allowed on loopback only, where it means "none".
	Mode  string    `mapstructure:"mode"`
	Basic BasicAuth `mapstructure:"basic"`
}

// BasicAuth is the one user of mode "basic".
type BasicAuth struct {
	Username string `mapstructure:"username"`
	Password string `mapstructure:"password"`
}

// Scheduler configures the scheduler and its health server.
type Scheduler struct {
	// Host and Port are the health server's address; port 0 turns it off.
	Host string `mapstructure:"host"`
	Port int    `mapstructure:"port"`
	// Details gives details of the verdict to all callers, or to none; nil is to
	// those that come over loopback.
	Details *bool `mapstructure:"details"`
	// StallThreshold is how long a loop may be silent before it counts as hung.
	StallThreshold time.Duration `mapstructure:"stall_threshold"`
	// MisfireThreshold is how late a due time may still be started.
	MisfireThreshold time.Duration `mapstructure:"misfire_threshold"`
	// StartTimeout, DrainTimeout and StopTimeout bound the phases of a process's life.
	StartTimeout time.Duration `mapstructure:"start_timeout"`
	DrainTimeout time.Duration `mapstructure:"drain_timeout"`
	StopTimeout  time.Duration `mapstructure:"stop_timeout"`
	// ReconcileInterval is the time between two full comparisons of the DAG directory.
	ReconcileInterval time.Duration `mapstructure:"reconcile_interval"`
	// PingURL is asked for every PingInterval while the scheduler is ready; "" is off.
	PingURL      string        `mapstructure:"ping_url"`
	PingInterval time.Duration `mapstructure:"ping_interval"`
}

// Metrics configures the metrics endpoint.
type Metrics struct {
	// PerDAG adds a label with the DAG's name.
	PerDAG bool `mapstructure:"per_dag"`
}

// Queues configures admission. All processes on a data directory go by that of the
// newest configuration.
type Queues struct {
	// Enabled false lifts all queue limits.
	Enabled bool `mapstructure:"enabled"`
	// Config lists the queues that the user has named.
	Config []Queue `mapstructure:"config"`
}

// Queue is a named queue.
type Queue struct {
	Name           string `mapstructure:"name"`
	MaxConcurrency int    `mapstructure:"max_concurrency"`
}

// Worker bounds what one process runs.
type Worker struct {
	MaxActiveRuns int `mapstructure:"max_active_runs"`
}

// Database says where history is stored.
type Database struct {
	// URL is "" for SQLite in the data directory.
	URL string `mapstructure:"url"`
	// AllowNetworkFS lets SQLite be opened on a network file system.
	AllowNetworkFS bool `mapstructure:"allow_network_fs"`
}
