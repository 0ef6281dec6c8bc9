// Package faults proves that each fault of the scheduler turns the right probes
// red in time and for as long as it lasts, and that nothing else ever does.
//
// A row of the table is a fault with what must be seen of it. It is made in the
// real binary, which is built with the tag `faults`: from outside where that is
// possible, and by a hook in the code (see modules/fault) in any case. All probes are
// asked every 100 ms meanwhile, over connections that are kept, and what they
// answered is judged at the end. Each row runs a second time on a mutant, a
// process without the parts that find the fault: there the judge has to miss the
// red, or something else than what the row names has turned the probe.
//
// Beside the rows stands what no table can tell: that answers wait for no lock and for
// no disk, and what becomes of the process when a loop itself panics.
//
// `go test` has the shortest thresholds that are allowed. `make faults` has the defaults, and
// writes results.md; `make soak` keeps the healthy rows up for ten minutes.
package faults
