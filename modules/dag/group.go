package dag

// groupRows are the fields of a step that make several of it.
//
//nolint:gochecknoglobals // a constant in all but name
var groupRows = unsupported[stepDraft]("foreach", "parallel")
