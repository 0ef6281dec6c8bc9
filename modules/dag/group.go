package dag

// groupRows are the fields of a step that make several of it.
//
//nolint:gochecknoglobals // a constant in all but name
var groupRows = append([]row[stepDraft]{
	{"foreach", func(*stepDraft, node) {}}, // with its neighbours, see execution
}, unsupported[stepDraft]("parallel")...)
