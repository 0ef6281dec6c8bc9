package shell_test

import (
	"testing"

	"dagu/modules/runner/shell"

	"github.com/stretchr/testify/require"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		shell shell.Shell
		want  []string
	}{
		"sh":                {shell.Shell{Program: "sh"}, []string{"sh", "-e", "-c", "T"}},
		"path":              {shell.Shell{Program: "/usr/local/bin/BASH.exe"}, []string{"/usr/local/bin/BASH.exe", "-e", "-c", "T"}},
		"zsh":               {shell.Shell{Program: "zsh"}, []string{"zsh", "-e", "-c", "T"}},
		"ksh":               {shell.Shell{Program: "ksh"}, []string{"ksh", "-e", "-c", "T"}},
		"ash":               {shell.Shell{Program: "ash"}, []string{"ash", "-e", "-c", "T"}},
		"dash":              {shell.Shell{Program: "dash"}, []string{"dash", "-e", "-c", "T"}},
		"arguments":         {shell.Shell{Program: "bash", Args: []string{"-o", "pipefail"}}, []string{"bash", "-o", "pipefail", "-e", "-c", "T"}},
		"has -e":            {shell.Shell{Program: "bash", Args: []string{"-e", "-u"}}, []string{"bash", "-e", "-u", "-c", "T"}},
		"own":               {shell.Shell{Program: "bash", Own: true}, []string{"bash", "-c", "T"}},
		"carrier":           {shell.Shell{Program: "sh", Args: []string{"-u", "-c"}}, []string{"sh", "-u", "-e", "-c", "T"}},
		"own carrier":       {shell.Shell{Program: "sh", Args: []string{"-c"}, Own: true}, []string{"sh", "-c", "T"}},
		"other":             {shell.Shell{Program: "fish", Args: []string{"--private"}}, []string{"fish", "--private", "-c", "T"}},
		"other carrier":     {shell.Shell{Program: "fish", Args: []string{"-c"}}, []string{"fish", "-c", "T"}},
		"other with -check": {shell.Shell{Program: "tool", Args: []string{"-check"}}, []string{"tool", "-check", "-c", "T"}},
		"nix": {
			shell.Shell{Program: "nix-shell", Packages: []string{"jq", "curl"}},
			[]string{"nix-shell", "-p", "jq", "-p", "curl", "--pure", "--run", "set -e\nT"},
		},
		"nix own, impure":     {shell.Shell{Program: "nix-shell", Args: []string{"--impure"}, Own: true}, []string{"nix-shell", "--impure", "--run", "T"}},
		"nix carrier":         {shell.Shell{Program: "nix-shell", Args: []string{"--pure", "--run"}}, []string{"nix-shell", "--pure", "--run", "set -e\nT"}},
		"powershell":          {shell.Shell{Program: `C:\Windows\PowerShell.EXE`}, []string{`C:\Windows\PowerShell.EXE`, "-NoProfile", "-NonInteractive", "-Command", "T"}},
		"pwsh with arguments": {shell.Shell{Program: "pwsh", Args: []string{"-noprofile", "-C"}}, []string{"pwsh", "-noprofile", "-NonInteractive", "-C", "T"}},
		"cmd":                 {shell.Shell{Program: "cmd.exe", Args: []string{"/q"}}, []string{"cmd.exe", "/q", "/c", "T"}},
		"cmd carrier":         {shell.Shell{Program: "cmd", Args: []string{"/C"}}, []string{"cmd", "/C", "T"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.shell.Command("T")
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestCheckDoesNotStopAtErrors(t *testing.T) {
	t.Parallel()
	got, err := shell.Shell{Program: "bash"}.Check("T")
	require.NoError(t, err)
	require.Equal(t, []string{"bash", "-c", "T"}, got)
}

func TestScript(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		shell shell.Shell
		want  []string
	}{
		"sh":         {shell.Shell{Program: "sh"}, []string{"sh", "-e", "F"}},
		"has -e":     {shell.Shell{Program: "sh", Args: []string{"-e"}}, []string{"sh", "-e", "F"}},
		"own":        {shell.Shell{Program: "bash", Args: []string{"-x"}, Own: true}, []string{"bash", "-x", "F"}},
		"other":      {shell.Shell{Program: "python3", Args: []string{"-u"}}, []string{"python3", "-u", "F"}},
		"long words": {shell.Shell{Program: "bash", Args: []string{"--norc", "-o", "posix"}}, []string{"bash", "--norc", "-o", "posix", "-e", "F"}},
		"powershell": {shell.Shell{Program: "pwsh"}, []string{"pwsh", "-ExecutionPolicy", "Bypass", "-File", "F"}},
		"cmd":        {shell.Shell{Program: "cmd"}, []string{"cmd", "/c", "F"}},
		"cmd has /c": {shell.Shell{Program: "cmd", Args: []string{"/c"}}, []string{"cmd", "/c", "F"}},
		"nix":        {shell.Shell{Program: "nix-shell", Packages: []string{"jq"}}, []string{"nix-shell", "-p", "jq", "--pure", "--run", "set -e\n. 'F'"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.shell.Script("F")
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		shell           shell.Shell
		command, script string // what the errors say; "" is none
	}{
		"text in carrier":   {shell.Shell{Program: "sh", Args: []string{"-cecho"}}, "-cecho", "script form"},
		"cluster":           {shell.Shell{Program: "bash", Args: []string{"-lc"}}, "-lc", "-lc"},
		"behind carrier":    {shell.Shell{Program: "sh", Args: []string{"-c", "echo"}}, "echo", "script form"},
		"-s":                {shell.Shell{Program: "sh", Args: []string{"-s"}}, "", "script form"},
		"-es":               {shell.Shell{Program: "sh", Args: []string{"-es"}}, "", "-es"},
		"-ec":               {shell.Shell{Program: "sh", Args: []string{"-ec"}}, "-ec", "-ec"},
		"other -c":          {shell.Shell{Program: "fish", Args: []string{"-c"}}, "", "script form"},
		"other -c first":    {shell.Shell{Program: "fish", Args: []string{"-c", "x"}}, `"x"`, "script form"},
		"powershell":        {shell.Shell{Program: "pwsh", Args: []string{"-Command", "ls"}}, "ls", "script form"},
		"cmd":               {shell.Shell{Program: "cmd", Args: []string{"/c", "dir"}}, "dir", ""},
		"nix":               {shell.Shell{Program: "nix-shell", Args: []string{"--run", "ls"}}, "ls", "ls"},
		"packages":          {shell.Shell{Program: "bash", Packages: []string{"jq"}}, "shell_packages", "shell_packages"},
		"direct":            {shell.Shell{Program: "direct"}, "direct", "direct"},
		"nothing":           {shell.Shell{}, "no shell", "no shell"},
		"uppercase is fine": {shell.Shell{Program: "bash", Args: []string{"-C"}}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.shell.Command("T")
			says(t, err, tt.command)
			_, err = tt.shell.Script("F")
			says(t, err, tt.script)
		})
	}
}

func says(t *testing.T, err error, words string) {
	t.Helper()
	if words == "" {
		require.NoError(t, err)
		return
	}
	require.ErrorContains(t, err, words)
}

func TestShebang(t *testing.T) {
	t.Parallel()
	for script, want := range map[string][]string{
		"#!/bin/bash\necho":                     {"/bin/bash"},
		"#!/usr/bin/env python3 -u\r\nprint":    {"/usr/bin/env", "python3", "-u"},
		"#! \t perl  -w":                        {"perl", "-w"},
		`#!awk -F '\t' -f` + "\n":               {"awk", "-F", `\t`, "-f"},
		`#!tool "a \"b\" $X" c\ d '' ""` + "\n": {"tool", `a "b" $X`, "c d", "", ""},
		" #!/bin/sh\n":                          nil,
		"\n#!/bin/sh\n":                         nil,
		"echo hi\n":                             nil,
		"#":                                     nil,
		"":                                      nil,
	} {
		got, err := shell.Shebang(script)
		require.NoError(t, err, script)
		require.Equal(t, want, got, script)
	}
	for _, script := range []string{"#!", "#! \t\necho", "#!sh 'x\n", `#!sh "x`, `#!sh x\`, "#!sh 'a\nb'\n"} {
		_, err := shell.Shebang(script)
		require.Error(t, err, script)
	}
}
