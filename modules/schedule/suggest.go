package schedule

import (
	"fmt"
	"strings"
	"time"

	"github.com/agext/levenshtein"
)

// This file writes the errors that know better: what was probably meant.

// valid reports whether text is an expression without a zone.
func valid(text string) bool {
	p := &parser{text: text}
	words := p.words(span{0, len(text)})
	return len(words) == 5 && p.fields(&Schedule{}, words) == nil
}

// wrongCount tells of more or fewer than five fields.
func (p *parser) wrongCount(words []span) *ParseError {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = p.at(w)
	}
	all := span{words[0].start, words[len(words)-1].end}
	err := p.fail(all, "", "expected 5 fields (%s), found %d", fiveFields, len(words))
	seconds, isNumber := number(texts[0])
	zero := isNumber && seconds == 0
	var near string
	switch n := len(texts); {
	case valid(unblanked(texts)):
		err.Message += "; entries of a list are not separated by blanks"
		near = unblanked(texts)
	case n == 1:
		return err.suggest(nearest("@"+texts[0], strings.Split(shorthands, ", "), 1))
	case n == 6:
		err.Message += "; there is no field for seconds or years"
		if zero {
			near = strings.Join(texts[1:], " ")
		}
	case n == 7:
		err.Message += "; there are no fields for seconds and years"
		if zero && isStar(texts[6]) {
			near = strings.Join(texts[1:6], " ")
		}
	}
	if valid(near) {
		err.Suggestion = near
	}
	return err
}

// unblanked joins words again where a comma, dash or slash stands beside the blank.
func unblanked(words []string) string {
	joint := func(c byte) bool { return c == ',' || c == '-' || c == '/' }
	var b strings.Builder
	for i, w := range words {
		if i > 0 && !joint(w[0]) && !joint(words[i-1][len(words[i-1])-1]) {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	return b.String()
}

// unknownShorthand tells of a word after @ that stands for nothing.
func (p *parser) unknownShorthand(words []span) *ParseError {
	word := strings.ToLower(p.at(words[0]))
	if word == "@every" && len(words) == 2 {
		all := span{words[0].start, words[1].end}
		return p.fail(all, "", "@every is not allowed: it counts from the start of the process; expected %s", fiveFields).
			suggest(every(p.at(words[1])))
	}
	err := p.fail(words[0], "", "%q is not known; allowed are %s", clip(p.at(words[0])), shorthands)
	return err.suggest(nearest(word, strings.Split(shorthands, ", "), 2))
}

// every spells an interval as an expression where one has it.
func every(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return ""
	}
	minutes, hours := int(d/time.Minute), int(d/time.Hour)
	switch {
	case d%time.Minute != 0:
		return ""
	case minutes == 1:
		return "* * * * *"
	case minutes < 60 && 60%minutes == 0:
		return fmt.Sprintf("*/%d * * * *", minutes)
	case d%time.Hour != 0 || hours > 24 || 24%hours != 0:
		return ""
	case hours == 1:
		return "0 * * * *"
	case hours == 24:
		return "0 0 * * *"
	default:
		return fmt.Sprintf("0 */%d * * *", hours)
	}
}

// nearest returns the one of names that differs least from text, by at most far
// characters; "" when there is none, or more than one.
func nearest(text string, names []string, far int) string {
	best, found := far+1, ""
	for _, name := range names {
		switch d := levenshtein.Distance(text, name, nil); {
		case d < best:
			best, found = d, name
		case d == best:
			found = ""
		}
	}
	return found
}
