package value

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// older is a reference as older files have it: ${ID.stdout} and the like, or a path
// into the JSON that a step or a variable holds, such as ${ID.output.a} and
// ${VAR.list[0]}. Each may end with :start or :start:length.
type older struct {
	// name is the id of a step or the name of a variable.
	name string
	// path follows the name, from its dot on.
	path string
	cut  charRange
	// next is the index behind the closing brace.
	next int
}

// maxOlder bounds an older reference, in bytes, so that a text of many that do not
// end is still read in linear time.
const maxOlder = 1 << 10

// parseOlder reads the older reference that begins at the dollar text[i].
func parseOlder(text string, i int) (o older, ok bool) {
	if !strings.HasPrefix(text[i:], "${") {
		return o, false
	}
	text = text[:min(len(text), i+maxOlder)]
	start := skipBlanks(text, i+len("${"))
	end := nameEnd(text, start)
	if end == start || end == len(text) || text[end] != '.' {
		return o, false
	}
	if o.name = text[start:end]; isRoot(o.name) {
		return o, false
	}
	start = end
	for more := true; more; {
		_, end, more = nextSegment(text, end)
	}
	o.path = text[start:end]
	if o.cut, end, ok = parseCut(text, end); !ok || o.path == "" {
		return o, false
	}
	end = skipBlanks(text, end)
	if end == len(text) || text[end] != '}' {
		return o, false
	}
	o.next = end + 1
	return o, true
}

// isRoot tells whether a name is the root of present references. What begins with one
// and is none of them is plain text.
func isRoot(name string) bool {
	switch name {
	case "params", "consts", "env", "context", "steps", "foreach",
		"dag", "run", "attempt", "step", "trigger", "paths", "profile", "pushback":
		return true
	}
	return false
}

// older returns the value of an older reference: that of a step comes before that of
// a variable of the same name.
func (r *resolver) older(o older) (string, bool) {
	v, ok := r.ofStep(o)
	if !ok {
		if v, ok = r.scope.name(o.name); ok {
			v, ok = r.dig(v, o.path)
		}
	}
	return o.cut.of(v), ok
}

// ofStep returns what a step has left behind.
func (r *resolver) ofStep(o older) (string, bool) {
	if r.scope.Step == nil {
		return "", false
	}
	s, ok := r.scope.Step(o.name)
	if !ok {
		return "", false
	}
	property, next, _ := nextSegment(o.path, 0)
	rest := o.path[next:]
	switch property.key {
	case "stdout":
		return s.Stdout, s.Stdout != "" && rest == ""
	case "stderr":
		return s.Stderr, s.Stderr != "" && rest == ""
	case "exit_code", "exitCode":
		if s.ExitCode != nil && rest == "" {
			return strconv.Itoa(*s.ExitCode), true
		}
	case "output":
		if s.Output != nil {
			return r.dig(*s.Output, rest)
		}
	case "outputs":
		return r.ofOutputs(s, rest)
	}
	return "", false
}

// ofOutputs returns all outputs of a step as a JSON object, or what a path leads to.
func (r *resolver) ofOutputs(s Step, path string) (string, bool) {
	if path == "" {
		return r.allOutputs(s)
	}
	name, next, _ := nextSegment(path, 0)
	for _, outputs := range [...]map[string]string{s.Published, s.Emitted} {
		if v, ok := outputs[name.key]; ok && !name.list {
			return r.dig(v, path[next:])
		}
	}
	return "", false
}

// allOutputs returns the outputs of a step as a JSON object. One is JSON in it where it
// is an object or array, or a key of the step's output, and any other one is a text.
func (r *resolver) allOutputs(s Step) (string, bool) {
	var typed map[string]json.RawMessage
	if s.Output != nil && len(s.Published) > 0 && !r.spend(len(*s.Output)) {
		_ = json.Unmarshal([]byte(*s.Output), &typed) // where it is none, nothing is typed
	}
	all := make(map[string]any, len(s.Published)+len(s.Emitted))
	for _, outputs := range [...]map[string]string{s.Emitted, s.Published} {
		for name, v := range outputs {
			if r.spend(len(v)) {
				return "", false
			}
			all[name] = v
			if raw := json.RawMessage(v); strings.IndexAny(v, "{[") == 0 && json.Valid(raw) {
				all[name] = raw
			}
		}
	}
	for name, raw := range typed {
		if v, ok := s.Published[name]; ok && plainJSON(raw) == v {
			all[name] = raw
		}
	}
	return jsonText(all), len(all) > 0
}

// charRange is the :start or :start:length of an older reference, in characters.
type charRange struct {
	start, length  int
	given, bounded bool
}

// parseCut reads a range, which may be absent.
func parseCut(text string, i int) (c charRange, next int, ok bool) {
	if i == len(text) || text[i] != ':' {
		return c, i, true
	}
	c.given = true
	if c.start, i, ok = parseDigits(text, i+1); !ok || i == len(text) || text[i] != ':' {
		return c, i, ok
	}
	c.bounded = true
	c.length, i, ok = parseDigits(text, i+1)
	return c, i, ok
}

// parseDigits reads a number that is not negative.
func parseDigits(text string, i int) (n, next int, ok bool) {
	start := i
	for i < len(text) && isDigit(text[i]) {
		i++
	}
	n, _ = strconv.Atoi(text[start:i]) // beyond the range of an int it is its limit
	return n, i, i > start
}

// of cuts the range out of v.
func (c charRange) of(v string) string {
	if !c.given {
		return v
	}
	v = v[skipRunes(v, c.start):]
	if c.bounded {
		v = v[:skipRunes(v, c.length)]
	}
	return v
}

// skipRunes returns the index behind the first n characters of v.
func skipRunes(v string, n int) int {
	i := 0
	for ; n > 0 && i < len(v); n-- {
		_, size := utf8.DecodeRuneInString(v[i:])
		i += size
	}
	return i
}
