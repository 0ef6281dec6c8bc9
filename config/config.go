package config

import "time"

// Config is every value that a user can set, after flags, environment, file and
// defaults have been put together and checked. All paths are absolute. Durations
// are what they say; none is negative.
type Config struct {
	// Home is the directory that the default paths stand in.
	Home string
	// Paths are the directories and files that dagu works with.
	Paths Paths
	// Location is the time zone of schedules that name none: tz, else the machine's.
	Location *time.Location
	// LogFormat is "text" or "json".
	LogFormat string
	// Debug turns debug logging on.
	Debug bool
	// DefaultShell is the shell of steps whose DAG names none; "" leaves the choice to DAG rules.
	DefaultShell string
	// EnvPassthrough lists names, or prefixes ending in *, of our own
	// environment that steps inherit beside the built-in ones.
	EnvPassthrough []string
	// Host, Port and BasePath are where the web UI and API are served.
	Host     string
	Port     int
	BasePath string
	// Auth says who may use the web UI and API.
	Auth Auth
	// Scheduler configures the scheduler and its health server.
	Scheduler Scheduler
	// Metrics configures the metrics endpoint.
	Metrics Metrics
	// Queues configures admission.
	Queues Queues
	// Worker bounds what one process runs.
	Worker Worker
	// Database says where history is stored.
	Database Database
}

// Paths are the places of files, all absolute.
type Paths struct {
	DAGsDir    string
	DataDir    string
	LogDir     string
	BaseConfig string
}

// Auth says who may use the web UI and API.
type Auth struct {
	// Mode is "none", "basic", or "" while the user has chosen nothing; "" is
	// allowed on loopback only, where it means "none".
	Mode  string
	Basic BasicAuth
}

// BasicAuth is the one user of mode "basic".
type BasicAuth struct {
	Username string
	Password string
}

// Scheduler configures the scheduler and its health server.
type Scheduler struct {
	// Host and Port are the health server's address; port 0 turns it off.
	Host string
	Port int
	// Details allows details of the verdict on addresses that are not loopback.
	Details bool
	// StallThreshold is how long a loop may be silent before it counts as hung.
	StallThreshold time.Duration
	// MisfireThreshold is how late a due time may still be started.
	MisfireThreshold time.Duration
	// StartTimeout, DrainTimeout and StopTimeout bound the phases of a process's life.
	StartTimeout time.Duration
	DrainTimeout time.Duration
	StopTimeout  time.Duration
	// ReconcileInterval is the time between two full comparisons of the DAG directory.
	ReconcileInterval time.Duration
	// PingURL is asked for every PingInterval while the scheduler is ready; "" is off.
	PingURL      string
	PingInterval time.Duration
}

// Metrics configures the metrics endpoint.
type Metrics struct {
	// PerDAG adds a label with the DAG's name.
	PerDAG bool
}

// Queues configures admission.
type Queues struct {
	// Enabled false lifts all queue limits.
	Enabled bool
	// Config lists the queues that the user has named.
	Config []Queue
}

// Queue is a named queue.
type Queue struct {
	Name           string
	MaxConcurrency int
}

// Worker bounds what one process runs.
type Worker struct {
	MaxActiveRuns int
}

// Database says where history is stored.
type Database struct {
	// URL is "" for SQLite in the data directory.
	URL string
	// AllowNetworkFS lets SQLite be opened on a network file system.
	AllowNetworkFS bool
}
