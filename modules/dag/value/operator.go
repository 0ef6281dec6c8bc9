package value

import (
	"regexp"
	"strconv"
	"unicode/utf8"

	"mvdan.cc/sh/v3/pattern"
)

// operate expands an expression with an operator and returns where to go on.
func (r *resolver) operate(e expression) int {
	v, ok := r.scope.name(e.name)
	if !ok || r.assigned || r.depth >= maxDepth || r.spend(len(v)) {
		return r.protect(e.start)
	}
	switch e.op {
	case ":-":
		if v == "" {
			return r.word(e)
		}
	case ":+":
		if v != "" {
			return r.word(e)
		}
	case "+":
		return r.word(e)
	case ":?":
		if v == "" {
			return r.protect(e.start)
		}
	case ":=":
		if v == "" {
			r.assigned = true
			return r.protect(e.start)
		}
	case ":":
		rng, _ := parseRange(r.text[e.argument.start:e.argument.end])
		v = rng.of(v)
	case "len":
		v = strconv.Itoa(utf8.RuneCountInString(v))
	case "#", "##", "%", "%%":
		p := r.capture(e)
		if r.spend(len(p) * (len(v) + compileCost)) {
			return r.protect(e.start)
		}
		v = trimGlob(v, p, e.op)
	}
	if !r.replace(e.start, e.end, v) {
		return r.protect(e.start)
	}
	return e.end
}

// compileCost is what a byte of a pattern costs by itself; then each byte of
// the value may meet each byte of the pattern.
const compileCost = 256

// spend counts work and tells whether there was too much of it.
func (r *resolver) spend(n int) bool {
	r.work += n
	return r.work > maxWork
}

// word resolves the operator's word in the place of the expression.
func (r *resolver) word(e expression) int {
	r.flush(e.start)
	r.from = e.argument.start
	r.depth++
	r.walk(e.argument.start, e.argument.end)
	r.depth--
	r.flush(e.argument.end)
	r.from = e.end
	return e.end
}

// capture resolves the operator's word on the side.
func (r *resolver) capture(e expression) string {
	r.flush(e.start)
	out, inserted, protected := r.out, r.inserted, r.protected
	r.out = nil
	r.word(e)
	word := string(r.out)
	r.out, r.inserted, r.protected = out, inserted, protected
	r.from = e.start
	return word
}

// trimGlob removes what the glob p matches at the beginning (#) or the end (%)
// of v: the shortest match, or with a doubled op the longest. An invalid p
// removes nothing.
func trimGlob(v, p, op string) string {
	m := pattern.NoGlobStar
	if len(op) == 1 {
		m |= pattern.Shortest
	}
	expr, err := pattern.Regexp(p, m)
	if err != nil {
		return v
	}
	switch op {
	case "%":
		// The greedy lead pushes the match as far back as it goes.
		expr = "(?s)^.*(" + expr + ")$"
	case "%%":
		expr = "(" + expr + ")$"
	default:
		expr = "^(" + expr + ")"
	}
	rx, err := regexp.Compile(expr)
	if err != nil {
		return v
	}
	loc := rx.FindStringSubmatchIndex(v)
	if loc == nil {
		return v
	}
	return v[:loc[2]] + v[loc[3]:]
}

// byteRange is the :offset or :offset:length of a substring.
type byteRange struct {
	offset, length int
	bounded        bool
}

// parseRange reads "offset" or "offset:length"; an empty offset before a colon is 0.
func parseRange(s string) (rng byteRange, ok bool) {
	var i int
	if rng.offset, i, ok = parseInt(s, 0); !ok {
		if i == len(s) || s[i] != ':' {
			return rng, false
		}
	}
	if i == len(s) {
		return rng, true
	}
	if s[i] != ':' {
		return rng, false
	}
	rng.bounded = true
	rng.length, i, ok = parseInt(s, i+1)
	return rng, ok && i == len(s)
}

// parseInt reads an integer with blanks around it. It stops at the first byte
// that is none of it, so that nested expressions are not read over and over.
func parseInt(s string, i int) (n, next int, ok bool) {
	i = skipBlanks(s, i)
	start := i
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	digits := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	// Beyond the range of an int, n is its limit.
	n, _ = strconv.Atoi(s[start:i])
	return n, skipBlanks(s, i), i > digits
}

// of cuts the range out of v, clamped to v.
func (rng byteRange) of(v string) string {
	start := clamp(rng.offset, len(v))
	if !rng.bounded {
		return v[start:]
	}
	rest := v[start:]
	return rest[:clamp(rng.length, len(rest))]
}

// clamp turns a position, counted from the end when negative, into one within 0..n.
func clamp(pos, n int) int {
	if pos < 0 {
		pos += n
	}
	return max(0, min(pos, n))
}
