package runner

import "dagu/modules/store"

// Ended counts the end of a run.
func (m *Metrics) Ended(dag string, status store.Status) { m.ended(dag, status) }
