package cmd

import (
	"time"

	"dagu/modules/runlog"
	"dagu/modules/store"
	"dagu/modules/web"
)

// infoOf is a run with its steps, which may be none, as JSON: the form is that of
// the API.
func infoOf(run store.Run, steps []store.Step) web.RunView {
	return web.ViewRun(run, steps, time.Now())
}

// infosOf are runs without their steps.
func infosOf(runs []store.Run) []web.RunView {
	list := make([]web.RunView, len(runs))
	for i, run := range runs {
		list[i] = infoOf(run, nil)
	}
	return list
}

// logFile is the account that a run keeps of itself; "" before it has begun.
func logFile(run store.Run) string {
	if run.LogDir == "" {
		return ""
	}
	return runlog.LogFile(run.LogDir)
}
