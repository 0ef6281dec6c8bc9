package schedule

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxLength bounds the text of an expression, in bytes. One that lists every
// minute, hour, day and month by number takes less than half of it.
const maxLength = 1024

// Parse reads an expression of the dialect that the package comment describes.
// loc is the zone of expressions that name none; nil is the zone of the machine.
// The error is always a *ParseError.
func Parse(text string, loc *time.Location) (*Schedule, error) {
	if loc == nil {
		loc = time.Local
	}
	p := &parser{text: text}
	s, err := p.schedule(loc)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// parser reads one expression. Pieces of it are known by where they stand.
type parser struct {
	text string
}

// span is a piece of the text: the bytes from start up to end.
type span struct{ start, end int }

func (p *parser) at(s span) string { return p.text[s.start:s.end] }

// fail makes an error about the piece at s in the named field.
func (p *parser) fail(s span, field, format string, args ...any) *ParseError {
	return &ParseError{
		Text:    clip(p.text),
		Field:   field,
		Column:  utf8.RuneCountInString(p.text[:s.start]) + 1,
		Value:   clip(p.at(s)),
		Message: fmt.Sprintf(format, args...),
	}
}

// clip shortens what goes into a message.
func clip(text string) string {
	const enough = 200
	if len(text) <= enough {
		return strings.Clone(text)
	}
	return strings.ToValidUTF8(text[:enough], "") + "…"
}

func (p *parser) schedule(loc *time.Location) (*Schedule, *ParseError) {
	all := span{0, len(p.text)}
	if len(p.text) > maxLength {
		return nil, p.fail(all, "", "has %d bytes; allowed are %d", len(p.text), maxLength)
	}
	words := p.words(all)
	s := &Schedule{text: strings.Clone(strings.TrimSpace(p.text)), loc: loc}
	if len(words) > 0 {
		named, err := p.zone(words[0])
		if err != nil {
			return nil, err
		}
		if named != nil {
			s.loc, words = named, words[1:]
		}
	}
	if len(words) == 0 {
		return nil, p.fail(span{all.end, all.end}, "", "no fields; %s", fiveFields)
	}
	if strings.HasPrefix(p.at(words[0]), "@") {
		return s, p.shorthand(s, words)
	}
	return s, p.fields(s, words)
}

// words splits a piece at runs of blanks.
func (p *parser) words(s span) []span {
	var words []span
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

// zone reads the prefix that names a zone; nil when the word is none.
func (p *parser) zone(word span) (*time.Location, *ParseError) {
	text := p.at(word)
	name, ok := strings.CutPrefix(strings.TrimPrefix(text, "CRON_"), "TZ=")
	if !ok {
		return nil, nil
	}
	at := span{word.end - len(name), word.end}
	if name == "" {
		return nil, p.fail(word, "time zone", "no zone after %q; write e.g. %q", text, text+"Europe/Berlin")
	}
	loc, err := zone(name)
	if err != nil {
		return nil, p.fail(at, "time zone", "unknown time zone %q", name)
	}
	return loc, nil
}

const fiveFields = "a schedule has 5: minute, hour, day of month, month, day of week"

// shorthand reads an expression that begins with @.
func (p *parser) shorthand(s *Schedule, words []span) *ParseError {
	word := p.at(words[0])
	five := ""
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
		return p.fail(words[0], "", "%q is not known; allowed are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually", word)
	}
	if len(words) > 1 {
		return p.fail(words[1], "", "%q follows %s, which stands alone", p.at(words[1]), word)
	}
	inner := &parser{text: five}
	return inner.fields(s, inner.words(span{0, len(five)}))
}

// fields reads the five fields.
func (p *parser) fields(s *Schedule, words []span) *ParseError {
	if len(words) != len(allFields()) {
		all := span{words[0].start, words[len(words)-1].end}
		return p.fail(all, "", "found %d fields; %s", len(words), fiveFields)
	}
	var sets [5]set
	for i, f := range allFields() {
		var err *ParseError
		if sets[i], err = p.field(f, words[i]); err != nil {
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
		return p.fail(words[2], "day of month", "no month of %q has a day of %q: it would never run", p.at(words[3]), p.at(words[2]))
	}
	return nil
}
