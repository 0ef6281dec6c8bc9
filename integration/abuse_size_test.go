//go:build !full

package integration_test

const (
	// writtenBytes is what each of three steps of TestStepsThatMisbehave writes, which
	// delays every fsync of the machine; `make full` has more.
	writtenBytes = 16 << 20
	// soakRuns is how many runs TestRunsLeaveNothingBehind has; `make full` has more.
	soakRuns = 1000
	// soakRetention also has them forgotten, which takes minutes.
	soakRetention = false
)
