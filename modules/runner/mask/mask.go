// Package mask keeps secrets out of texts and streams. It is pure.
//
// Where the value of the secret TOKEN stood, a masked text has ***TOKEN***, so that
// the value can be put back by who knows it. Besides a value as a whole, its lines are
// masked, and both also as JSON writes them.
package mask

import (
	"fmt"
	"slices"
	"strings"

	"dagu/modules/dag/value"
)

// Secret is a value that must not be shown.
type Secret struct {
	Name  string
	Value string
}

// minLine is the length from which a line of a value is a secret by itself: others
// have shorter ones, such as a brace, by chance.
const minLine = 4

// Masker masks the values of secrets. It is read-only, and a nil one masks nothing.
type Masker struct {
	// patterns by their first byte, longer ones first.
	patterns [256][]pattern
	restore  *strings.Replacer
}

// pattern is what is masked, and by what.
type pattern struct {
	text, mark string
}

// New returns a Masker; nil when there is nothing to mask. Blanks around a value are
// no part of the secret.
func New(secrets []Secret) *Masker {
	var all []pattern
	seen := make(map[string]bool)
	add := func(label, text string) {
		if !seen[text] && text != "" {
			seen[text] = true
			all = append(all, pattern{text, "***" + label + "***"})
		}
	}
	for _, s := range secrets {
		whole := strings.TrimSpace(s.Value)
		add(s.Name, whole)
		add(s.Name+":json", inJSON(whole))
		lines := strings.Split(whole, "\n")
		for i, line := range lines {
			if line = strings.TrimSpace(line); len(lines) > 1 && len(line) >= minLine {
				add(fmt.Sprintf("%s:%d", s.Name, i+1), line)
				add(fmt.Sprintf("%s:%d:json", s.Name, i+1), inJSON(line))
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b pattern) int { return len(b.text) - len(a.text) })
	m := &Masker{}
	var pairs []string
	for _, p := range all {
		m.patterns[p.text[0]] = append(m.patterns[p.text[0]], p)
		pairs = append(pairs, p.mark, p.text)
	}
	m.restore = strings.NewReplacer(pairs...)
	return m
}

// inJSON is a text as it stands between the quotes of a JSON string.
func inJSON(text string) string {
	quoted, err := value.JSON(text)
	if err != nil {
		return "" // a text always has a form
	}
	return strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), `"`)
}

// Text returns a text without the secrets.
func (m *Masker) Text(text string) string {
	if m == nil || text == "" {
		return text
	}
	out, _ := m.scan(nil, []byte(text), true)
	return string(out)
}

// Texts is Text for the values of a map, in a copy.
func (m *Masker) Texts(texts map[string]string) map[string]string { return each(m, texts, m.Text) }

// Restore puts the values back into a text that was masked.
func (m *Masker) Restore(text string) string {
	if m == nil {
		return text
	}
	return m.restore.Replace(text)
}

// RestoreAll is Restore for the values of a map, in a copy.
func (m *Masker) RestoreAll(texts map[string]string) map[string]string {
	return each(m, texts, m.Restore)
}

func each(m *Masker, texts map[string]string, change func(string) string) map[string]string {
	if m == nil || texts == nil {
		return texts
	}
	changed := make(map[string]string, len(texts))
	for key, text := range texts {
		changed[key] = change(text)
	}
	return changed
}

// scan appends data without the secrets to out. Unless last is set, what may be the
// beginning of one is not appended but returned.
func (m *Masker) scan(out, data []byte, last bool) (masked, rest []byte) {
	from := 0
	for i := 0; i < len(data); {
		found, open := m.at(data[i:])
		switch {
		case open && !last:
			return append(out, data[from:i]...), data[i:]
		case found == nil:
			i++
		default:
			out = append(append(out, data[from:i]...), found.mark...)
			i += len(found.text)
			from = i
		}
	}
	return append(out, data[from:]...), nil
}

// at returns the longest secret that data begins with; open tells that a longer one
// may begin there, of which more data will tell.
func (m *Masker) at(data []byte) (found *pattern, open bool) {
	patterns := m.patterns[data[0]]
	for i := range patterns {
		text := patterns[i].text
		if len(text) > len(data) {
			open = open || text[:len(data)] == string(data)
			continue
		}
		if text == string(data[:len(text)]) {
			return &patterns[i], open
		}
	}
	return nil, open
}

// Stream masks a stream that comes in parts. It is for one goroutine.
type Stream struct {
	masker *Masker
	held   []byte
	out    []byte
}

// Stream returns a stream; nil when there is nothing to mask.
func (m *Masker) Stream() *Stream {
	if m == nil {
		return nil
	}
	return &Stream{masker: m}
}

// Next takes a part and returns what is known of the masked stream, which is valid
// until the next call. What may be the beginning of a secret is held back: at most as
// much as the longest secret has.
func (s *Stream) Next(part []byte) []byte { return s.next(part, false) }

// End returns what was held back.
func (s *Stream) End() []byte { return s.next(nil, true) }

func (s *Stream) next(part []byte, last bool) []byte {
	if s == nil {
		return part
	}
	s.held = append(s.held, part...)
	out, rest := s.masker.scan(s.out[:0], s.held, last)
	s.out = out
	s.held = append(s.held[:0], rest...)
	return out
}
