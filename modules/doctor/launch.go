package doctor

import (
	"path"
	"slices"
	"strings"
)

// program is the name of our executable and, usually, of the image.
const program = "dagu"

// recognise finds how dagu is started, if it is: command replaces the entry point
// of the image and args what follows it. The Command is "" for anything else.
func recognise(command, args []string, image string) Launch {
	for _, words := range commands(append(slices.Clone(command), args...)) {
		if i := slices.IndexFunc(words, isProgram); i >= 0 {
			if launch := parseLaunch(words[i+1:]); launch.Command != "" {
				return launch
			}
		}
	}
	switch {
	case !isImage(image), len(command) > 0 && len(args) == 0:
		return Launch{}
	case len(args) == 0:
		return Launch{Command: Scheduler} // what the image does by itself
	default:
		return parseLaunch(args)
	}
}

func parseLaunch(args []string) Launch {
	name, flags := parseFlags(args)
	if !slices.Contains([]string{Scheduler, StartAll, Server}, name) {
		return Launch{}
	}
	return Launch{Command: name, Flags: flags}
}

func isProgram(word string) bool { return path.Base(word) == program }

// isImage tells whether the last part of an image's name, without tag and
// digest, has the program's name in it as a word.
func isImage(image string) bool {
	name := path.Base(image)
	if i := strings.IndexAny(name, ":@"); i >= 0 {
		name = name[:i]
	}
	return slices.Contains(strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-_.", r) }), program)
}

// commands takes a command line apart into words, and the text of a shell in it
// into the commands that it has one after the other.
func commands(argv []string) [][]string {
	list := [][]string{nil}
	for _, arg := range argv {
		for _, word := range strings.Fields(arg) {
			last := len(list) - 1
			word = strings.Trim(word, `"'`)
			if bare := strings.TrimRight(word, ";&|"); bare != word {
				if bare != "" {
					list[last] = append(list[last], bare)
				}
				list = append(list, nil)
				continue
			}
			list[last] = append(list[last], word)
		}
	}
	return list
}

// parseFlags finds the name of the command, and the flags around it.
func parseFlags(args []string) (name string, flags map[string]string) {
	flags = map[string]string{}
	for i := 0; i < len(args); i++ {
		flag, isFlag := strings.CutPrefix(args[i], "--")
		switch key, value, whole := strings.Cut(flag, "="); {
		case isFlag && whole:
			flags[key] = value
		case isFlag && isSwitch(key):
			flags[key] = "true"
		case isFlag && i+1 < len(args):
			i++
			flags[key] = args[i]
		case name == "" && !strings.HasPrefix(args[i], "-"):
			name = args[i]
		}
	}
	return name, flags
}

// isSwitch knows the flags of the commands here that take no value.
func isSwitch(flag string) bool {
	return slices.Contains([]string{"debug", "help", "live", "ready", "startup", "web", "verbose"}, flag)
}
