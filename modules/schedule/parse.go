package schedule

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxLength bounds the text of an expression, in bytes. One that lists every
// minute, hour, day and month takes less than half of it.
const maxLength = 1024

// Parse reads an expression of the dialect that the package comment describes.
// loc is the zone of expressions that name none; nil is the zone of the machine.
// The error is always a *ParseError.
func Parse(text string, loc *time.Location) (*Schedule, error) {
	if loc == nil {
		loc = time.Local
	}
	s := &Schedule{text: strings.Clone(strings.TrimSpace(text)), loc: loc}
	p := &parser{text: text}
	if err := p.schedule(s); err != nil {
		return nil, err
	}
	return s, nil
}

// parser reads one expression.
type parser struct {
	text     string
	advise   bool // collect warnings
	warnings []string
}

// span is a piece of the text: the bytes from start up to end.
type span struct{ start, end int }

func (p *parser) at(s span) string { return p.text[s.start:s.end] }

// fail makes an error about the piece at s, in the named field.
func (p *parser) fail(s span, field, format string, args ...any) *ParseError {
	return &ParseError{
		Text:    clip(p.text),
		Field:   field,
		Column:  utf8.RuneCountInString(p.text[:s.start]) + 1,
		Value:   clip(p.at(s)),
		Message: fmt.Sprintf(format, args...),
	}
}

// schedule reads the whole expression into s.
func (p *parser) schedule(s *Schedule) *ParseError {
	all := span{0, len(p.text)}
	if len(p.text) > maxLength {
		return p.fail(all, "", "has %d bytes, at most %d are allowed", len(p.text), maxLength)
	}
	words := p.words(all)
	if len(words) == 0 {
		return p.fail(all, "", "the expression is empty; expected %s", fiveFields)
	}
	loc, err := p.zone(words)
	if err != nil {
		return err
	}
	if loc != nil {
		s.loc, words = loc, words[1:]
	}
	switch {
	case len(words) == 0:
		return p.fail(span{all.end, all.end}, "", "nothing follows the time zone; expected %s", fiveFields)
	case p.text[words[0].start] == '@':
		return p.shorthand(s, words)
	case len(words) != 5:
		return p.wrongCount(words)
	default:
		return p.fields(s, words)
	}
}

// words splits a piece at runs of blanks.
func (p *parser) words(s span) []span {
	words := make([]span, 0, 6)
	start := -1
	for i, r := range p.at(s) {
		switch blank := unicode.IsSpace(r); {
		case blank && start >= 0:
			words, start = append(words, span{start, s.start + i}), -1
		case !blank && start < 0:
			start = s.start + i
		}
	}
	if start >= 0 {
		words = append(words, span{start, s.end})
	}
	return words
}

const (
	fiveFields = "minute, hour, day of month, month, day of week"
	shorthands = "@hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"
)

// shorthand reads an expression that begins with @.
func (p *parser) shorthand(s *Schedule, words []span) *ParseError {
	word := p.at(words[0])
	var five string
	switch strings.ToLower(word) {
	case "@hourly":
		five = "0 * * * *"
	case "@daily", "@midnight":
		five = "0 0 * * *"
	case "@weekly":
		five = "0 0 * * 0"
	case "@monthly":
		five = "0 0 1 * *"
	case "@yearly", "@annually":
		five = "0 0 1 1 *"
	default:
		return p.unknownShorthand(words)
	}
	if len(words) > 1 {
		return p.fail(words[1], "", "%q follows %s, which stands alone", clip(p.at(words[1])), word)
	}
	inner := &parser{text: five}
	return inner.fields(s, inner.words(span{0, len(five)}))
}

// fields reads the five fields.
func (p *parser) fields(s *Schedule, words []span) *ParseError {
	var sets [5]set
	for i := range sets {
		var err *ParseError
		if sets[i], err = p.field(fieldAt(i), words[i]); err != nil {
			return err
		}
	}
	s.minutes = sets[0].bits
	s.hours = uint32(sets[1].bits)
	s.days = uint32(sets[2].bits)
	s.months = uint16(sets[3].bits)
	s.weekday = uint8(sets[4].bits&0x7f | sets[4].bits>>7)
	if sets[0].star || sets[1].star {
		s.flags |= followsWall
	}
	if !sets[2].all && !sets[4].all {
		s.flags |= eitherDay
	}
	if _, ok := s.nextDay(0); !ok {
		days, months := clip(p.at(words[2])), clip(p.at(words[3]))
		return p.fail(words[2], "day of month", "it would never run: month %s has no day %s", months, days)
	}
	return nil
}
