package logging

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Colored says whether lines to out may be coloured: it is a terminal that can
// show colours, and NO_COLOR is not set (https://no-color.org).
func Colored(out io.Writer, getenv func(string) string) bool {
	file, ok := out.(*os.File)
	return ok && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}
