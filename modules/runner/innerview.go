package runner

import (
	"encoding/json"
	"strings"

	"dagu/modules/store"
)

// innerView is a run inside of another as the step that waited for it shows it.
type innerView struct {
	Name         string            `json:"name"`
	DAGRunID     string            `json:"dagRunId"`
	Params       string            `json:"params"`
	Outputs      map[string]string `json:"outputs"`
	OutputValues map[string]any    `json:"outputValues"`
	Status       string            `json:"status"`
}

// fanView is what a step shows that called for several items.
type fanView struct {
	Summary struct {
		Total     int `json:"total"`
		Succeeded int `json:"succeeded"`
		Failed    int `json:"failed"`
	} `json:"summary"`
	Results []innerView         `json:"results"`
	Outputs []map[string]string `json:"outputs"`
}

// queueView is what a step shows that queued runs.
type queueView struct {
	Summary struct {
		Total  int `json:"total"`
		Queued int `json:"queued"`
	} `json:"summary"`
	Runs []*queuedView `json:"runs"`
}

// queuedView is a queued run.
type queuedView struct {
	Name          string `json:"name"`
	DAGRunID      string `json:"dagRunId"`
	Params        string `json:"params"`
	ParallelItem  string `json:"parallelItem"`
	Queue         string `json:"queue"`
	Status        string `json:"status"`
	AlreadyExists bool   `json:"alreadyExists"`
}

func viewInner(c call, in inner) innerView {
	return innerView{
		Name: in.rec.DAG, DAGRunID: in.rec.ID, Params: c.params, Outputs: outputsOf(in.steps),
		OutputValues: outputValuesOf(in.steps), Status: string(in.rec.Status),
	}
}

// outputsOf are the variables that the steps of a run have published.
func outputsOf(steps []store.Step) map[string]string {
	outputs := make(map[string]string)
	for i := range steps {
		if s := &steps[i]; s.Output != "" && s.HasOutput {
			outputs[s.Output] = s.OutputValue
		}
	}
	return outputs
}

// outputValuesOf are the outputs of a run: variables under their names in camelCase,
// and what steps have published by key. A JSON object or array stands for itself.
func outputValuesOf(steps []store.Step) map[string]any {
	values := make(map[string]any)
	for name, text := range store.Outputs(steps) {
		values[name] = valueOf(text)
	}
	return values
}

func valueOf(text string) any {
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		if json.Valid([]byte(text)) {
			return json.RawMessage(text)
		}
	}
	return text
}
