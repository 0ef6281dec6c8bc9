package action

import (
	"slices"
	"strings"
)

// statements splits SQL into its statements, each with its semicolon. Those of a trigger's
// body belong to the trigger, as sqlite3_complete has it:
// https://www.sqlite.org/c3ref/complete.html
func statements(text string) []string {
	var all []string
	var s statement
	start := 0
	for i := 0; i < len(text); {
		n := tokenLength(text[i:])
		token := text[i : i+n]
		i += n
		switch {
		case strings.TrimSpace(token) == "" || strings.HasPrefix(token, "--") || strings.HasPrefix(token, "/*"):
		case !s.ends(token):
			s.add(token)
		default:
			if len(s.first) > 0 {
				all = append(all, text[start:i])
			}
			start, s = i, statement{}
		}
	}
	if len(s.first) > 0 {
		all = append(all, text[start:])
	}
	return all
}

// statement is what is known of a statement on its way, in upper case.
type statement struct {
	// first are its first tokens.
	first []string
	// before and last are its last two.
	before, last string
}

// told is how many tokens tell whether a statement makes a trigger:
// EXPLAIN QUERY PLAN CREATE TEMP TRIGGER.
const told = 6

func (s *statement) add(token string) {
	token = strings.ToUpper(token)
	if len(s.first) < told {
		s.first = append(s.first, token)
	}
	s.before, s.last = s.last, token
}

// ends tells whether a token is the semicolon that ends the statement.
func (s *statement) ends(token string) bool {
	return token == ";" && (!s.trigger() || (s.before == ";" && s.last == "END"))
}

// trigger tells whether the statement makes a trigger.
func (s *statement) trigger() bool {
	words := slices.DeleteFunc(slices.Clone(s.first), func(word string) bool {
		return slices.Contains([]string{"EXPLAIN", "QUERY", "PLAN", "TEMP", "TEMPORARY"}, word)
	})
	return len(words) > 1 && words[0] == "CREATE" && words[1] == "TRIGGER"
}

// tokenLength returns the length of the token that a text begins with: blanks, a comment,
// something quoted, a word, or one byte of anything else.
func tokenLength(text string) int {
	until := func(from int, end string) int {
		if n := strings.Index(text[from:], end); n >= 0 {
			return from + n + len(end)
		}
		return len(text)
	}
	switch c := text[0]; {
	case strings.HasPrefix(text, "--"):
		return until(2, "\n")
	case strings.HasPrefix(text, "/*"):
		return until(2, "*/")
	case c == '\'' || c == '"' || c == '`': // a doubled quote is two tokens
		return until(1, string(c))
	case c == '[':
		return until(1, "]")
	case wordByte(c):
		n := 1
		for n < len(text) && wordByte(text[n]) {
			n++
		}
		return n
	}
	return 1
}

func wordByte(c byte) bool {
	return c == '_' || c >= 0x80 || (c >= '0' && c <= '9') || (c|0x20 >= 'a' && c|0x20 <= 'z')
}
