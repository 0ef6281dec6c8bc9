package value

import (
	"fmt"
	"regexp"
	"strings"
)

// Pattern is an expected text: a literal, or after "re:" a Go regular
// expression, unanchored and case-sensitive. It is safe for concurrent use.
type Pattern struct {
	literal string
	regexp  *regexp.Regexp
}

// ParsePattern reads an expected text. The error is that of the regular
// expression, an empty one included.
func ParsePattern(expected string) (*Pattern, error) {
	expr, isRegexp := strings.CutPrefix(expected, "re:")
	if !isRegexp {
		return &Pattern{literal: expected}, nil
	}
	if expr == "" {
		return nil, fmt.Errorf("parse expected %q: regexp is empty", expected)
	}
	rx, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("parse expected %q: invalid regexp: %w", expected, err)
	}
	return &Pattern{regexp: rx}, nil
}

// Equals tells whether any line of value is the literal, or matches the regular
// expression. It is the rule of preconditions. An empty value is one empty line.
func (p *Pattern) Equals(value string) bool {
	return p.anyLine(value, func(line string) bool { return line == p.literal })
}

// In tells whether any line of output contains the literal, or matches the
// regular expression. It is the rule of continue_on.
func (p *Pattern) In(output string) bool {
	return p.anyLine(output, func(line string) bool { return strings.Contains(line, p.literal) })
}

func (p *Pattern) anyLine(text string, literal func(string) bool) bool {
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if p.regexp == nil && literal(line) || p.regexp != nil && p.regexp.MatchString(line) {
			return true
		}
	}
	return false
}

// Match tells whether value meets an expected text by the rule of
// preconditions; see Pattern.Equals. The error is an invalid regular expression.
func Match(expected, value string) (bool, error) {
	p, err := ParsePattern(expected)
	if err != nil {
		return false, err
	}
	return p.Equals(value), nil
}
