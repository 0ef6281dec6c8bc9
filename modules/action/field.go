package action

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Kind is what a field takes.
type Kind string

// The kinds of fields.
const (
	// KindText takes a text, and numbers and booleans as what they are written as.
	KindText    Kind = "text"
	KindInteger Kind = "integer"
	KindNumber  Kind = "number"
	KindBoolean Kind = "boolean"
	KindList    Kind = "list"
	KindMap     Kind = "map"
	// KindTexts takes a text or a list of texts.
	KindTexts Kind = "text or list of texts"
	// KindAny takes everything.
	KindAny Kind = "any value"
)

// Field is one field of with.
type Field struct {
	Name     string
	Kind     Kind
	Required bool
	// Raw keeps references and names in the value as they are written.
	Raw bool
	// Reference takes a text that is one reference and nothing else, which must have a
	// value when the step starts.
	Reference bool
	// Blank makes references to declared parameters without a value empty in the value,
	// instead of leaving them as they are.
	Blank bool
	// OneOf lists the texts that are allowed; empty allows all.
	OneOf []string
	// Check judges a value of the right kind that holds no reference; nil lets all pass.
	Check func(v any) error
	// Doc says in a sentence what the field is for, with its default and unit.
	Doc string
}

// Values are the fields of with: texts, int64, float64, booleans, nil, []any and
// map[string]any, nested as they are written.
type Values map[string]any

// Problem is what is wrong with a field.
type Problem struct {
	// Key is the field; "" is with as a whole.
	Key string
	// Message says what is wrong, without the field.
	Message string
	// Unknown tells that there is no such field.
	Unknown bool
}

// Error says what is wrong and where.
func (p Problem) Error() string {
	if p.Key == "" || p.Unknown {
		return p.Message
	}
	return "with." + p.Key + " " + p.Message
}

// Problems judges a with by the fields. Final tells that references were resolved;
// otherwise a text that may hold some is taken for good.
func (d *Definition) Problems(with Values, final bool) []Problem {
	var all []Problem
	for i := range d.Fields {
		f := &d.Fields[i]
		v, has := with[f.Name]
		if !has || v == nil {
			if f.Required {
				all = append(all, Problem{Message: f.Name + " is required"})
			}
			continue
		}
		if message := f.judge(v, final); message != "" {
			all = append(all, Problem{Key: f.Name, Message: message})
		}
	}
	for key := range with {
		if !d.Open && d.field(key) == nil {
			all = append(all, Problem{Key: key, Message: "invalid keys: " + key, Unknown: true})
		}
	}
	if d.Check != nil && len(all) == 0 {
		all = d.Check(with)
	}
	slices.SortFunc(all, func(a, b Problem) int { return strings.Compare(a.Key+a.Message, b.Key+b.Message) })
	return all
}

// Names are those of the fields, in their order.
func (d *Definition) Names() []string {
	names := make([]string, len(d.Fields))
	for i := range d.Fields {
		names[i] = d.Fields[i].Name
	}
	return names
}

func (d *Definition) field(name string) *Field {
	for i := range d.Fields {
		if d.Fields[i].Name == name {
			return &d.Fields[i]
		}
	}
	return nil
}

// Field returns the field of a name; the zero Field when there is none.
func (d *Definition) Field(name string) Field {
	if f := d.field(name); f != nil {
		return *f
	}
	return Field{}
}

// Raw tells whether the field's value is never resolved.
func (d *Definition) Raw(name string) bool { return d.Field(name).Raw }

// whole matches a text that is one reference.
var whole = regexp.MustCompile(`^\s*\$\{\s*(params|[A-Za-z_][A-Za-z0-9_]*\.[^{}]+)\}\s*$`)

// judge returns what is wrong with a value; "" when nothing is.
func (f *Field) judge(v any, final bool) string {
	if text, ok := v.(string); f.Reference && !final && (!ok || !whole.MatchString(text)) {
		return "must be one reference and nothing else, such as ${steps.ID.outputs.NAME}, not " + describe(v)
	}
	if text, ok := v.(string); ok && !final && !f.Raw && strings.Contains(text, "$") {
		return ""
	}
	if !f.Kind.takes(v) {
		return "must be " + f.Kind.article() + ", not " + describe(v)
	}
	if text := textOf(v); len(f.OneOf) > 0 && !slices.Contains(f.OneOf, text) {
		return fmt.Sprintf("must be %s, not %q", strings.Join(f.OneOf, " or "), text)
	}
	if f.Check == nil {
		return ""
	}
	if err := f.Check(v); err != nil {
		return err.Error()
	}
	return ""
}

func (k Kind) article() string {
	if k == KindAny || k == KindInteger {
		return "an " + strings.TrimPrefix(string(k), "any ")
	}
	return "a " + string(k)
}

// takes tells whether a value is of the kind. Texts that are a number or a boolean
// are taken for one, since references become texts.
func (k Kind) takes(v any) bool {
	switch k {
	case KindText:
		return isScalar(v)
	case KindInteger:
		_, ok := integer(v)
		return ok
	case KindNumber:
		_, ok := number(v)
		return ok
	case KindBoolean:
		_, ok := boolean(v)
		return ok
	case KindList:
		_, ok := v.([]any)
		return ok
	case KindMap:
		_, ok := v.(map[string]any)
		return ok
	case KindTexts:
		list, ok := v.([]any)
		return isScalar(v) || (ok && !slices.ContainsFunc(list, func(item any) bool { return !isScalar(item) }))
	default:
		return true
	}
}
