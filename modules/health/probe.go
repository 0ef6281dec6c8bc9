package health

// Probe is a question about the process. Each has a path of its own on the health
// server, and parts that its answer depends on.
type Probe int

// The probes.
const (
	// ProbeHealth asks whether DAGs are being scheduled.
	ProbeHealth Probe = iota
	// ProbeLive asks whether a restart would be of no help. Only a loop that
	// nothing else can mend turns it red.
	ProbeLive
	// ProbeReady asks whether everything works: all loops and all checks.
	ProbeReady
	// ProbeStartup asks whether the start has finished.
	ProbeStartup

	probes = 4
)

// Paths of the probes on the health server.
const (
	Path        = "/health"
	LivePath    = "/livez"
	ReadyPath   = "/readyz"
	StartupPath = "/startupz"
)

// Path returns where the health server answers the probe.
func (p Probe) Path() string {
	switch p {
	case ProbeLive:
		return LivePath
	case ProbeReady:
		return ReadyPath
	case ProbeStartup:
		return StartupPath
	default:
		return Path
	}
}

// Status is the word that a probe is answered with.
type Status string

// The statuses. Only StatusHealthy goes with code 200.
const (
	StatusHealthy      Status = "healthy"
	StatusStarting     Status = "starting"
	StatusUnhealthy    Status = "unhealthy"
	StatusShuttingDown Status = "shutting_down"
)

// Verdict is the answer to a probe.
type Verdict struct {
	Status Status
	// Healthy is true with StatusHealthy alone.
	Healthy bool
}

func verdict(status Status) Verdict {
	return Verdict{Status: status, Healthy: status == StatusHealthy}
}

// judge is what the verdict says of parts that are red, or not.
func judge(red bool) Verdict {
	if red {
		return verdict(StatusUnhealthy)
	}
	return verdict(StatusHealthy)
}
