package cmd

import "github.com/spf13/cobra"

// commands lists all commands in the order of the help text.
func commands() []*cobra.Command {
	return []*cobra.Command{
		newScheduler(),
		newStartAll(),
		newServer(),
		newStart(),
		newEnqueue(),
		newStop(),
		newRestart(),
		newRetry(),
		newDry(),
		newSuspend(),
		newResume(),
		newQueue(),
		newStatus(),
		newHistory(),
		newSchedule(),
		newValidate(),
		newExample(),
		newSchema(),
		newHealth(),
		newConfig(),
		newVersion(),
	}
}
