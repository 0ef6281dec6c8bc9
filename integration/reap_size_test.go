//go:build !full

package integration_test

// reapSteps is how many steps TestReaping runs each time; `make full` runs more.
const reapSteps = 500
