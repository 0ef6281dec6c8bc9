package dag

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"dagu/modules/dag/value"

	yaml "go.yaml.in/yaml/v4"
)

// judgement is what the texts of one document are judged by.
type judgement struct {
	*draft
	notices *notices
	loading *loading
	// owners are the steps and handlers by where they stand.
	owners map[*yaml.Node]*stepDraft
	// groups are the steps that stand together with a step, and document those of the
	// document. Handlers have no group.
	groups   map[*stepDraft]*group
	document *group
	consts   map[string]bool
	// bound are parameters that have a value without a caller.
	bound map[string]bool
	// run are variables that every run has.
	run map[string]bool
	// root are those of the root env, and base those of the base file's. defaulted and
	// baseDefaulted are those of the defaults.
	root, base, defaulted, baseDefaulted map[string]bool
	// known is what the texts of an owner can name besides.
	known map[*stepDraft]*known
	// walked counts the dependencies that were followed.
	walked int
}

// judge adds the notices of the texts of a document and its base file.
func (c *notices) judge(d *draft, l *loading, texts []waiting) {
	j := judgement{
		draft: d, notices: c, loading: l, owners: make(map[*yaml.Node]*stepDraft), groups: make(map[*stepDraft]*group),
		consts: make(map[string]bool), bound: make(map[string]bool), run: managedNames(),
		root: namesOf(d.dag.Env), base: namesOf(l.base.draft.dag.Env),
		defaulted: namesOf(d.defaults.env), baseDefaulted: namesOf(l.base.draft.defaults.env), known: make(map[*stepDraft]*known),
	}
	j.document = j.own(nil, d.steps)
	for _, s := range d.handlers {
		if s != nil {
			j.owners[s.at.Node] = s
			j.own(s, s.body)
		}
	}
	for _, v := range d.dag.Consts {
		j.consts[v.Name] = true
	}
	for _, p := range d.dag.Params {
		if p.Name != "" && p.Default != nil {
			j.bound[p.Name], j.run[p.Name] = true, true
		}
	}
	for _, s := range d.dag.Secrets {
		j.root[s.Name] = true
	}
	for _, name := range d.dag.givenBySchema() {
		j.bound[name], j.run[name] = true, true
	}
	for i := range texts {
		if c.looked += len(texts[i].text); c.looked <= maxNoticeBytes {
			j.text(&texts[i])
		}
	}
}

// own notes the steps that stand together: those of the body of a step, or of the
// document, which is nil.
func (j *judgement) own(of *stepDraft, steps []*stepDraft) *group {
	g := &group{of: of, byName: make(map[string]*stepDraft, len(steps)), byID: make(map[string]*stepDraft, len(steps))}
	for _, s := range steps {
		g.byName[s.Name] = s
		if s.ID != "" {
			g.byID[s.ID] = s
		}
		j.owners[s.at.Node], j.groups[s] = s, g
		if len(s.body) > 0 {
			j.own(s, s.body)
		}
	}
	return g
}

func namesOf(vars []Var) map[string]bool {
	names := make(map[string]bool, len(vars))
	for _, v := range vars {
		names[v.Name] = true
	}
	return names
}

// managedNames are the variables that we set ourselves.
func managedNames() map[string]bool {
	names := map[string]bool{
		"DAG_PARAMS_JSON": true, "DAGU_PARAMS_JSON": true, "PWD": true, "DAG_WAITING_STEPS": true,
		"WEBHOOK_PAYLOAD": true, "WEBHOOK_HEADERS": true,
	}
	for _, f := range value.Fields() {
		if f.Env != "" {
			names[f.Env] = true
		}
	}
	return names
}

