package schedule

import (
	"strconv"
	"strings"
)

// field is one of the five parts of an expression, and what may stand there.
type field struct {
	name     string
	min, max int
	names    []string // the first is that of min
}

func allFields() [5]field {
	return [5]field{
		{name: "minute", min: 0, max: 59},
		{name: "hour", min: 0, max: 23},
		{name: "day of month", min: 1, max: 31},
		{name: "month", min: 1, max: 12, names: []string{
			"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
		}},
		{name: "day of week", min: 0, max: 7, names: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}},
	}
}

// allowed tells the values of the field.
func (f field) allowed() string {
	text := strconv.Itoa(f.min) + "-" + strconv.Itoa(f.max)
	if len(f.names) > 0 {
		text += " or " + f.names[0] + "-" + f.names[len(f.names)-1]
	}
	return text
}

// set is what a field allows.
type set struct {
	bits uint64
	all  bool // it has *, ? or */1: the field is not restricted
	star bool // its text begins with * or ?
}

// field reads one field: a list of entries.
func (p *parser) field(f field, word span) (set, *ParseError) {
	found := set{star: isStar(p.text[word.start : word.start+1])}
	for start := word.start; start <= word.end; {
		end := word.end
		if comma := strings.IndexByte(p.text[start:word.end], ','); comma >= 0 {
			end = start + comma
		}
		if err := p.entry(f, span{start, end}, &found); err != nil {
			return set{}, err
		}
		start = end + 1
	}
	return found, nil
}

func isStar(text string) bool { return text == "*" || text == "?" }

// entry reads one entry of a list: a value, a range or a star, each with or
// without a step.
func (p *parser) entry(f field, s span, found *set) *ParseError {
	text := p.at(s)
	if text == "" {
		return p.fail(s, f.name, "an entry of the list is empty")
	}
	body, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		at := span{s.start + len(body) + 1, s.end}
		n, ok := number(stepText)
		if !ok || n == 0 {
			return p.fail(at, f.name, "step %q is not a number from 1 to %d", stepText, maxNumber)
		}
		step = n
	}
	low, high, err := p.limits(f, span{s.start, s.start + len(body)}, stepped)
	if err != nil {
		return err
	}
	if isStar(body) && step == 1 {
		found.all = true
	}
	for n := low; n <= high; n += step {
		found.bits |= 1 << n
	}
	return nil
}

// limits reads what stands before the step: the first and the last value.
func (p *parser) limits(f field, s span, open bool) (low, high int, err *ParseError) {
	text := p.at(s)
	if isStar(text) {
		return f.min, f.max, nil
	}
	first, last, ranged := strings.Cut(text, "-")
	at := span{s.start, s.start + len(first)}
	if low, err = p.value(f, at); err != nil {
		return 0, 0, err
	}
	switch {
	case ranged:
		at = span{at.end + 1, s.end}
		if high, err = p.value(f, at); err != nil {
			return 0, 0, err
		}
		if high == 0 && strings.EqualFold(last, "SUN") && f.max == 7 && low > 0 {
			high = 7
		}
	case open:
		high = f.max
	default:
		high = low
	}
	if low > high {
		return 0, 0, p.fail(s, f.name, "range %q is backwards", text)
	}
	return low, high, nil
}

// value reads one number or name.
func (p *parser) value(f field, s span) (int, *ParseError) {
	text := p.at(s)
	for i, name := range f.names {
		if strings.EqualFold(text, name) {
			return f.min + i, nil
		}
	}
	if n, ok := number(text); ok && n >= f.min && n <= f.max {
		return n, nil
	}
	return 0, p.fail(s, f.name, "%q is not allowed; allowed are %s", text, f.allowed())
}

// maxNumber is the largest number that is read; every larger one is out of range anyway.
const maxNumber = 9999

// number reads decimal digits, at most maxNumber.
func number(text string) (int, bool) {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n <= maxNumber
}
