//go:build faults

package fault

// Of is At for a point that each of several DAGs comes to.
func Of(point, dag string) {
	if act, what := told(point); act != "panic" || what == "" || what == dag {
		At(point)
	}
}
