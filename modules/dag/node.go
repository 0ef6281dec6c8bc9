package dag

import (
	"fmt"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// node is one node of a file together with the way that leads to it, so that
// whatever is wrong with it can be told with line, column and field path.
type node struct {
	*yaml.Node // never an alias, never nil
	report     *report
	// line and column are where the node is written; of an alias, where it is used.
	line, column int
	// parent, and key or index, are the last part of the path. The root has no parent.
	parent *node
	key    string
	index  int
}

// at returns a child of n by key or index, or what the alias child stands for.
func (n *node) at(child *yaml.Node, key string, index int) node {
	c := node{Node: child, report: n.report, line: child.Line, column: child.Column, parent: n, key: key, index: index}
	for c.Kind == yaml.AliasNode {
		c.Node = c.Alias
	}
	return c
}

// path returns the field path, such as "steps[0].env[1]".
func (n *node) path() string {
	var b strings.Builder
	n.writePath(&b)
	return b.String()
}

func (n *node) writePath(b *strings.Builder) {
	if n.parent != nil {
		n.parent.writePath(b)
	}
	switch {
	case n.key != "":
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(n.key)
	case n.parent != nil:
		fmt.Fprintf(b, "[%d]", n.index)
	}
}

// fail records a problem of a value.
func (n *node) fail(format string, args ...any) {
	n.report.add(&Error{
		Line: n.line, Column: n.column, Field: n.path(), Message: fmt.Sprintf(format, args...), Value: n.show(),
	})
}

// failHere records a problem whose message says what was found: that of a key, or of a map.
func (n *node) failHere(format string, args ...any) {
	n.report.add(&Error{Line: n.line, Column: n.column, Field: n.path(), Message: fmt.Sprintf(format, args...)})
}

// unsupported records a field, form or reference that the language has and this release does not.
func (n *node) unsupported(what string) {
	n.failHere("%s", notSupported(what))
}

func notSupported(what string) string {
	return what + " is not supported by this release"
}

// warn records a notice about the node.
func (n *node) warn(format string, args ...any) {
	n.report.warn(Warning{Line: n.line, Column: n.column, Message: fmt.Sprintf(format, args...)})
}

// deprecated records that the construct is accepted but has a successor.
func (n *node) deprecated(replacement string) {
	n.warn("Deprecated DAG syntax: %s is deprecated; %s", n.path(), replacement)
}

// maxShown bounds how much of a value an error repeats, in characters.
const maxShown = 60

// show returns the node's text for an error, shortened; "" for maps and lists.
func (n *node) show() string {
	if n.Kind != yaml.ScalarNode {
		return ""
	}
	text := shorten(n.Value, maxShown)
	if strings.ContainsAny(text, "\r\n\t") {
		text = strconv.Quote(text)
	}
	return text
}

// The tags of scalars, as YAML resolves them.
const (
	tagNull  = "!!null"
	tagBool  = "!!bool"
	tagInt   = "!!int"
	tagFloat = "!!float"
	tagTime  = "!!timestamp"
	tagText  = "!!str"
	tagMerge = "!!merge"
)

// null reports whether the node is an explicit or an empty null.
func (n *node) null() bool {
	return n.Kind == yaml.ScalarNode && n.Tag == tagNull
}

// kind names what the node is, for errors.
func (n *node) kind() string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a map"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == tagNull:
		return "null"
	case n.Tag == tagBool:
		return "a boolean"
	case n.Tag == tagInt, n.Tag == tagFloat:
		return "a number"
	case n.textual():
		return "a text"
	}
	return "a value with the tag " + n.Tag
}

// scalar reports whether the node is a text, number or boolean, and no null
// and nothing with a tag that the language does not have.
func (n *node) scalar() bool {
	return n.textual() || (n.Kind == yaml.ScalarNode && (n.Tag == tagBool || n.Tag == tagInt || n.Tag == tagFloat))
}

// textual reports whether the node is a text. Dates are texts, since the
// language has none, and so is << where it is no key.
func (n *node) textual() bool {
	return n.Kind == yaml.ScalarNode && (n.Tag == tagText || n.Tag == tagTime || n.Tag == tagMerge)
}

