package schedule

import "fmt"

// Warnings tells what the author may not expect: that a step of minutes or hours
// does not divide its unit, so that the interval over the end of the hour or day
// differs from the others. Most expressions have none. They are worked out anew on
// each call.
func (s *Schedule) Warnings() []string {
	p := &parser{text: s.text, advise: true}
	var again Schedule
	if err := p.schedule(&again); err != nil {
		return nil
	}
	return p.warnings
}

// adviseStep notes what a step that does not divide its unit does. Only steps that
// run up to the end of the unit come here: of others the author chose the end. Five
// hours are common, and known to leave four.
func (p *parser) adviseStep(f field, s span, step int) {
	unit, rare := "", 0
	switch f.size {
	case 60:
		unit = "hour"
	case 24:
		unit, rare = "day", 5
	}
	if !p.advise || unit == "" || f.size%step == 0 || step == rare {
		return
	}
	first, _ := number(leadingDigits(p.at(s)))
	last := first + (f.max-first)/step*step
	if first == last {
		p.warnings = append(p.warnings, fmt.Sprintf("%s step %q does not divide %d: only %s %d of each %s is due",
			f.name, p.at(s), f.size, f.name, first, unit))
		return
	}
	wrap, differs := f.size-last+first, "shorter"
	if wrap > step {
		differs = "longer"
	}
	p.warnings = append(p.warnings, fmt.Sprintf("%s step %q does not divide %d: the last interval of each %s is %s, %d instead of %d %ss",
		f.name, p.at(s), f.size, unit, differs, wrap, step, f.name))
}

// leadingDigits is the part of text before its first other character.
func leadingDigits(text string) string {
	for i, c := range []byte(text) {
		if c < '0' || c > '9' {
			return text[:i]
		}
	}
	return text
}
