package value

import (
	"strconv"
	"strings"
)

// expression is an unqualified $NAME, ${NAME}, ${NAME:-word}, $1 or ${1}.
type expression struct {
	start, end int
	// name is the name, or the number of a positional parameter.
	name    string
	nameEnd int
	// op is "" for a plain one, ":" for a substring and "len" for ${#NAME}.
	op       string
	argument span
}

// expression resolves the expression at the dollar text[i], which is outside of
// quotes, and returns where to go on.
func (r *resolver) expression(i int, escaped bool) int {
	e, ok := r.parse(i)
	switch {
	case !ok && r.mode.operators && !escaped && strings.HasPrefix(r.text[i:], "${"):
		// An unsupported form stays as it is, with the names in it.
		return r.protect(i)
	case !ok:
		return i + 1
	case escaped && r.mode.operators:
		r.unescape(i)
		return e.nameEnd
	case escaped:
		return e.nameEnd
	case e.op != "" && r.mode.operators:
		return r.operate(e)
	case e.op != "":
		return e.nameEnd
	}
	if v, has := r.plain(e.name); has {
		r.replace(i, e.end, v)
	}
	return e.end
}

// plain returns what to insert for an expression without operator.
func (r *resolver) plain(name string) (string, bool) {
	if isDigit(name[0]) {
		n, err := strconv.Atoi(name)
		if err != nil || name[0] == '0' || n > len(r.scope.Params.Positional) {
			return "", false
		}
		return r.scope.Params.Positional[n-1], true
	}
	if r.mode.names == allNames {
		return r.scope.name(name)
	}
	if r.scope.Env == nil {
		return "", false
	}
	v, ok := r.scope.Env(name)
	return v, ok && isTildeWord(v)
}

// isTildeWord tells whether a shell reads v as one word, a path in the home directory.
func isTildeWord(v string) bool {
	if v == "~" {
		return true
	}
	if !strings.HasPrefix(v, "~/") {
		return false
	}
	for i := 2; i < len(v); i++ {
		if !isNameByte(v[i]) && strings.IndexByte("/.-+,:@%=", v[i]) < 0 && v[i] < 0x80 {
			return false
		}
	}
	return true
}

// protect leaves the expression at i literal, with all names in it, and returns
// where to go on. References inside are still resolved.
func (r *resolver) protect(i int) int {
	if closing := r.closingBrace(i); closing >= r.protected {
		r.protected = closing + 1
	}
	return i + 1
}

// parse reads the expression at the dollar text[i].
func (r *resolver) parse(i int) (e expression, ok bool) {
	t := r.text
	e.start = i
	braces := strings.HasPrefix(t[i:], "${")
	start := i + 1
	if braces {
		start++
	}
	length := braces && start < len(t) && t[start] == '#'
	if length {
		start++
	}
	e.nameEnd = nameEnd(t, start)
	if e.nameEnd == start && !length {
		for e.nameEnd < len(t) && isDigit(t[e.nameEnd]) {
			e.nameEnd++
		}
	}
	if e.nameEnd == start {
		return e, false
	}
	e.name = t[start:e.nameEnd]
	e.end = e.nameEnd
	if !braces {
		return e, true
	}
	e.end++
	if e.nameEnd < len(t) && t[e.nameEnd] == '}' {
		if length {
			e.op = "len"
		}
		return e, true
	}
	if length || isDigit(e.name[0]) {
		return e, false
	}
	if !r.mode.operators {
		e.op = "left to the shell"
		return e, true
	}
	return e, r.parseOperator(&e)
}

// parseOperator reads what stands between the name and the closing brace.
func (r *resolver) parseOperator(e *expression) bool {
	closing := r.closingBrace(e.start)
	if closing < 0 {
		return false
	}
	e.end = closing + 1
	rest := r.text[e.nameEnd:closing]
	for _, op := range [...]string{":-", ":+", ":?", ":=", "-", "+", "?", "=", "##", "#", "%%", "%", ":"} {
		if strings.HasPrefix(rest, op) {
			e.op = op
			e.argument = span{e.nameEnd + len(op), closing}
			break
		}
	}
	if e.op == ":" {
		_, ok := parseRange(r.text[e.argument.start:closing])
		return ok
	}
	return e.op != ""
}

// closingBrace returns the index of the brace that ends the "${" at i, or -1.
// Braces in single quotes do not count.
func (r *resolver) closingBrace(i int) int {
	if r.closing == nil {
		r.closing = make(map[int]int)
		r.matchBraces()
	}
	if closing, ok := r.closing[i]; ok {
		return closing
	}
	return -1
}

func (r *resolver) matchBraces() {
	var open []int
	for i := 0; i < len(r.text); i++ {
		switch r.text[i] {
		case '$':
			if strings.HasPrefix(r.text[i:], "${") {
				open = append(open, i)
			}
		case '}':
			if len(open) > 0 {
				r.closing[open[len(open)-1]] = i
				open = open[:len(open)-1]
			}
		case '\'':
			if end := r.quoteEnd(i); end > 0 {
				i = end
			}
		}
	}
}
