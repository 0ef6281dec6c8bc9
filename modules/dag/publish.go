package dag

import (
	"slices"
	"strings"

	"github.com/itchyny/gojq"
	yaml "go.yaml.in/yaml/v4"
)

// entryDraft is an entry of an object that a step publishes, while it is decoded.
type entryDraft struct {
	Entry
	field      string
	from, path *node
}

// entryTable is what an entry may hold that is taken from a stream or a file.
//
//nolint:gochecknoglobals // a constant in all but name
var entryTable = newTable(nil,
	row[entryDraft]{"from", func(e *entryDraft, n node) {
		e.from = &n
		if text, ok := n.oneOf(string(OriginStdout), string(OriginStderr), string(OriginFile)); ok {
			e.Origin = Origin(text)
		}
	}},
	row[entryDraft]{"path", func(e *entryDraft, n node) {
		e.path = &n
		setReference(&e.Path, n)
	}},
	decodeRow, selectRow,
)

// fieldTable is what stdout.outputs may hold as a map.
//
//nolint:gochecknoglobals // a constant in all but name
var fieldTable = newTable(nil,
	row[entryDraft]{"field", func(e *entryDraft, n node) {
		if e.field, _ = n.name(); e.field == "" {
			n.fail("field must be the key to publish, not blank")
		}
	}},
	row[entryDraft]{"fields", func(*entryDraft, node) {}}, // see decodeStdoutOutputs
	decodeRow, selectRow,
)

//nolint:gochecknoglobals // constants in all but name
var (
	decodeRow = row[entryDraft]{"decode", func(e *entryDraft, n node) {
		if text, ok := n.oneOf(string(DecodeText), string(DecodeJSON), string(DecodeYAML)); ok {
			e.Decode = Decode(text)
		}
	}}
	selectRow = row[entryDraft]{"select", func(e *entryDraft, n node) {
		text, ok := n.text()
		if !ok {
			return
		}
		query, err := gojq.Parse(text)
		if err == nil {
			_, err = gojq.Compile(query)
		}
		if err != nil {
			n.fail("select must be a jq path such as .items[0].name: %s", err)
			return
		}
		e.Select = text
	}}
)

// decodeEntries decodes the entries of an object. OfStdout tells that one which names
// no source but how to decode it is taken from stdout.
func decodeEntries(n node, ofStdout bool) []Entry {
	var list []Entry
	for _, e := range n.entries() {
		if strings.TrimSpace(e.key) == "" {
			e.keyNode.failHere("the key of an output must not be blank")
			continue
		}
		if entry, ok := decodeEntry(e.value, ofStdout); ok {
			entry.Key = e.key
			list = append(list, entry)
		}
	}
	return list
}

// decodeEntry decodes a literal, {value: ...}, or {from: ...}.
func decodeEntry(n node, ofStdout bool) (Entry, bool) {
	if n.Kind != yaml.MappingNode {
		return Entry{Origin: OriginValue, Value: n.tree(true)}, true
	}
	fields := n.entries()
	has := func(keys ...string) bool {
		return slices.ContainsFunc(fields, func(e entry) bool { return slices.Contains(keys, e.key) })
	}
	value := fields.get("value")
	switch {
	case has("from"), ofStdout && has("decode", "select"):
		d := entryDraft{Entry: Entry{Origin: OriginStdout, Decode: DecodeText}}
		before := len(n.report.errors)
		entryTable.decode(&d, n)
		d.check(n)
		return d.Entry, len(n.report.errors) == before
	case value != nil && len(fields) == 1:
		return Entry{Origin: OriginValue, Value: value.value.tree(true)}, true
	case value != nil:
		n.failHere("value cannot stand beside other keys; write {value: {...}} for a map that has them all")
		return Entry{}, false
	}
	return Entry{Origin: OriginValue, Value: n.tree(true)}, true
}

// check records keys that do not go together.
func (e *entryDraft) check(n node) {
	switch {
	case e.Origin == OriginFile && e.Path == "":
		n.failHere("from: file needs path")
	case e.Origin != OriginFile && e.path != nil:
		e.path.fail("path goes with from: file only")
	}
	if e.Select != "" && e.Decode == DecodeText {
		n.failHere("select needs decode: json or decode: yaml")
	}
}

// decodeStdoutOutputs decodes what is published from stdout: a key, a key with how to
// decode, how to decode an object, or entries.
func decodeStdoutOutputs(s *Stream, n node) {
	if n.Kind != yaml.MappingNode {
		name, ok := n.name()
		if ok && name == "" {
			n.fail("must be the key to publish, not blank")
		}
		s.Outputs = []Entry{{Key: name, Origin: OriginStdout, Decode: DecodeText}}
		return
	}
	d := entryDraft{Entry: Entry{Origin: OriginStdout}}
	fields := fieldTable.decode(&d, n)
	if all := fields.given("fields"); all != nil {
		switch {
		case len(fields) > 1:
			all.keyNode.failHere("fields cannot stand beside other keys of outputs")
		case all.value.Kind != yaml.MappingNode || len(all.value.Content) == 0:
			all.value.fail("fields must be a map with an entry")
		default:
			s.Outputs = decodeEntries(all.value, true)
		}
		return
	}
	d.Key = d.field
	switch {
	case d.Decode == "" && (d.Key == "" || d.Select != ""):
		d.Decode = DecodeJSON
	case d.Decode == "":
		d.Decode = DecodeText
	case d.Decode == DecodeText && d.Key == "":
		n.failHere("decode: text needs field, the key to publish")
	}
	d.check(n)
	s.Outputs = []Entry{d.Entry}
}
