package dag

import (
	"slices"
	"strings"

	"dagu/modules/dag/value"
)

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
func (j *judgement) reference(w *waiting, p place, ref value.Reference, has func(string) bool) verdict {
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
		return j.context(w, p, ref.Name)
	case value.NamespaceSteps:
		return j.stepOutput(p, ref)
	case value.NamespaceForeach:
		return j.item(p, ref.Name)
	}
	return verdict{}
}

// context judges a reference to the run context.
func (j *judgement) context(w *waiting, p place, name string) verdict {
	switch {
	case !value.KnownContext(name):
		return verdict{ReasonContextField, "the run context has no " + name, false}
	case w.role != roleConst && name == "dag.name",
		p.owner != nil && name == "step.name",
		p.owner != nil && name == "step.id" && p.owner.ID != "" && j.groups[p.owner] != nil:
		return verdict{}
	}
	return verdict{ReasonNamespace, "the run context exists only during a run", true}
}

// stepOutput judges a reference to the output of a step.
func (j *judgement) stepOutput(p place, ref value.Reference) verdict {
	none := verdict{ReasonNamespace, "the outputs of steps are not available in this field", false}
	if p.top != "defaults" && (p.owner == nil || j.groups[p.owner] == nil) {
		return none
	}
	id, output := ref.StepOutput()
	producer := j.named(p, id)
	switch {
	case producer == nil && j.document.byID[id] != nil:
		return none // from the body of a handler
	case producer == nil:
		return verdict{ReasonStep, "no step has the id " + id, false}
	case j.within(p.owner, producer):
		return verdict{ReasonSelf, "a step cannot read its own output", false}
	case !slices.ContainsFunc(producer.Outputs, func(o Declared) bool { return o.Name == output }):
		return verdict{ReasonOutput, "the step " + id + " declares no output " + output, false}
	case p.owner != nil && !j.isBefore(p, producer):
		return verdict{ReasonDependency, "the step does not depend on " + id, false}
	}
	return verdict{}
}

// item judges a reference to an item of a foreach.
func (j *judgement) item(p place, name string) verdict {
	none := verdict{ReasonNamespace, "there is no item of a foreach in this field", false}
	owner := p.owner
	switch {
	case owner == nil || j.groups[owner] == nil:
		return none
	case p.item == "":
		owner = j.groups[owner].of
	case p.item == "key" && name == "key":
		return verdict{ReasonNamespace, "a key cannot be made of itself", false}
	}
	root, _, _ := strings.Cut(name, ".")
	for ; owner != nil && owner.Foreach != nil; owner = j.outer(owner) {
		if name == "index" || name == "key" || root == owner.Foreach.As {
			return verdict{}
		}
		none.why = "the items of the foreach have no " + name
	}
	return none
}
