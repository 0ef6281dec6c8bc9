// Command dagu schedules workflows.
package main

import (
	"os"
	_ "time/tzdata" // zones of schedules, on machines that have none

	"dagu/cmd"
)

func main() {
	os.Exit(cmd.Execute())
}
