package dag

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// Load reads a DAG for a run. The error is [Errors] with all problems of the
// file and its base file; a container is one of them, because nothing here can run
// in one. Load may be called by many goroutines at once.
func Load(source Source, options Options) (*DAG, error) {
	return load(source, options, false)
}

// Validate reads a DAG as [Load] does, under the stricter rules for the
// structure of a file: the first document has no name, no document is empty,
// and steps is a list with an entry in each. A container is fine. It also fills the
// notices of the DAG.
func Validate(source Source, options Options) (*DAG, error) {
	return load(source, options, true)
}

// Base is a base file that was parsed before. It is read-only, and many loads
// may share it.
type Base struct {
	file     string
	text     []byte
	location *time.Location
	// workspaceFile and workspace are those of the base file over it; "" and nil for none.
	workspaceFile string
	workspace     []byte
	draft         draft
	// errors and warnings are part of those of every DAG.
	errors   Errors
	warnings []Warning
	// waiting is judged with the names of the DAG.
	waiting    []waiting
	containers []node
	// custom are the names of actions that the file defines.
	custom map[string]bool
}

// ParseBase parses a base file. It never fails: what is wrong with the file is
// an error of every DAG that is loaded over it. Nil and empty texts are fine.
func ParseBase(file string, text []byte, options Options) *Base {
	b := &Base{file: file, text: text, location: options.location(), draft: newDraft(options.location())}
	b.parse(file, text)
	return b
}

// Workspace returns the base file of a workspace over b, which stays as it is. A DAG
// of the workspace is loaded over both.
func (b *Base) Workspace(file string, text []byte) *Base {
	w := *b
	w.workspaceFile, w.workspace = file, text
	w.parse(file, text)
	return &w
}

// parse decodes a base file over what b has.
func (b *Base) parse(file string, text []byte) {
	r := report{file: file}
	for _, document := range r.parse(text) {
		if document.empty() {
			continue
		}
		if b.draft.root.Node != nil {
			r.fail(document.line, document.column, "a base file must have one document")
			break
		}
		if b.draft.decode(&r, document, "base file") && mentionsArtifacts(text) {
			b.draft.findArtifacts(&r)
		}
	}
	for _, key := range [...]string{"name", "steps"} {
		if e := b.draft.fields.get(key); e != nil {
			e.keyNode.warn("%s in a base file is not used", key)
		}
	}
	custom := b.draft.root.custom()
	maps.Copy(custom, b.custom)
	b.custom = custom
	b.draft.steps, b.draft.root, b.draft.fields = nil, node{}, nil
	b.errors, b.warnings = slices.Concat(b.errors, r.allErrors()), slices.Concat(b.warnings, r.allWarnings())
	b.waiting, b.containers = slices.Concat(b.waiting, r.waiting), slices.Concat(b.containers, r.containers)
}

// fits reports whether b is the base of a source: its base file and its workspace's.
func (b *Base) fits(source Source, options Options) bool {
	return b != nil && b.location == options.location() && b.file == source.BaseFile && bytes.Equal(b.text, source.Base) &&
		b.workspaceFile == source.WorkspaceFile && bytes.Equal(b.workspace, source.Workspace)
}

// BaseOf parses the base file of a source, and that of its workspace.
func BaseOf(source Source, options Options) *Base {
	b := ParseBase(source.BaseFile, source.Base, options)
	if source.WorkspaceFile == "" && len(source.Workspace) == 0 {
		return b
	}
	return b.Workspace(source.WorkspaceFile, source.Workspace)
}

// decode decodes a document onto the draft; false when it is no map.
func (d *draft) decode(r *report, from document, title string) bool {
	d.root = (&node{report: r}).at(from.root, from.key, 0)
	d.root.parent = nil
	if d.root.Kind != yaml.MappingNode {
		d.root.failHere("%s must be a non-empty map, not %s", title, d.root.kind())
		return false
	}
	d.fields = rootTable.decode(d, d.root)
	d.checkRetention()
	d.checkSpellings()
	return true
}

// loading is one load on its way.
type loading struct {
	source Source
	base   *Base
	report report
	strict bool
	called bool
	// artifacts tells that the file can need some.
	artifacts bool
	// names are the names of the documents so far.
	names   map[string]bool
	notices notices
	// multiplied counts what the defaults of the documents so far gave their steps.
	multiplied int
}

