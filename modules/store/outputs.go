package store

import (
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Outputs are the outputs of a run, by name: what steps capture, under the camelCase
// form of the variable's name, and what they publish by key. Of one name that several
// steps have, the later step's counts. Nil when there are none.
func Outputs(steps []Step) map[string]string {
	all := make(map[string]string)
	for i := range steps {
		s := &steps[i]
		if s.Output != "" && s.HasOutput {
			all[camelCase(s.Output)] = s.OutputValue
		}
		maps.Copy(all, s.Published)
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// camelCase turns TOTAL_ROWS and total_rows into totalRows; a word that has small
// letters already keeps its capitals.
func camelCase(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if strings.ToUpper(word) == word {
			word = strings.ToLower(word)
		}
		first, size := utf8.DecodeRuneInString(word)
		switch {
		case size == 0:
			continue
		case b.Len() == 0:
			b.WriteRune(unicode.ToLower(first))
		default:
			b.WriteRune(unicode.ToUpper(first))
		}
		b.WriteString(word[size:])
	}
	if b.Len() == 0 {
		return name
	}
	return b.String()
}
