package value

import "strings"

// Namespace is the root of a reference.
type Namespace string

// The namespaces of references.
const (
	NamespaceParams  Namespace = "params"
	NamespaceConsts  Namespace = "consts"
	NamespaceEnv     Namespace = "env"
	NamespaceContext Namespace = "context"
	NamespaceSteps   Namespace = "steps"
	NamespaceForeach Namespace = "foreach"
)

// Reference is a ${namespace.name} in a text.
type Reference struct {
	// Text is the reference as written, with its braces.
	Text      string
	Namespace Namespace
	// Name is what follows the namespace: "" for ${params}, "ID.outputs.NAME"
	// for a step output. Aliases of the context are replaced by its names.
	Name string
	// Offset is where Text begins, in bytes.
	Offset int
}

// StepOutput returns the id and the name of a reference to the output of a step.
func (r Reference) StepOutput() (id, output string) {
	id, output, _ = strings.Cut(r.Name, ".outputs.")
	return id, output
}

// References lists the references of a text in order. Escaped ones are left out.
func References(text string) []Reference {
	var refs []Reference
	eachReference(text, func(ref Reference) bool {
		refs = append(refs, ref)
		return true
	})
	return refs
}

// eachReference calls visit for each reference of text until it returns false.
func eachReference(text string, visit func(Reference) bool) {
	for i := 0; i < len(text); {
		n := strings.Index(text[i:], "${")
		if n < 0 {
			return
		}
		i += n
		ref, next, ok := parseReference(text, i)
		if !ok {
			i += len("${")
			continue
		}
		if slashesBefore(text, i)%2 == 0 && !visit(ref) {
			return
		}
		i = next
	}
}

// parseReference reads the reference that begins at the dollar text[i]; next is
// the index behind it.
func parseReference(text string, i int) (ref Reference, next int, ok bool) {
	if !strings.HasPrefix(text[i:], "${") {
		return ref, 0, false
	}
	start := skipBlanks(text, i+len("${"))
	end := start
	for end < len(text) && (isNameByte(text[end]) || text[end] == '.') {
		end++
	}
	next = skipBlanks(text, end)
	if next == len(text) || text[next] != '}' {
		return ref, 0, false
	}
	next++
	ref.Namespace, ref.Name, ok = identify(text[start:end])
	ref.Text, ref.Offset = text[i:next], i
	return ref, next, ok
}

// identify tells what the inside of braces refers to; ok is false for plain text.
func identify(body string) (ns Namespace, name string, ok bool) {
	root, rest, dotted := strings.Cut(body, ".")
	ns = Namespace(root)
	switch ns {
	case NamespaceParams:
		return ns, rest, !dotted || isName(rest)
	case NamespaceConsts:
		return ns, rest, isName(rest)
	case NamespaceEnv:
		return ns, rest, isEnvName(rest)
	case NamespaceContext:
		return ns, rest, isPath(rest)
	case NamespaceSteps:
		id, output, _ := strings.Cut(rest, ".outputs.")
		return ns, rest, isName(id) && isName(output)
	case NamespaceForeach:
		item, field, has := strings.Cut(rest, ".")
		return ns, rest, isName(item) && (!has || isName(field))
	}
	name = aliasOf(body)
	return NamespaceContext, name, name != ""
}

// isPath tells whether s is a row of names joined by dots.
func isPath(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if !isName(part) {
			return false
		}
	}
	return true
}

// isName tells whether s is [A-Za-z][A-Za-z0-9_]*.
func isName(s string) bool { return isEnvName(s) && s[0] != '_' }

// isEnvName tells whether s is [A-Za-z_][A-Za-z0-9_]*.
func isEnvName(s string) bool { return s != "" && nameEnd(s, 0) == len(s) }

// nameEnd returns the index behind the name that begins at i, or i if none does.
func nameEnd(s string, i int) int {
	if i < len(s) && isDigit(s[i]) {
		return i
	}
	for i < len(s) && isNameByte(s[i]) {
		i++
	}
	return i
}

func isNameByte(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func skipBlanks(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return i
}

// slashesBefore counts the backslashes that end at i.
func slashesBefore(s string, i int) int {
	n := 0
	for i-n > 0 && s[i-n-1] == '\\' {
		n++
	}
	return n
}
