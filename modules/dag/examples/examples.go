// Package examples holds DAG files that show what the language can do. Each begins
// with a comment that says what it is about and how it is started.
package examples

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed *.yaml
var files embed.FS

const ending = ".yaml"

// Names returns the names of all examples, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil // an embedded directory can be read
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ending))
	}
	slices.Sort(names)
	return names
}

// Text returns the file of an example. The error says that there is none of the name.
func Text(name string) (string, error) {
	text, err := files.ReadFile(strings.TrimSuffix(name, ending) + ending)
	if err != nil {
		return "", fmt.Errorf("there is no example %q", name)
	}
	return string(text), nil
}

// About returns the first sentence of the comment that an example begins with.
func About(text string) string {
	var words []string
	for line := range strings.SplitSeq(text, "\n") {
		comment, is := strings.CutPrefix(line, "#")
		if !is {
			break
		}
		for word := range strings.FieldsSeq(comment) {
			words = append(words, word)
			if strings.HasSuffix(word, ".") {
				return strings.Join(words, " ")
			}
		}
	}
	return strings.Join(words, " ")
}
