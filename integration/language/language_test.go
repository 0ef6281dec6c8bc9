// Package language_test shows each rule of the DAG language with the smallest DAG
// that would be wrong without it, loaded and run by the real command. A script of
// testdata is a chapter; its comments are the rules.
package language_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"dagu/cmd"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dagu": func() { os.Exit(cmd.Execute()) }})
}

// TestLanguage runs the scripts, each in a directory and with a home of its own.
// `UPDATE=1 go test ./integration/language` writes what was found into them.
func TestLanguage(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		Deadline:            time.Now().Add(8 * time.Minute),
		Setup: func(env *testscript.Env) error {
			env.Setenv("DAGU_HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("DAGU_DAGS_DIR", filepath.Join(env.WorkDir, "dags"))
			env.Setenv("SHELL", "/bin/sh")
			env.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"valid": valid, "warns": warns, "refused": refused, "breaks": breaks, "serve": serve,
			"runs": runs, "fails": fails, "ends": ends, "logs": logs,
			"notices": notices,
		},
	})
}
