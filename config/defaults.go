package config

import "time"

// Defaults of the values that other parts, documents and manifests agree on.
const (
	// DefaultHost is where the web UI and API listen.
	DefaultHost = "127.0.0.1"
	// DefaultPort is the port of the web UI and API.
	DefaultPort = 8080
	// DefaultHealthHost is where the scheduler's health server listens.
	DefaultHealthHost = "127.0.0.1"
	// DefaultHealthPort is the port of the scheduler's health server.
	DefaultHealthPort = 8090
	// DefaultLogFormat is the format of our own log.
	DefaultLogFormat = LogText
	// DefaultStallThreshold is how long a loop may be silent.
	DefaultStallThreshold = 30 * time.Second
	// DefaultMisfireThreshold is how late a due time is still started.
	DefaultMisfireThreshold = 5 * time.Minute
	// DefaultStartTimeout bounds the start of a process.
	DefaultStartTimeout = 2 * time.Minute
	// DefaultDrainTimeout is what active runs get to finish.
	DefaultDrainTimeout = 20 * time.Second
	// DefaultStopTimeout bounds the stop; it stays below the 30 s that
	// Kubernetes leaves a container by default.
	DefaultStopTimeout = 28 * time.Second
	// DefaultReconcileInterval is the time between full comparisons of the DAG directory.
	DefaultReconcileInterval = 30 * time.Second
	// DefaultPingInterval is the time between two outbound pings.
	DefaultPingInterval = 60 * time.Second
	// DefaultMaxActiveRuns bounds the runs of one process.
	DefaultMaxActiveRuns = 100
	// DefaultMaxConcurrency is the limit of a queue that names none.
	DefaultMaxConcurrency = 1
)

// Bounds of values.
const (
	// MinStallThreshold keeps a busy machine from being taken for a hung one.
	MinStallThreshold = 10 * time.Second
	// MisfireMargin is what misfire_threshold leaves above stall_threshold and
	// stop_timeout, so that a restart after a stall loses no due time.
	MisfireMargin = 60 * time.Second
	// DrainMargin is what drain_timeout leaves of stop_timeout for ending what is left.
	DrainMargin = 5 * time.Second
	// MaxDuration is the largest duration that is accepted anywhere.
	MaxDuration = 365 * 24 * time.Hour
	// MaxFileSize is the largest configuration file that is read, in bytes.
	MaxFileSize = 256 << 10
)

// Values that keys with a fixed choice can have.
const (
	// LogText is the log format for people.
	LogText = "text"
	// LogJSON is the log format for machines.
	LogJSON = "json"
	// AuthNone lets everybody in.
	AuthNone = "none"
	// AuthBasic asks for the one user name and password.
	AuthBasic = "basic"
)
