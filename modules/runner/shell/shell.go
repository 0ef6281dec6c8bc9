package shell

import (
	"fmt"
	"slices"
	"strings"
)

// Shell is a shell with its configured arguments; all references are resolved.
type Shell struct {
	Program string
	Args    []string
	// Packages are for nix-shell only.
	Packages []string
	// Own tells that the step itself chose the program: nothing is added to its
	// arguments then, and a script's #! line does not count.
	Own bool
}

// family is a kind of shell.
type family struct {
	// carriers are the arguments that a text follows. The first is added when
	// none is configured; folded families take them in any case.
	carriers []string
	folded   bool
	// clusters tells that one dash may begin several letters, as in -ec.
	clusters bool
	// refused are the letters that a script cannot stand beside.
	refused string
	// errexit tells that -e makes a failing command end the shell.
	errexit bool
	// quiet are added before the carrier of a command, file before that of a script.
	quiet, file []string
}

func familyOf(program string) family {
	name := program[strings.LastIndexAny(program, `/\`)+1:]
	switch strings.TrimSuffix(strings.ToLower(name), ".exe") {
	case "sh", "bash", "zsh", "ksh", "ash", "dash":
		return family{carriers: []string{"-c"}, clusters: true, refused: "cs", errexit: true}
	case "nix-shell":
		return family{carriers: []string{"--run"}}
	case "powershell", "pwsh":
		return family{
			carriers: []string{"-Command", "-C"}, folded: true, refused: "cs",
			quiet: []string{"-NoProfile", "-NonInteractive"},
			file:  []string{"-ExecutionPolicy", "Bypass", "-File"},
		}
	case "cmd":
		return family{carriers: []string{"/c"}, folded: true}
	default:
		return family{carriers: []string{"-c"}, refused: "cs"}
	}
}

func (f family) nix() bool { return f.carriers[0] == "--run" }

func (f family) isCarrier(arg string) bool {
	return slices.ContainsFunc(f.carriers, func(c string) bool {
		return arg == c || f.folded && strings.EqualFold(arg, c)
	})
}

// Command returns the arguments, the program first, that run one line of text.
func (s Shell) Command(text string) ([]string, error) { return s.command(text, !s.Own) }

// Check is Command for the command of a condition: it does not make a failing
// part of the line end the shell.
func (s Shell) Check(text string) ([]string, error) { return s.command(text, false) }

func (s Shell) command(text string, errexit bool) ([]string, error) {
	f := familyOf(s.Program)
	if err := s.usable(f); err != nil {
		return nil, err
	}
	args, carrier, err := s.split(f)
	if err != nil {
		return nil, err
	}
	argv := append([]string{s.Program}, args...)
	argv = append(argv, s.nixArgs(f)...)
	argv = append(argv, missing(args, f.quiet)...)
	if errexit && f.errexit && !slices.Contains(args, "-e") {
		argv = append(argv, "-e")
	}
	if errexit && f.nix() {
		text = "set -e\n" + text
	}
	return append(argv, carrier, text), nil
}

// Script returns the arguments, the program first, that run a script file.
func (s Shell) Script(file string) ([]string, error) {
	f := familyOf(s.Program)
	if err := s.usable(f); err != nil {
		return nil, err
	}
	if f.nix() {
		return s.command(". "+quote(file), !s.Own)
	}
	if err := s.allowsScript(f); err != nil {
		return nil, err
	}
	argv := append([]string{s.Program}, s.Args...)
	switch {
	case len(f.file) > 0:
		argv = append(argv, f.file...)
	case f.carriers[0] == "/c" && !slices.ContainsFunc(s.Args, f.isCarrier):
		argv = append(argv, "/c")
	case !s.Own && f.errexit && !slices.Contains(s.Args, "-e"):
		argv = append(argv, "-e")
	}
	return append(argv, file), nil
}

func (s Shell) usable(f family) error {
	switch {
	case s.Program == "":
		return fmt.Errorf("no shell is configured")
	case s.Program == "direct":
		return fmt.Errorf("shell %q is not supported; name a shell such as sh or bash", s.Program)
	case len(s.Packages) > 0 && !f.nix():
		return fmt.Errorf("shell_packages need nix-shell, not %q", s.Program)
	}
	return nil
}

// split takes the carrier off the configured arguments, where it can only be the last.
func (s Shell) split(f family) (args []string, carrier string, err error) {
	for i, arg := range s.Args {
		switch {
		case f.isCarrier(arg) && i == len(s.Args)-1:
			return s.Args[:i], arg, nil
		case f.isCarrier(arg):
			return nil, "", fmt.Errorf("shell argument %q must be the last one, but %q follows it", arg, s.Args[i+1])
		case f.clusters && cluster(arg, "c"):
			return nil, "", fmt.Errorf(`shell argument %q must be written as a lone "-c" at the end`, arg)
		}
	}
	return s.Args, f.carriers[0], nil
}

func (s Shell) allowsScript(f family) error {
	for _, arg := range s.Args {
		lone := f.isCarrier(arg) || len(arg) == 2 && arg[0] == '-' && strings.IndexByte(f.refused, arg[1]) >= 0
		if f.refused != "" && (lone || f.clusters && cluster(arg, f.refused)) {
			return fmt.Errorf("shell argument %q does not go with the script form of run", arg)
		}
	}
	return nil
}

// cluster tells whether arg is a dash with letters of which one is in wanted.
func cluster(arg, wanted string) bool {
	return len(arg) > 1 && arg[0] == '-' && arg[1] != '-' && strings.ContainsAny(arg, wanted)
}

// nixArgs asks for the packages, in a pure environment unless configured otherwise.
func (s Shell) nixArgs(f family) []string {
	if !f.nix() {
		return nil
	}
	var args []string
	for _, name := range s.Packages {
		args = append(args, "-p", name)
	}
	if !slices.Contains(s.Args, "--pure") && !slices.Contains(s.Args, "--impure") {
		args = append(args, "--pure")
	}
	return args
}

// missing returns those of wanted that args do not have, in any case.
func missing(args, wanted []string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(w string) bool {
		return slices.ContainsFunc(args, func(a string) bool { return strings.EqualFold(a, w) })
	})
}

// quote makes one word of text for a POSIX shell.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
