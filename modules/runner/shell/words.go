package shell

import (
	"errors"
	"strings"
)

// ErrWords tells that a line cannot be split into words.
var ErrWords = errors.New("a quote is not closed, or a backslash ends the line")

// Split splits a line at blanks and tabs. Text in single quotes is literal, in
// double quotes a backslash takes the next character literally, and so does one
// outside quotes. Nothing is expanded; a quoted word may be empty.
func Split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	open, quote := false, byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == quote && quote != 0:
			quote = 0
		case c == '\\' && quote != '\'':
			if i++; i == len(line) {
				return nil, ErrWords
			}
			word.WriteByte(line[i])
			open = true
		case quote != 0:
			word.WriteByte(c)
		case c == '\'' || c == '"':
			quote, open = c, true
		case c == ' ' || c == '\t':
			if open {
				words = append(words, word.String())
				word.Reset()
				open = false
			}
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if quote != 0 {
		return nil, ErrWords
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

// Shebang returns the words of a script's first line when that begins with #!,
// as its first two bytes do. Without such a line words is nil.
func Shebang(script string) (words []string, err error) {
	line, ok := strings.CutPrefix(script, "#!")
	if !ok {
		return nil, nil
	}
	line, _, _ = strings.Cut(line, "\n")
	words, err = Split(strings.TrimSuffix(line, "\r"))
	if err == nil && len(words) == 0 {
		err = errors.New("the line #! names no program")
	}
	return words, err
}
