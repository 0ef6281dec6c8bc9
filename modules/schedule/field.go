package schedule

import (
	"fmt"
	"strconv"
	"strings"
)

// field is one of the five parts of an expression, and what may stand there.
type field struct {
	name     string
	min, max int
	size     int    // how many different values there are
	names    string // names of three letters, without blanks; the first is that of min
}

// fieldAt returns the field at a position from 0 to 4.
func fieldAt(i int) field {
	return [...]field{
		{name: "minute", min: 0, max: 59, size: 60},
		{name: "hour", min: 0, max: 23, size: 24},
		{name: "day of month", min: 1, max: 31, size: 31},
		{name: "month", min: 1, max: 12, size: 12, names: "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
		{name: "day of week", min: 0, max: 7, size: 7, names: "SUNMONTUEWEDTHUFRISAT"},
	}[i]
}

// nameOf returns the name of the n-th value, counted from 0.
func (f field) nameOf(n int) string { return f.names[3*n : 3*n+3] }

// named returns the value of a name in any case.
func (f field) named(text string) (int, bool) {
	for n := range len(f.names) / 3 {
		if len(text) == 3 && strings.EqualFold(text, f.nameOf(n)) {
			return f.min + n, true
		}
	}
	return 0, false
}

// allowed tells the values of the field.
func (f field) allowed() string {
	if f.names == "" {
		return fmt.Sprintf("%d-%d", f.min, f.max)
	}
	return fmt.Sprintf("%d-%d or %s-%s", f.min, f.max, f.nameOf(0), f.nameOf(f.size-1))
}

// set is what a field allows.
type set struct {
	bits uint64 // bit n: value n
	all  bool   // it has *, ? or */1: the field is not restricted
	star bool   // its text begins with * or ?
}

func isStar(text string) bool { return text == "*" || text == "?" }

// field reads one field: a list of entries.
func (p *parser) field(f field, word span) (set, *ParseError) {
	found := set{star: isStar(p.text[word.start : word.start+1])}
	for start := word.start; start <= word.end; {
		end := word.end
		if comma := strings.IndexByte(p.text[start:word.end], ','); comma >= 0 {
			end = start + comma
		}
		if start == end {
			return set{}, p.emptyEntry(f, word, start)
		}
		if err := p.entry(f, span{start, end}, &found); err != nil {
			return set{}, err
		}
		start = end + 1
	}
	return found, nil
}

// entry reads one entry of a list: a value, a range or a star, each with or
// without a step.
func (p *parser) entry(f field, s span, found *set) *ParseError {
	text := p.at(s)
	body, stepText, stepped := strings.Cut(text, "/")
	if body == "" {
		return p.fail(s, f.name, "nothing stands before the slash of %q", clip(text)).suggest(f.check("*" + text))
	}
	step := 1
	if stepped {
		var err *ParseError
		if step, err = p.step(f, span{s.end - len(stepText), s.end}); err != nil {
			return err
		}
	}
	bodyAt := span{s.start, s.start + len(body)}
	if isStar(body) {
		found.all = found.all || step == 1
		found.add(f.min, f.max, step)
		p.adviseStep(f, s, step)
		return nil
	}
	low, high, ranged, err := p.limits(f, bodyAt)
	if err != nil {
		return err
	}
	if stepped && !ranged {
		high = f.max
	}
	if low > high {
		return p.fail(s, f.name, "range %q is backwards", clip(text)).suggest(f.wrapped(text, limits{low, high, step}))
	}
	found.add(low, high, step)
	if stepped && high == f.max {
		p.adviseStep(f, s, step)
	}
	return nil
}

func (s *set) add(low, high, step int) {
	for n := low; n <= high; n += step {
		s.bits |= 1 << n
	}
}

// limits reads a value or a range: its first and its last value.
func (p *parser) limits(f field, s span) (low, high int, ranged bool, err *ParseError) {
	first, last, ranged := strings.Cut(p.at(s), "-")
	if low, err = p.value(f, span{s.start, s.start + len(first)}); err != nil {
		return 0, 0, false, err
	}
	if !ranged {
		return low, low, false, nil
	}
	if high, err = p.value(f, span{s.end - len(last), s.end}); err != nil {
		return 0, 0, false, err
	}
	// A name has no number: at the end of a range SUN is the last day of the week.
	if n, named := f.named(last); named && n == 0 && low > 0 {
		high = f.max
	}
	return low, high, true, nil
}

// value reads one number or name.
func (p *parser) value(f field, s span) (int, *ParseError) {
	text := p.at(s)
	if n, ok := f.named(text); ok {
		return n, nil
	}
	if n, ok := number(text); ok && n >= f.min && n <= f.max {
		return n, nil
	}
	return 0, p.wrongValue(f, s)
}

// step reads what follows the slash.
func (p *parser) step(f field, s span) (int, *ParseError) {
	n, ok := number(p.at(s))
	if s.start == s.end {
		return 0, p.fail(s, f.name, "no step follows the slash; allowed are 1-%d", maxStep)
	}
	if !ok || n == 0 || n > maxStep {
		return 0, p.fail(s, f.name, "the step after / is %q; allowed are 1-%d", clip(p.at(s)), maxStep)
	}
	return n, nil
}

// maxStep is far beyond every step that has an effect.
const maxStep = 9999

// number reads decimal digits; one that is too large for an int is the largest int.
func number(text string) (int, bool) {
	if strings.Trim(text, "0123456789") != "" || text == "" {
		return 0, false
	}
	n, _ := strconv.Atoi(text) // only its range can be wrong, and then n is the limit
	return n, true
}
