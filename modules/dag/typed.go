package dag

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// typedTable is what a typed declaration of a parameter may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var typedTable = newTable(nil,
	row[Param]{"name", func(*Param, node) {}}, // see addTyped
	row[Param]{"type", decodeParamType},
	row[Param]{"default", func(p *Param, n node) {
		if text, ok := n.anyText(); ok {
			p.Default = &text
		}
	}},
	row[Param]{"eval", decodeEval},
	row[Param]{"description", func(p *Param, n node) { setName(&p.Description, n) }},
	row[Param]{"required", func(p *Param, n node) { setBool(&p.Required, n) }},
	row[Param]{"enum", decodeEnum},
	row[Param]{"minimum", func(p *Param, n node) { setNumber(&p.Minimum, n) }},
	row[Param]{"maximum", func(p *Param, n node) { setNumber(&p.Maximum, n) }},
	row[Param]{"min_length", func(p *Param, n node) { setLength(&p.MinLength, n) }},
	row[Param]{"max_length", func(p *Param, n node) { setLength(&p.MaxLength, n) }},
	row[Param]{"pattern", func(p *Param, n node) { setPattern(&p.Pattern, n) }},
)

// addTyped adds a declaration with a type or constraints.
func (l *paramList) addTyped(n node) {
	p := Param{Type: ParamString}
	before := len(n.report.errors)
	fields := typedTable.decode(&p, n)
	name := &fields.get("name").value
	if p.Name = name.Value; !name.scalar() || !validName(p.Name) {
		name.fail("params name %q must match %s", p.Name, namePattern)
	}
	p.checkConstraints(fields)
	p.checkEnum(fields)
	if len(n.report.errors) > before {
		return
	}
	if p.Default != nil {
		text, err := p.Check(*p.Default)
		if err != nil {
			fields.get("default").value.fail("params: default: %s", err)
		}
		p.Default = &text
	}
	l.add(*name, p)
}

// checkConstraints records constraints that do not fit the type or each other.
func (p Param) checkConstraints(fields entries) {
	number := p.Type == ParamInteger || p.Type == ParamNumber
	for _, key := range [...]string{"minimum", "maximum"} {
		if e := fields.given(key); e != nil && !number {
			e.keyNode.failHere("params: %s fits the types integer and number, not %s", key, p.Type)
		}
	}
	for _, key := range [...]string{"min_length", "max_length", "pattern"} {
		if e := fields.given(key); e != nil && p.Type != ParamString {
			e.keyNode.failHere("params: %s fits the type string, not %s", key, p.Type)
		}
	}
	if p.Minimum != nil && p.Maximum != nil && *p.Minimum > *p.Maximum {
		fields.get("maximum").value.fail("params: the maximum of %s is below its minimum", p.Name)
	}
	if p.MinLength != nil && p.MaxLength != nil && *p.MinLength > *p.MaxLength {
		fields.get("max_length").value.fail("params: the max_length of %s is below its min_length", p.Name)
	}
}

// checkEnum records values that the type does not have, and writes the others as
// those of callers are written.
func (p *Param) checkEnum(fields entries) {
	typed := Param{Name: p.Name, Type: p.Type}
	for i, text := range p.Enum {
		var err error
		if p.Enum[i], err = typed.Check(text); err != nil {
			fields.get("enum").value.fail("params: enum: %s", err)
		}
	}
}

func decodeParamType(p *Param, n node) {
	if text, ok := n.oneOf(string(ParamString), string(ParamInteger), string(ParamNumber), string(ParamBoolean)); ok {
		p.Type = ParamType(text)
	}
}

func decodeEval(p *Param, n node) {
	text, ok := n.reference()
	if !ok {
		return
	}
	if strings.TrimSpace(text) == "" {
		n.fail("params: eval must not be blank")
	}
	p.Eval = text
}

func decodeEnum(p *Param, n node) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		n.fail("params: enum must be a non-empty list")
		return
	}
	for _, item := range n.items() {
		if text, ok := item.anyText(); ok {
			p.Enum = append(p.Enum, text)
		}
	}
}

func setBool(to *bool, n node) {
	if b, ok := n.boolean(); ok {
		*to = b
	}
}

func setNumber(to **float64, n node) {
	f, ok := n.float()
	if !ok && n.scalar() && n.Tag == tagText {
		var err error
		f, err = strconv.ParseFloat(n.Value, 64)
		ok = err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	if !ok {
		n.fail("must be a finite number")
		return
	}
	*to = &f
}

func setLength(to **int, n node) {
	if i, ok := n.integer(0); ok {
		*to = &i
	}
}

func setPattern(to *string, n node) {
	text, ok := n.text()
	if !ok {
		return
	}
	if _, err := regexp.Compile(text); err != nil {
		n.fail("must be a regexp: %s", err)
		return
	}
	*to = text
}
