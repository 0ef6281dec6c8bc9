package health

// Phase is how far the process is in its life. It only moves forward.
type Phase int32

// The phases, in their order.
const (
	// Starting lasts until everything has been started.
	Starting Phase = iota
	// Running is the time in which the scheduler does its work.
	Running
	// Draining begins with the first signal or failed start and lasts until the process ends.
	Draining
)

// String returns the phase's name in lower case.
func (p Phase) String() string {
	switch p {
	case Starting:
		return "starting"
	case Running:
		return "running"
	case Draining:
		return "draining"
	default:
		return "unknown"
	}
}
