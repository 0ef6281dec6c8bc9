package runner

import "dagu/modules/store"

// Ended counts the end of a run.
func (m *Metrics) Ended(dag string, status store.Status) { m.ended(dag, status) }

// CamelCase is the name of a variable among the outputs of a run.
func CamelCase(name string) string { return camelCase(name) }
