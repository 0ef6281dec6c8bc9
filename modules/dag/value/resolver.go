package value

import (
	"strings"
)

// names says which unqualified names a field inserts.
type names int

const (
	// tildeNames inserts only names with a tilde path, for texts that a shell reads.
	tildeNames names = iota
	// allNames inserts every name that has a value.
	allNames
)

// mode is how a field treats what is not a reference.
type mode struct {
	names names
	// operators makes us expand ${NAME:-word} and unescape \$NAME; otherwise a
	// shell reads the text after us and does both.
	operators bool
	// path makes a backslash before a name or a quote an ordinary character.
	path bool
	// track keeps where insertions stand in the result.
	track bool
}

// span is a range of bytes, without its end.
type span struct{ start, end int }

// maxDepth bounds operators within the words of operators; deeper ones stay literal.
const maxDepth = 64

// maxWork bounds, in bytes, what the operators of one text may look at: a short
// text can name a long value very often. Operators beyond it stay literal.
const maxWork = 16 << 20

// resolver is one pass over one text.
type resolver struct {
	scope Scope
	text  string
	mode  mode
	limit int

	out      []byte
	inserted []span
	// from is the first byte of text that is neither copied nor replaced.
	from int
	// protected is the end of a range in which names stay literal: single
	// quotes, and an expression that as a whole stays literal.
	protected int
	// closing holds the brace that ends each "${", once an operator needs it.
	closing map[int]int
	named   map[string]string
	depth   int
	work    int
	// assigned is set by ${NAME:=word} on an empty value: then no operator of
	// the text is expanded, which takes a second pass.
	assigned bool
}

func (r *resolver) run() []byte {
	again := *r
	r.all()
	if !r.assigned {
		return r.out
	}
	again.assigned, again.closing = true, r.closing
	*r = again
	r.all()
	return r.out
}

func (r *resolver) all() {
	r.out = make([]byte, 0, len(r.text)+len(r.text)/4+16)
	r.walk(0, len(r.text))
	r.flush(len(r.text))
}

// walk resolves text[i:end]; what it leaves uncopied begins at r.from.
func (r *resolver) walk(i, end int) {
	stops := "$'"
	if r.mode.operators {
		stops = "$'\""
	}
	for i < end {
		n := strings.IndexAny(r.text[i:end], stops)
		if n < 0 {
			return
		}
		i += n
		switch r.text[i] {
		case '$':
			i = r.dollar(i)
		case '"':
			i = r.jsonName(i)
		default:
			if closing := r.quoteEnd(i); i >= r.protected && closing > 0 {
				r.protected = closing + 1
			}
			i++
		}
	}
}

// flush copies the authored text up to i.
func (r *resolver) flush(i int) {
	if i > r.from {
		r.out = append(r.out, r.text[r.from:i]...)
		r.from = i
	}
}

// replace puts v in the place of text[i:next], unless the result became too long.
func (r *resolver) replace(i, next int, v string) bool {
	r.flush(i)
	if len(r.out)+len(v) > r.limit && v != "" {
		return false
	}
	start := len(r.out)
	r.out = append(r.out, v...)
	r.from = next
	if r.mode.track && v != "" {
		r.inserted = append(r.inserted, span{start, len(r.out)})
	}
	return true
}

// unescape drops the backslash before text[i].
func (r *resolver) unescape(i int) {
	r.flush(i - 1)
	r.from = i
}

// dollar resolves what begins at the dollar text[i] and returns where to go on.
func (r *resolver) dollar(i int) int {
	escaped := slashesBefore(r.text, i)%2 == 1
	if ref, next, ok := parseReference(r.text, i); ok {
		if escaped {
			r.unescape(i)
		} else if v, has := r.reference(ref); has {
			r.replace(i, next, v)
		}
		return next
	}
	if o, ok := parseOlder(r.text, i); ok {
		if v, has := r.older(o); has {
			if escaped {
				r.unescape(i)
			} else {
				r.replace(i, o.next, v)
			}
			return o.next
		}
	}
	if i < r.protected {
		return i + 1
	}
	return r.expression(i, escaped && !r.mode.path)
}

// reference returns the value of a reference.
func (r *resolver) reference(ref Reference) (v string, ok bool) {
	switch ref.Namespace {
	case NamespaceConsts:
		v, ok = r.scope.Consts[ref.Name]
	case NamespaceEnv:
		if r.scope.Env != nil {
			v, ok = r.scope.Env(ref.Name)
		}
	case NamespaceContext:
		v, ok = r.scope.Context[ref.Name]
	case NamespaceParams:
		if ref.Name == "" {
			return r.scope.Params.JSON, r.scope.Params.JSON != ""
		}
		v, ok = r.param(ref.Name)
	case NamespaceSteps:
		id, output := ref.StepOutput()
		if r.scope.Step != nil {
			step, known := r.scope.Step(id)
			v, ok = step.Emitted[output]
			ok = ok && known
		}
	case NamespaceForeach:
		v, ok = r.scope.Foreach[ref.Name]
	}
	return v, ok
}

// param looks up a named parameter; many of them get an index, so that a text
// full of references stays linear.
func (r *resolver) param(name string) (string, bool) {
	pairs := r.scope.Params.Named
	if len(pairs) > 16 {
		if r.named == nil {
			r.named = make(map[string]string, len(pairs))
			for _, p := range pairs {
				r.named[p.Name] = p.Value
			}
		}
		v, ok := r.named[name]
		return v, ok
	}
	for _, p := range pairs {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// quoteEnd returns the index of the quote that closes the single quote text[i],
// or -1 when that opens nothing.
func (r *resolver) quoteEnd(i int) int {
	if i > 0 && (r.text[i-1] == '$' || r.text[i-1] == '}') {
		return -1
	}
	if !r.mode.path && slashesBefore(r.text, i)%2 == 1 {
		return -1
	}
	n := strings.IndexByte(r.text[i+1:], '\'')
	if n < 0 {
		return -1
	}
	return i + 1 + n
}

// jsonName replaces "${NAME}", quotes included, by the value as a JSON string.
// text[i] is a double quote.
func (r *resolver) jsonName(i int) int {
	skip := i + 1
	if i < r.protected || !strings.HasPrefix(r.text[skip:], "${") {
		return skip
	}
	if !r.mode.path && slashesBefore(r.text, i)%2 == 1 {
		return skip
	}
	start := skip + len("${")
	end := nameEnd(r.text, start)
	if end == start || !strings.HasPrefix(r.text[end:], `}"`) {
		return skip
	}
	if _, _, isRef := parseReference(r.text, skip); isRef {
		return skip
	}
	next := end + len(`}"`)
	v, ok := r.scope.name(r.text[start:end])
	if ok && !r.spend(len(v)) && r.replace(i, next, jsonText(v)) {
		return next
	}
	return skip
}
