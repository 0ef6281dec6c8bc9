package dag

import (
	"slices"
	"strings"
	"unicode"

	"github.com/agext/levenshtein"
	yaml "go.yaml.in/yaml/v4"
)

// row is one field of a map: its key, and what decodes its value into T. A
// row without decode is a field that the language has and this release does not.
type row[T any] struct {
	key    string
	decode func(*T, node)
}

// table is what a map of the language may hold.
type table[T any] struct {
	rows map[string]func(*T, node)
	// renamed maps older keys to present ones, beside the camelCase spelling
	// that every key has.
	renamed map[string]string
	keys    []string
}

// newTable returns the table of rows.
func newTable[T any](renamed map[string]string, rows ...row[T]) *table[T] {
	t := &table[T]{rows: make(map[string]func(*T, node), len(rows)), renamed: renamed}
	for _, r := range rows {
		t.rows[r.key] = r.decode
		if r.key == snakeCase(r.key) { // an older spelling is no suggestion
			t.keys = append(t.keys, r.key)
		}
	}
	slices.Sort(t.keys)
	return t
}

// unsupported returns rows without decode.
func unsupported[T any](keys ...string) []row[T] {
	rows := make([]row[T], len(keys))
	for i, key := range keys {
		rows[i] = row[T]{key: key}
	}
	return rows
}

// decode decodes a map into T, row by row in the order of the file, and
// returns what the map holds, by present keys. An explicit null is handed to
// nobody: it is as good as absent.
func (t *table[T]) decode(into *T, n node) entries {
	if n.Kind != yaml.MappingNode {
		n.fail("must be a map, not %s", n.kind())
		return nil
	}
	all := n.entries()
	for i := range all {
		t.rename(all, i)
	}
	for i := range all {
		e := &all[i]
		decode, known := t.rows[e.key]
		switch {
		case !known:
			e.keyNode.invalidKey(t.keys)
		case e.value.null():
		case decode == nil:
			e.keyNode.unsupported(e.key)
		default:
			decode(into, e.value)
		}
	}
	return all
}

// rename gives an entry with an older spelling its present key.
func (t *table[T]) rename(all entries, i int) {
	e := &all[i]
	if _, known := t.rows[e.key]; known {
		return
	}
	present, ok := t.renamed[e.key]
	if !ok {
		present = snakeCase(e.key)
	}
	if _, known := t.rows[present]; !known {
		return
	}
	if other := all.get(present); other != nil {
		e.keyNode.failHere("%s and %s are two spellings of one field; use %s", other.keyNode.Value, e.key, present)
	}
	e.keyNode.deprecated("use " + present)
	e.key, e.value.key = present, present
}

// snakeCase turns camelCase into snake_case.
func snakeCase(key string) string {
	if strings.IndexFunc(key, unicode.IsUpper) < 1 {
		return key
	}
	var b strings.Builder
	for _, r := range key {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// invalidKey records a key that the language does not have.
func (n *node) invalidKey(valid []string) {
	n.failHere("invalid keys: %s%s", n.Value, n.didYouMean(n.Value, valid))
}

// Beyond these sizes, in bytes and names, nothing is suggested.
const (
	maxMeant = 64
	maxValid = 1000
)

// didYouMean returns "; did you mean "…"?" with the nearest valid spelling, or
// "" when none is near.
func (n *node) didYouMean(found string, valid []string) string {
	if len(found) > maxMeant || len(valid) > maxValid || n.report.full() {
		return ""
	}
	plain := strings.ToLower(strings.ReplaceAll(snakeCase(strings.TrimSpace(found)), "-", "_"))
	nearest, best := "", 1+min((len(plain)+1)/3, 3)
	for _, candidate := range valid {
		if distance := distance(plain, candidate); distance < best {
			nearest, best = candidate, distance
		}
	}
	if nearest == "" && plain != "" {
		i := slices.IndexFunc(valid, func(candidate string) bool { return strings.HasPrefix(candidate, plain+"_") })
		if i >= 0 {
			nearest = valid[i]
		}
	}
	if nearest == "" {
		return ""
	}
	return `; did you mean "` + nearest + `"?`
}

// distance is Levenshtein's, but two neighbours that changed places are one mistake.
func distance(a, b string) int {
	for i := 0; i+1 < len(a) && len(a) == len(b); i++ {
		if a[i] != b[i] {
			if a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:] {
				return 1
			}
			break
		}
	}
	return levenshtein.Distance(a, b, nil)
}

// oneOf returns a text that is one of the valid ones.
func (n *node) oneOf(valid ...string) (string, bool) {
	text, ok := n.text()
	if !ok {
		return "", false
	}
	if text = strings.TrimSpace(text); slices.Contains(valid, text) {
		return text, true
	}
	n.fail("must be %s%s", strings.Join(valid, " or "), n.didYouMean(text, valid))
	return "", false
}
