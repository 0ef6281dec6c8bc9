package value

import (
	"fmt"
	"strings"
)

// Eval resolves a dynamic text: references and names as Expand does, then each
// `cmd` and $(cmd) of the authored text, in order, by the callback, whose
// result is trimmed. Commands do not nest; an unclosed or escaped one stays
// literal, and what was inserted neither begins nor ends one. An error is the
// first of the callback; without a callback all commands stay literal.
func (s Scope) Eval(text string, command func(cmd string) (string, error)) (string, error) {
	if !strings.ContainsAny(text, "$`") {
		return text, nil
	}
	r := resolver{
		scope: s, text: text, limit: MaxResult,
		mode: mode{names: allNames, operators: true, track: true},
	}
	resolved := string(r.run())
	if command == nil {
		return resolved, nil
	}
	c := commands{text: resolved, inserted: r.inserted}
	return c.run(command)
}

// commands finds the commands of a resolved text.
type commands struct {
	text string
	// inserted are the ranges that were not authored, from the next one on.
	inserted []span
	out      strings.Builder
	from     int
	// unclosed tells that no ")" follows any more.
	unclosed bool
}

func (c *commands) run(command func(string) (string, error)) (string, error) {
	for i := 0; i < len(c.text); {
		if i = c.skip(i); i >= len(c.text) {
			break
		}
		start, end := c.at(i)
		if end < 0 {
			i++
			continue
		}
		v, err := command(c.text[start:end])
		if err != nil {
			return "", fmt.Errorf("run command in text: %w", err)
		}
		v = strings.TrimSpace(v)
		c.out.WriteString(c.text[c.from:i])
		if c.out.Len()+len(v) > MaxResult {
			return "", fmt.Errorf("insert output of command: text exceeds %d bytes", MaxResult)
		}
		c.out.WriteString(v)
		i = end + 1
		c.from = i
	}
	c.out.WriteString(c.text[c.from:])
	return c.out.String(), nil
}

// skip moves i past inserted text and escaped characters.
func (c *commands) skip(i int) int {
	for i < len(c.text) {
		for len(c.inserted) > 0 && c.inserted[0].end <= i {
			c.inserted = c.inserted[1:]
		}
		switch {
		case len(c.inserted) > 0 && c.inserted[0].start <= i:
			i = c.inserted[0].end
		case c.text[i] != '\\':
			return i
		default:
			i += 2 // of what was inserted behind a backslash, the rest follows above
		}
	}
	return i
}

// at returns the range of the command that begins at i; end is -1 if none does.
func (c *commands) at(i int) (start, end int) {
	if c.text[i] == '`' {
		return i + 1, c.find(i+1, '`')
	}
	if c.unclosed || !strings.HasPrefix(c.text[i:], "$(") || c.isInserted(i+1) {
		return 0, -1
	}
	end = c.find(i+2, ')')
	c.unclosed = end < 0
	return i + 2, end
}

// find returns the next authored, unescaped b from i on, or -1.
func (c *commands) find(i int, b byte) int {
	inserted := c.inserted
	defer func() { c.inserted = inserted }()
	for i = c.skip(i); i < len(c.text); i = c.skip(i + 1) {
		if c.text[i] == b {
			return i
		}
	}
	return -1
}

// isInserted tells whether the byte i, next to one that is authored, was inserted.
func (c *commands) isInserted(i int) bool {
	return len(c.inserted) > 0 && c.inserted[0].start == i
}