// text returns a scalar that is a text and not a number or boolean.
func (n *node) text() (string, bool) {
	if n.textual() {
		return n.Value, true
	}
	n.fail("must be a text, not %s", n.kind())
	return "", false
}

// name returns any scalar as it is written: a DAG may be called 2024 or on.
func (n *node) name() (string, bool) {
	if n.scalar() {
		return strings.TrimSpace(n.Value), true
	}
	n.fail("must be a text, not %s", n.kind())
	return "", false
}

// anyText returns any scalar turned into text, see plain.
func (n *node) anyText() (string, bool) {
	if !n.scalar() {
		n.fail("must be a text, number or boolean, not %s", n.kind())
		return "", false
	}
	return n.plain(), true
}

// plain turns a scalar into text: booleans become true or false, integers
// decimal, other numbers the shortest decimal without exponent. A number with
// a leading zero stays as it is written, because YAML 1.1 reads 0644 as octal
// and YAML 1.2 does not.
func (n *node) plain() string {
	switch n.Tag {
	case tagBool:
		return strings.ToLower(n.Value)
	case tagInt:
		digits := strings.ReplaceAll(n.Value, "_", "")
		if unsigned := strings.TrimLeft(digits, "+-"); len(unsigned) > 1 && unsigned[0] == '0' && unsigned[1] >= '0' && unsigned[1] <= '9' {
			return n.Value
		}
		if i, err := strconv.ParseInt(digits, 0, 64); err == nil {
			return strconv.FormatInt(i, 10)
		}
		if u, err := strconv.ParseUint(strings.TrimPrefix(digits, "+"), 0, 64); err == nil {
			return strconv.FormatUint(u, 10)
		}
	case tagFloat:
		if f, ok := n.float(); ok {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	return n.Value
}

// float returns a number; false for infinities, NaN and what is no number.
func (n *node) float() (float64, bool) {
	if n.Kind != yaml.ScalarNode || (n.Tag != tagInt && n.Tag != tagFloat) {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(n.Value, "_", ""), 64)
	if err != nil { // hexadecimal, octal and binary integers, .inf and .nan
		i, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 0, 64)
		return float64(i), err == nil
	}
	return f, f-f == 0
}

// maxInt keeps seconds and days far from the overflow of a time.Duration.
const maxInt = 1<<31 - 1

// integer returns an integer, or a text that is one, of at least low.
func (n *node) integer(low int) (int, bool) {
	var i int64
	ok := n.scalar() && (n.Tag == tagInt || n.Tag == tagText)
	if ok {
		var err error
		digits := strings.ReplaceAll(strings.TrimSpace(n.Value), "_", "")
		if i, err = strconv.ParseInt(digits, 10, 64); err != nil && n.Tag == tagInt {
			i, err = strconv.ParseInt(digits, 0, 64)
		}
		ok = err == nil
	}
	switch {
	case !ok:
		n.fail("must be an integer")
	case i < int64(low):
		n.fail("must be an integer of at least %d", low)
	case i > maxInt:
		n.fail("must be an integer of at most %d", maxInt)
	default:
		return int(i), true
	}
	return 0, false
}

// boolean returns a boolean, also in the plain words of YAML 1.1.
func (n *node) boolean() (bool, bool) {
	if n.Kind == yaml.ScalarNode && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 {
		switch strings.ToLower(n.Value) {
		case "true", "yes", "on", "y":
			return true, true
		case "false", "no", "off", "n":
			return false, true
		}
	}
	n.fail("must be true or false, not %s", n.kind())
	return false, false
}

// items returns the entries of a list.
func (n *node) items() []node {
	all := make([]node, len(n.Content))
	for i, item := range n.Content {
		all[i] = n.at(item, "", i)
	}
	return all
}

// each calls f with every entry of a list, or with n itself when it is a
// scalar; anything else is a failure that says what is allowed.
func (n *node) each(allowed string, f func(node)) {
	switch {
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.items() {
			f(item)
		}
	case n.scalar():
		f(*n)
	default:
		n.fail("must be %s, not %s", allowed, n.kind())
	}
}
