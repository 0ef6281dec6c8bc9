// Package metrics answers scrapes: a Prometheus registry of our own and its handler.
//
// Each module that measures something has a metrics.go with the prometheus
// types it counts in, and its module.go hands them on by the fx value group
// "collectors"; app registers them all before anything is started. Names begin
// with dagu_, are there from the start with the value 0, and carry no name of a DAG,
// unless metrics.per_dag says so.
//
// A collector reads atomics and counters only: a scrape waits for no disk, no
// database and no lock that is held during either. The process's own figures come from
// /proc, which the kernel answers from memory.
package metrics
