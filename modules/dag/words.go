package dag

import (
	"errors"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

var errUnclosedQuote = errors.New("a quote is not closed")

// splitWords splits a text at blanks, as a shell line is split: quotes group
// and are removed, a backslash takes the next character literally (between
// double quotes only \" and \\). Nothing is expanded: ${…} is copied as it is,
// and \$ keeps its backslash, which protects it when the word is resolved.
func splitWords(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	open, quote := false, byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '$' && quote != '\'' && reference(text[i:]) > 0:
			length := reference(text[i:])
			word.WriteString(text[i : i+length])
			i, open = i+length-1, true
		case quote == '\'' && c != '\'', quote == '"' && c != '"' && c != '\\':
			word.WriteByte(c)
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && i+1 < len(text) && text[i+1] != '$' && (quote == 0 || text[i+1] == '"' || text[i+1] == '\\'):
			i++
			word.WriteByte(text[i])
			open = true
		case quote == 0 && (c == '\'' || c == '"'):
			quote, open = c, true
		case quote == 0 && strings.IndexByte(" \t\r\n", c) >= 0:
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
		return nil, errUnclosedQuote
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

// reference returns the length of the ${…} that text begins with; 0 when it does not.
func reference(text string) int {
	if !strings.HasPrefix(text, "${") {
		return 0
	}
	return strings.IndexByte(text, '}') + 1
}

// decodeWords decodes a list of words, or one word, that may hold references.
func decodeWords(n node) []string {
	var words []string
	n.each("a text or a list of texts", func(item node) {
		if item.scalar() {
			item.check(item.Value)
			words = append(words, item.plain())
			return
		}
		item.fail("must be a text, not %s", item.kind())
	})
	return words
}

// decodeShell decodes a program with arguments: a text that is split like a
// shell line, or a list.
func decodeShell(n node) []string {
	var words []string
	if n.Kind == yaml.SequenceNode {
		words = decodeWords(n)
	} else {
		text, ok := n.reference()
		if !ok {
			return nil
		}
		var err error
		if words, err = splitWords(text); err != nil {
			n.fail("%s", err)
			return nil
		}
	}
	switch {
	case len(words) == 0 || words[0] == "":
		n.fail("must name a program")
		return nil
	case words[0] == "direct":
		n.fail("the shell direct is not allowed; name a shell such as sh or bash")
		return nil
	}
	return words
}

// newShell returns the shell of a program line and further arguments; nil when there is neither.
func newShell(line, args, packages []string) *Shell {
	if len(line) == 0 && len(args) == 0 && len(packages) == 0 {
		return nil
	}
	s := &Shell{Packages: packages}
	if len(line) > 0 {
		s.Program, s.Args = line[0], append(s.Args, line[1:]...)
	}
	s.Args = append(s.Args, args...)
	return s
}
