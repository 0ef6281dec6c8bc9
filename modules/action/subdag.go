package action

import "fmt"

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
		{Name: "params", Kind: KindAny, Doc: `The parameters: a text ("A=1 B=2"), a map, or a list of texts and maps of one key.`, Check: callParams},
	}
}

// callParams judges the shape of the parameters of a call.
func callParams(v any) error {
	list, _ := v.([]any)
	for i, entry := range list {
		m, isMap := entry.(map[string]any)
		if !isScalar(entry) && (!isMap || len(m) != 1) {
			return fmt.Errorf("entry %d must be a text or a map with one key, not %s", i, describe(entry))
		}
	}
	return nil
}
