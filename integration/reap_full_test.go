//go:build full

package integration_test

// reapSteps is how many steps TestReaping runs each time.
const reapSteps = 10_000
