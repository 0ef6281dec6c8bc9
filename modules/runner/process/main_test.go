//go:build linux

package process_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// helperEnv selects what the test binary does when it is started by a test as a
// process of its own.
const helperEnv = "DAGU_TEST_PROCESS_HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helperEnv) {
	case "":
		goleak.VerifyTestMain(m)
	case "subreaper":
		exit(subreaper())
	case "parent":
		exit(parent())
	default:
		os.Exit(2)
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
