package dag

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

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
	byName map[string]*stepDraft
	consts map[string]bool
	// bound are parameters that have a value without a caller.
	bound map[string]bool
	// run are variables that every run has.
	run map[string]bool
	// root are those that steps have besides, but for what steps publish.
	root map[string]bool
	// known are the locals of the places whose texts were judged.
	known map[place]*locals
}

// judge adds the notices of the texts of a document and its base file.
func (c *notices) judge(d *draft, l *loading, texts []waiting) {
	j := judgement{
		draft: d, notices: c, loading: l, owners: make(map[*yaml.Node]*stepDraft), consts: make(map[string]bool),
		byName: make(map[string]*stepDraft), bound: make(map[string]bool), run: managedNames(), root: make(map[string]bool),
		known: make(map[place]*locals),
	}
	for _, s := range d.steps {
		j.byName[s.Name] = s
	}
	for _, s := range slices.Concat(d.steps, d.handlers[:]) {
		if s != nil {
			j.owners[s.at.Node] = s
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
	for _, v := range d.dag.Env {
		j.root[v.Name] = true
	}
	for i := range texts {
		if c.looked += len(texts[i].text); c.looked <= maxNoticeBytes {
			j.text(&texts[i])
		}
	}
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
	owner, top := j.owner(w)
	if owner == nil && (top == "steps" || top == "handler_on") {
		return // the base file has it, and the DAG has its own instead
	}
	tell := func(reference string, v verdict) {
		j.notices.add(Notice{
			File: w.report.file, Line: w.line, Column: w.column, Field: w.noticePath(),
			Reference: shorten(reference, maxMessage), Reason: v.reason, Why: v.why, RunTime: v.runTime,
		})
	}
	has := j.variables(w, owner, top)
	for _, ref := range value.References(w.text) {
		if v := j.reference(w, owner, ref, has); v.why != "" {
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

// owner returns the step or handler that a text belongs to, nil when it belongs
// to none, and the field of the document that it stands in.
func (j *judgement) owner(w *waiting) (owner *stepDraft, top string) {
	for n := &w.node; n != nil; n = n.parent {
		if s := j.owners[n.Node]; s != nil && owner == nil {
			owner = s
		}
		if n.parent != nil && n.key != "" {
			top = n.key
		}
	}
	return owner, top
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
func (j *judgement) variables(w *waiting, owner *stepDraft, top string) func(name string) bool {
	local, above, root := j.locals(owner, top, w.role), w.index, j.root
	switch {
	case owner != nil:
		above += len(j.defaults.env)
	case top == "defaults":
		above += w.inherited(j.loading, j.loading.base.draft.defaults.env)
	case w.role == roleEnv:
		root = nil
		above += w.inherited(j.loading, j.loading.base.draft.dag.Env)
	}
	return func(name string) bool {
		at, ok := local.first[name]
		return j.run[name] || root[name] || (ok && (w.role != roleEnv || at < above)) || local.published()[name]
	}
}

// locals are what a text can name besides the variables of the run and of the root.
type locals struct {
	// first is where each variable of env stands first.
	first     map[string]int
	published func() map[string]bool
}

// locals returns those of the texts that an owner has, or else a field of the
// document. They are made once: a file may have very many texts.
func (j *judgement) locals(owner *stepDraft, top string, r role) *locals {
	key := place{owner: owner}
	var vars []Var
	switch {
	case owner != nil:
	case top == "defaults":
		key.top, vars = top, j.defaults.env
	case r == roleEnv:
		key.top, vars = "env", j.dag.Env
	}
	if known := j.known[key]; known != nil {
		return known
	}
	if owner != nil {
		vars = slices.Concat(j.defaults.env, owner.Env)
	}
	l := &locals{
		first:     make(map[string]int, len(vars)),
		published: sync.OnceValue(func() map[string]bool { return j.published(owner) }),
	}
	for i, v := range vars {
		if _, again := l.first[v.Name]; !again {
			l.first[v.Name] = i
		}
	}
	j.known[key] = l
	return l
}

// place is where a text stands: its owner, else the field of the document.
type place struct {
	owner *stepDraft
	top   string
}

// inherited is how many entries of the base file stand before those of the DAG.
func (w *waiting) inherited(l *loading, base []Var) int {
	if w.report != &l.report {
		return 0
	}
	return len(base)
}

// published returns the variables of the steps that the owner depends on,
// directly or not. Handlers come after all steps.
func (j *judgement) published(owner *stepDraft) map[string]bool {
	names := make(map[string]bool)
	if owner == nil {
		return names
	}
	if slices.Contains(j.handlers[:], owner) {
		for _, s := range j.steps {
			names[s.Output] = true
		}
		return names
	}
	seen := make(map[string]bool)
	queue := slices.Clone(owner.Depends)
	for i := 0; i < len(queue); i++ {
		s := j.byName[queue[i]]
		if s == nil || seen[s.Name] {
			continue
		}
		seen[s.Name], names[s.Output] = true, true
		queue = append(queue, s.Depends...)
	}
	return names
}

// verdict is why a reference is not resolved; why is "" when it is.
type verdict struct {
	reason  Reason
	why     string
	runTime bool
}

func unknownVariable(name string) verdict {
	return verdict{ReasonEnv, "the file sets no variable " + name + " before", true}
}

// reference judges one reference.
func (j *judgement) reference(w *waiting, owner *stepDraft, ref value.Reference, has func(string) bool) verdict {
	switch ref.Namespace {
	case value.NamespaceConsts:
		if w.role == roleConst && w.missing[ref.Name] {
			return verdict{ReasonConst, "consts has no " + ref.Name + " before this one", false}
		}
		if w.role != roleConst && !j.consts[ref.Name] {
			return verdict{ReasonConst, "consts has no " + ref.Name, false}
		}
	case value.NamespaceEnv:
		if w.role == roleConst || !has(ref.Name) {
			return unknownVariable(ref.Name)
		}
	case value.NamespaceParams:
		if ref.Name == "" {
			return verdict{ReasonNamespace, "the parameters exist only during a run", true}
		}
		if w.role == roleConst || !j.bound[ref.Name] {
			return verdict{ReasonNone, "the parameter " + ref.Name + " has no value in the file", true}
		}
	case value.NamespaceContext:
		return j.context(w, owner, ref.Name)
	case value.NamespaceSteps, value.NamespaceForeach:
		return verdict{ReasonNamespace, string(ref.Namespace) + " is not available in this field", false}
	}
	return verdict{}
}

// context judges a reference to the run context.
func (j *judgement) context(w *waiting, owner *stepDraft, name string) verdict {
	switch {
	case !value.KnownContext(name):
		return verdict{ReasonContextField, "the run context has no " + name, false}
	case w.role != roleConst && name == "dag.name",
		owner != nil && name == "step.name",
		owner != nil && name == "step.id" && owner.ID != "" && !slices.Contains(j.handlers[:], owner):
		return verdict{}
	}
	return verdict{ReasonNamespace, "the run context exists only during a run", true}
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
