package schedule

import (
	"strconv"
	"strings"
)

// check returns the text of a field if it is valid, else "".
func (f field) check(text string) string {
	p := &parser{text: text}
	if text == "" {
		return ""
	}
	if _, err := p.field(f, span{0, len(text)}); err != nil {
		return ""
	}
	return text
}

// emptyEntry tells of a list with nothing between two commas or at an end.
func (p *parser) emptyEntry(f field, word span, at int) *ParseError {
	entries := strings.FieldsFunc(p.at(word), func(r rune) bool { return r == ',' })
	return p.fail(span{at, at}, f.name, "an entry of the list %q is empty", clip(p.at(word))).
		suggest(f.check(strings.Join(entries, ",")))
}

// wrongValue tells of a text that is no value of the field.
func (p *parser) wrongValue(f field, s span) *ParseError {
	text := p.at(s)
	n, isNumber := number(text)
	upper := strings.ToUpper(text)
	base := strings.TrimRight(upper, "LW")
	_, named := f.named(base)
	_, numbered := number(base)
	switch {
	case text == "":
		return p.fail(s, f.name, "a value is missing beside the dash; allowed are %s", f.allowed())
	case isNumber:
		return p.fail(s, f.name, "%q is out of range; allowed are %s", clip(text), f.allowed()).suggest(p.inRange(f, s, n))
	case strings.Contains(text, "#") || base != upper && (base == "" || named || numbered):
		return p.fail(s, f.name, "%q: L, W and # are not known here; allowed are %s", clip(text), f.allowed())
	case isStar(text):
		return p.fail(s, f.name, "%q cannot be an end of a range; allowed are %s", text, f.allowed())
	}
	for i := range 5 {
		if other := fieldAt(i); f.name != other.name {
			if _, ok := other.named(text); ok {
				return p.fail(s, f.name, "%q is a %s, which is field %d; allowed are %s", text, other.name, i+1, f.allowed())
			}
		}
	}
	return p.fail(s, f.name, "%q is not a value; allowed are %s", clip(text), f.allowed()).suggest(f.nearest(text))
}

// inRange returns the value that a number just outside of the range means: 24 is
// hour 0, but 9-24 ends at 23.
func (p *parser) inRange(f field, s span, n int) string {
	ranged := s.start > 0 && p.text[s.start-1] == '-' || s.end < len(p.text) && p.text[s.end] == '-'
	switch {
	case n < f.min:
		return strconv.Itoa(f.min)
	case n != f.max+1 || f.size < 24:
		return ""
	case ranged:
		return strconv.Itoa(f.max)
	case f.min == 0:
		return "0"
	default:
		return ""
	}
}

// nearest returns the spelling of a value that text probably means, or "".
func (f field) nearest(text string) string {
	dashes := strings.NewReplacer("\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2212", "-")
	if plain := dashes.Replace(text); plain != text {
		return f.check(plain)
	}
	if text[0] == '*' {
		return f.check("*/" + text[1:])
	}
	if f.names == "" {
		return ""
	}
	if len(text) > 3 {
		if _, ok := f.named(text[:3]); ok {
			return strings.ToUpper(text[:3])
		}
	}
	names := make([]string, f.size)
	for i := range names {
		names[i] = f.nameOf(i)
	}
	return nearest(strings.ToUpper(clip(text)), names, 1)
}

// limits are what an entry with a range says.
type limits struct{ low, high, step int }

// wrapped spells a range that runs over the end of its unit, such as 22-2.
func (f field) wrapped(text string, r limits) string {
	spell := strconv.Itoa
	if _, ok := number(leadingDigits(text)); !ok {
		spell = func(n int) string { return f.nameOf((n - f.min) % f.size) }
	}
	var entries []string
	add := func(low, high int) {
		entry := spell(low)
		if high > low {
			entry += "-" + spell(high)
		}
		entries = append(entries, entry)
	}
	end := f.min + f.size - 1
	switch {
	case r.step > 1:
		for n := r.low; n <= r.high+f.size; n += r.step {
			v := f.min + (n-f.min)%f.size
			add(v, v)
		}
	case r.low > end:
		add(f.min, r.high)
	default:
		add(r.low, end)
		add(f.min, r.high)
	}
	return strings.Join(entries, ",")
}
