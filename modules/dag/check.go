package dag

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Check returns the text that a parameter has when text is given for it: a
// boolean in lower case, anything else as it is. The error says `cannot
// coerce` for a text that is not of the parameter's type, and `parameter
// validation failed` for one that breaks a constraint. A parameter without a
// name takes everything.
func (p Param) Check(text string) (string, error) {
	switch p.Type {
	case ParamInteger, ParamNumber:
		number, ok := p.number(text)
		if !ok {
			return "", fmt.Errorf("parameter %q: cannot coerce %q to %s", p.Name, text, p.Type)
		}
		if err := p.checkNumber(text, number); err != nil {
			return "", err
		}
	case ParamBoolean:
		lower := strings.ToLower(text)
		if lower != "true" && lower != "false" {
			return "", fmt.Errorf("parameter %q: cannot coerce %q to boolean; it must be true or false", p.Name, text)
		}
		text = lower
	default:
		if err := p.checkText(text); err != nil {
			return "", err
		}
	}
	if len(p.Enum) > 0 && !slices.Contains(p.Enum, text) {
		return "", p.broken(text, "must be one of "+strings.Join(p.Enum, ", "))
	}
	return text, nil
}

func (p Param) number(text string) (float64, bool) {
	if p.Type == ParamInteger {
		i, err := strconv.ParseInt(text, 10, 64)
		return float64(i), err == nil
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

func (p Param) checkNumber(text string, number float64) error {
	if p.Minimum != nil && number < *p.Minimum {
		return p.broken(text, "must be at least "+strconv.FormatFloat(*p.Minimum, 'f', -1, 64))
	}
	if p.Maximum != nil && number > *p.Maximum {
		return p.broken(text, "must be at most "+strconv.FormatFloat(*p.Maximum, 'f', -1, 64))
	}
	return nil
}

func (p Param) checkText(text string) error {
	length := utf8.RuneCountInString(text)
	if p.MinLength != nil && length < *p.MinLength {
		return p.broken(text, fmt.Sprintf("must have at least %d characters", *p.MinLength))
	}
	if p.MaxLength != nil && length > *p.MaxLength {
		return p.broken(text, fmt.Sprintf("must have at most %d characters", *p.MaxLength))
	}
	if p.Pattern != "" {
		pattern, err := regexp.Compile(p.Pattern)
		if err != nil {
			return fmt.Errorf("parameter %q: compile pattern: %w", p.Name, err)
		}
		if !pattern.MatchString(text) {
			return p.broken(text, "must match "+p.Pattern)
		}
	}
	return nil
}

func (p Param) broken(text, rule string) error {
	return fmt.Errorf("parameter validation failed: %q is %q, but %s", p.Name, text, rule)
}
