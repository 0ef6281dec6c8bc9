package action

// dagRun runs another workflow and waits for it.
func dagRun() *Definition {
	return &Definition{
		Name:    DAGRun,
		Summary: "Run another DAG and wait for its end.",
		Fields:  target(),
	}
}

// dagEnqueue queues a run of another workflow.
func dagEnqueue() *Definition {
	return &Definition{
		Name:    DAGEnqueue,
		Summary: "Queue a run of another DAG and go on.",
		Fields:  append(target(), Field{Name: "queue", Kind: KindText, Doc: "The queue; that of the other DAG by default."}),
	}
}

func target() []Field {
	return []Field{
		{Name: "dag", Kind: KindText, Required: true, Doc: "A DAG of the same file, else a path or name beside the file, else in the DAGs directory."},
		{Name: "params", Kind: KindAny, Doc: `The parameters: a text ("A=1 B=2"), a map, or a list of texts and maps of one key.`},
	}
}