// text adds the notices of one text.
func (j *judgement) text(w *waiting) {
	p := j.place(w)
	if p.owner == nil && (p.top == "steps" || p.top == "handler_on") {
		return // the base file has it, and the DAG has its own instead
	}
	tell := func(reference string, v verdict) {
		j.notices.add(Notice{
			File: w.report.file, Line: w.line, Column: w.column, Field: w.noticePath(),
			Reference: shorten(reference, maxMessage), Reason: v.reason, Why: v.why, RunTime: v.runTime,
		})
	}
	has := j.variables(w, p)
	for _, ref := range value.References(w.text) {
		if v := j.reference(w, p, ref, has); v.why != "" {
			tell(ref.Text, v)
		}
	}
	if w.role == roleEnv {
		missed := unqualified(w.text, has)
		for _, name := range slices.Sorted(maps.Keys(missed)) {
			tell(missed[name], unknownVariable(name))
		}
	}
}

// place is where a text stands.
type place struct {
	// owner is the step or handler that the text belongs to, nil when it is none.
	owner *stepDraft
	// top is the field of the document that the text stands in.
	top string
	// own tells that it is an entry of the owner's env, or of the document's, and not
	// of that of a container.
	own bool
	// item is "key" or "collect" for a text of a foreach that is resolved for each item.
	item string
}

// place finds out where a text stands.
func (j *judgement) place(w *waiting) place {
	var p place
	var below [2]string // the keys of the levels passed last, the nearer one last
	for n := &w.node; n != nil; n = n.parent {
		if s := j.owners[n.Node]; s != nil && p.owner == nil {
			p.owner = s
			p.own = below[1] == "env"
			if below[1] == "foreach" && below[0] != "items" {
				p.item = below[0]
			}
		}
		if n.parent != nil && n.key != "" {
			p.top = n.key
		}
		if n.key != "" {
			below = [2]string{below[1], n.key}
		}
	}
	p.own = p.own || p.owner == nil && p.top == "env"
	return p
}

// noticePath is the path of a text as notices have it: env[0] for the first
// variable however env is written, and consts.NAME.
func (w *waiting) noticePath() string {
	n := w.node
	switch w.role {
	case roleEnv:
		list := n.parent
		for list.key != "env" && list.parent != nil {
			list = list.parent
		}
		n = node{parent: list, index: w.index}
	case roleConst:
		n.parent = n.parent.parent
	case roleField:
	}
	return n.path()
}

// variables returns what tells whether a text can name a variable.
func (j *judgement) variables(w *waiting, p place) func(name string) bool {
	k := j.knownTo(p.owner)
	inFile := w.report.file != j.loading.source.BaseFile
	env := w.role == roleEnv
	return func(name string) bool {
		if env {
			if at, ok := w.list.first[name]; ok && at < w.index {
				return true
			}
		}
		switch {
		case j.run[name]:
			return true
		case p.owner == nil && p.own: // the root env
			return inFile && j.base[name]
		case j.root[name], k.around[name], (!env || !p.own) && k.env[name]:
			return true
		case p.owner == nil && p.top == "defaults":
			return (!env && j.defaulted[name]) || (inFile && j.baseDefaulted[name])
		}
		return p.owner != nil && k.published(name)
	}
}

// expressions matches $NAME and ${NAME…}, with the backslashes before it.
var expressions = regexp.MustCompile(`(\\*)(\$\{#?([A-Za-z_][A-Za-z0-9_]*)[^{}\n]*\}|\$([A-Za-z_][A-Za-z0-9_]*))`)

// unqualified returns the names that an entry of env looks up and does not
// find, with the first expression that names each.
func unqualified(text string, has func(name string) bool) map[string]string {
	// References are judged by themselves, so that only names are left to look up.
	var rest strings.Builder
	from := 0
	for _, ref := range value.References(text) {
		rest.WriteString(text[from:ref.Offset])
		rest.WriteByte(' ')
		from = ref.Offset + len(ref.Text)
	}
	rest.WriteString(text[from:])
	missed := make(map[string]string)
	value.Scope{Env: func(name string) (string, bool) {
		if !has(name) {
			missed[name] = "${" + name + "}"
		}
		return "", false
	}}.Expand(rest.String())
	seen := make(map[string]bool)
	for _, found := range expressions.FindAllStringSubmatch(rest.String(), -1) {
		name := found[3] + found[4]
		if _, ok := missed[name]; ok && !seen[name] && len(found[1])%2 == 0 {
			missed[name], seen[name] = found[2], true
		}
	}
	return missed
}
