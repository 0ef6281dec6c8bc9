//go:build !full

package integration_test

const (
	// writtenBytes is what a step of TestStepsThatMisbehave writes; `make full` has more.
	writtenBytes = 64 << 20
	// soakRuns is how many runs TestRunsLeaveNothingBehind has; `make full` has more.
	soakRuns = 1000
	// soakRetention also has them forgotten, which takes minutes.
	soakRetention = false
)
