package dag

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"dagu/modules/dag/value"
)

// errNoEval is why an eval fails where nothing may be evaluated.
var errNoEval = errors.New("nothing is evaluated here")

// SplitParams splits the text form of a caller's parameters, such as
// `a "b c" K=v`, into the words of [BindParams]. One pair of quotes around the
// whole text is removed first; a text that is a JSON object is one word. The
// error is a quote that is not closed.
func SplitParams(text string) ([]string, error) {
	text = trimOuterQuotes(strings.TrimSpace(text))
	if _, ok := jsonObject(text); ok {
		return []string{text}, nil
	}
	words, err := splitWords(text)
	if err != nil {
		return nil, fmt.Errorf("split parameters %q: %w", text, err)
	}
	return words, nil
}

// trimOuterQuotes removes the quotes around a text, but not those of its first
// and last word.
func trimOuterQuotes(text string) string {
	if len(text) < 2 || (text[0] != '"' && text[0] != '\'') || text[len(text)-1] != text[0] {
		return text
	}
	end := 1
	for text[end] != text[0] {
		if text[end] == '\\' && text[0] == '"' {
			end++
		}
		if end++; end >= len(text) {
			return text
		}
	}
	if end < len(text)-1 && strings.IndexByte(" \t\r\n", text[end+1]) >= 0 {
		return text
	}
	return strings.TrimSpace(text[1 : len(text)-1])
}

// BindParams gives the declared parameters their values, in the order of their
// declaration. The caller's words are NAME=value, or bare ones that fill what is
// not given by name in order, or a single JSON object. What is not given is
// eval'd, with the parameters before it, and has its default when that fails;
// otherwise it has its default or, without one, no value. A nil eval fails always.
//
// The error names every word that is not accepted; it says `unknown
// parameter(s)`, `too many positional params`, `cannot coerce`, `parameter
// validation failed` or `eval failed`.
func BindParams(decl []Param, words []string, eval func(expr string, earlier value.Params) (string, error)) (value.Params, error) {
	given, bare, err := readWords(decl, words)
	if err == nil {
		err = given.fill(bare)
	}
	if err != nil {
		return value.Params{}, err
	}
	b := binding{eval: eval}
	for i, p := range decl {
		b.bind(p, given.values[i])
	}
	return b.end(given)
}

// given is what the caller gave: a value, or nil, for each declaration.
type given struct {
	values []*string
	// json is the caller's own object, "" when the words were not one.
	json string
}

// readWords reads the caller's words; bare are those that name no parameter.
func readWords(decl []Param, words []string) (g given, bare []string, err error) {
	g.values = make([]*string, len(decl))
	var unknown []string
	name := func(name, text string) {
		at := slices.IndexFunc(decl, func(p Param) bool { return p.Name == name })
		if at < 0 || name == "" {
			unknown = append(unknown, strconv.Quote(name))
			return
		}
		g.values[at] = &text
	}
	if len(words) == 1 {
		if pairs, ok := jsonObject(words[0]); ok {
			g.json, words = strings.TrimSpace(words[0]), nil
			for _, p := range pairs {
				name(p.Name, p.Value)
			}
		}
	}
	for _, word := range words {
		if key, text, ok := strings.Cut(word, "="); ok && validName(key) {
			name(key, text)
			continue
		}
		bare = append(bare, word)
	}
	if len(unknown) > 0 {
		return given{}, nil, unknownParams(decl, unknown)
	}
	return g, bare, nil
}

// fill gives bare words to what is not given by name, in order.
func (g *given) fill(bare []string) error {
	free := 0
	for i := range g.values {
		if g.values[i] != nil {
			continue
		}
		if free < len(bare) {
			g.values[i] = &bare[free]
		}
		free++
	}
	return tooMany(free, len(bare))
}

func tooMany(most, got int) error {
	if got <= most {
		return nil
	}
	return fmt.Errorf("too many positional params: expected at most %d, got %d", most, got)
}

func unknownParams(decl []Param, unknown []string) error {
	var accepted []string
	for _, p := range decl {
		if p.Name != "" {
			accepted = append(accepted, p.Name)
		}
	}
	if len(accepted) == 0 {
		accepted = []string{"none"}
	}
	return fmt.Errorf("unknown parameter(s): %s; accepted parameters are: %s",
		strings.Join(unknown, ", "), strings.Join(accepted, ", "))
}

// binding is the state of BindParams.
type binding struct {
	eval   func(string, value.Params) (string, error)
	params value.Params
	err    error
}

// bind adds the value of p; text is what the caller gave, or nil.
func (b *binding) bind(p Param, text *string) {
	var err error
	switch {
	case text != nil:
		err = b.add(p, *text)
	case p.Eval != "" && b.err != nil:
		// The run cannot start any more: no command is executed for it.
	case p.Eval != "":
		err = b.bindEval(p)
	case p.Default != nil:
		b.append(p, *p.Default)
	case p.Required:
		err = fmt.Errorf("parameter validation failed: %q is required", p.Name)
	}
	b.fail(err)
}

// fail adds an error, unless it is nil.
func (b *binding) fail(err error) {
	switch {
	case err == nil:
	case b.err == nil:
		b.err = err
	default:
		b.err = fmt.Errorf("%w; %w", b.err, err)
	}
}

// end returns what was bound, or all that is wrong with it.
func (b *binding) end(given given) (value.Params, error) {
	if b.err != nil {
		return value.Params{}, b.err
	}
	if b.params.JSON = given.json; given.json == "" {
		b.params.JSON = b.payload()
	}
	return b.params, nil
}

func (b *binding) bindEval(p Param) error {
	text, err := "", errNoEval
	if b.eval != nil {
		earlier := b.params
		earlier.JSON = b.payload()
		text, err = b.eval(p.Eval, earlier)
	}
	switch {
	case err == nil:
		return b.add(p, text)
	case p.Default != nil:
		b.append(p, *p.Default)
		return nil
	}
	return fmt.Errorf("params: eval failed for %q: %w", p.Name, err)
}

// add checks a text and adds it.
func (b *binding) add(p Param, text string) error {
	text, err := p.Check(text)
	if err == nil {
		b.append(p, text)
	}
	return err
}

func (b *binding) append(p Param, text string) {
	if p.Name == "" {
		b.params.Positional = append(b.params.Positional, text)
		return
	}
	b.params.Named = append(b.params.Named, value.Pair{Name: p.Name, Value: text})
}

// payload returns all values as a JSON object of texts, positional ones by
// their number; "" without any.
func (b *binding) payload() string {
	all := make(map[string]string)
	for i, text := range b.params.Positional {
		all[strconv.Itoa(i+1)] = text
	}
	for _, p := range b.params.Named {
		all[p.Name] = p.Value
	}
	if len(all) == 0 {
		return ""
	}
	text, err := value.JSON(all)
	if err != nil {
		return "" // texts, numbers and booleans always have a form
	}
	return text
}

// jsonObject returns the entries of a text that is one JSON object, in its
// order. Texts lose their quotes, a null is as good as absent, everything else
// stays as it is written.
func jsonObject(text string) (pairs []value.Pair, ok bool) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "{") {
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return nil, false
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, false
		}
		var raw json.RawMessage
		if err = dec.Decode(&raw); err != nil {
			return nil, false
		}
		name, _ := key.(string)
		if string(raw) == "null" {
			continue
		}
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		pairs = append(pairs, value.Pair{Name: name, Value: s})
	}
	if _, err := dec.Token(); err != nil {
		return nil, false
	}
	_, err := dec.Token()
	return pairs, errors.Is(err, io.EOF)
}
