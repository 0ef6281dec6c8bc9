//go:build full

package integration_test

const (
	// writtenBytes is what each of three steps of TestStepsThatMisbehave writes.
	writtenBytes = 1 << 30
	// soakRuns is how many runs TestRunsLeaveNothingBehind has.
	soakRuns = 100_000
	// soakRetention also has them forgotten.
	soakRetention = true
)
