package dag

// groupRows are the fields of a step that make several of it.
//
//nolint:gochecknoglobals // a constant in all but name
var groupRows = []row[stepDraft]{
	{"foreach", func(*stepDraft, node) {}}, // with its neighbours, see execution
	{"parallel", decodeParallel},
}