func load(source Source, options Options, strict bool) (*DAG, error) {
	base := options.Base
	if !base.fits(source, options) {
		base = BaseOf(source, options)
	}
	l := &loading{
		source: source, base: base, report: report{file: source.File, custom: base.custom, isDAG: options.IsDAG}, strict: strict,
		called: options.Called, artifacts: mentionsArtifacts(source.Text), names: make(map[string]bool),
	}
	loaded := l.build(l.present(l.report.parse(source.Text)))
	if !strict {
		l.refuseContainers()
	}
	if all := slices.Concat(base.errors, l.report.allErrors()); len(all) > 0 {
		return nil, all
	}
	if source.Document != "" {
		if loaded = loaded.Callee(source.Document); loaded == nil {
			l.report.fail(1, 1, "the file has no later document of the name %s", source.Document)
			return nil, l.report.allErrors()
		}
	}
	loaded.Warnings = slices.Concat(base.warnings, l.report.allWarnings())
	loaded.Notices = l.notices.sorted()
	return loaded, nil
}

// present returns the documents that are not empty.
func (l *loading) present(documents []document) []document {
	var present []document
	for _, d := range documents {
		switch {
		case !d.empty():
			present = append(present, d)
		case l.strict:
			l.report.fail(d.line, d.column, "%s must not be empty", d.title())
		}
	}
	if len(present) == 0 && len(l.report.errors) == 0 {
		l.report.fail(1, 1, "the file is empty: %s must be a map with steps", document{}.title())
	}
	return present
}

// title names the document in errors.
func (d document) title() string {
	if d.index == 0 {
		return "entrypoint document"
	}
	return fmt.Sprintf("document %d", d.index+1)
}

// build decodes and checks all documents. The first is the DAG, the others
// its local ones; it is nil when the first is no map.
func (l *loading) build(documents []document) *DAG {
	var built []*DAG
	for i, from := range documents {
		d := l.base.draft
		if i > 0 || l.called {
			d.handlers = [handlerCount]*stepDraft{}
		}
		if i > 0 {
			from.key = fmt.Sprintf("document[%d]", from.index)
		}
		if !d.decode(&l.report, from, from.title()) {
			built = append(built, nil)
			continue
		}
		// An empty entrypoint is an error of validate, and the next document is none.
		d.dag.Name = l.name(&d, from, i == 0 && (from.index == 0 || !l.strict))
		d.checkSteps(from.title(), l.strict)
		d.warnActiveRuns(l, i == 0)
		built = append(built, d.build(l))
	}
	if len(built) == 0 || built[0] == nil {
		return nil
	}
	for _, later := range built[1:] {
		if later != nil {
			later.Source.Name, later.Source.Document = "", later.Name
		}
	}
	built[0].Local = built[1:]
	return built[0]
}

// Callee returns the local DAG of a name, which can call the other local ones itself;
// nil when there is none.
func (d *DAG) Callee(name string) *DAG {
	for _, later := range d.Local {
		if later.Name == name {
			chosen := *later
			chosen.Local = d.Local
			return &chosen
		}
	}
	return nil
}

// build turns a decoded draft into a DAG.
func (d *draft) build(l *loading) *DAG {
	d.checkBodies(identify(d.steps))
	d.order()
	d.checkReferences(l)
	d.checkMail()
	if l.artifacts {
		d.findArtifacts(&l.report)
	}
	loaded := d.dag
	loaded.Artifacts = d.settleArtifacts(&l.report)
	loaded.Source = l.source
	loaded.WorkingDirBase = filepath.Dir(l.source.File)
	loaded.Labels = unique(slices.Clone(d.dag.Labels))
	loaded.Dotenv = d.dotenvFiles()
	loaded.Shell = newShell(d.shell, d.shellArgs, nil)
	if l.admit(d) {
		d.fill(&loaded)
	}
	return &loaded
}

// fill gives a DAG its steps and handlers, with the defaults.
func (d *draft) fill(loaded *DAG) {
	loaded.Steps = make([]Step, len(d.steps))
	for i, s := range d.steps {
		loaded.Steps[i] = d.defaults.apply(s, false)
	}
	for i, s := range d.handlers {
		if s != nil {
			handler := d.defaults.apply(s, true)
			*events[i].handler(&loaded.Handlers) = &handler
		}
	}
}

// maxMultiplied bounds what the defaults and the steps of a file multiply to.
const maxMultiplied = 1_000_000

// admit records that the defaults of the documents so far are too many for their steps.
func (l *loading) admit(d *draft) bool {
	l.multiplied += (len(d.steps) + handlerCount) * (len(d.defaults.env) + len(d.defaults.preconditions))
	if l.multiplied <= maxMultiplied {
		return true
	}
	d.root.failHere("the defaults give the steps %d variables and preconditions; at most %d are allowed", l.multiplied, maxMultiplied)
	return false
}
