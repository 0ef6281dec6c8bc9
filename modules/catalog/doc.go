// Package catalog knows the DAG files: it loads the directory of DAGs, watches
// it, compares it fully at an interval, and publishes what changed.
//
// What decides whether a file changed is the hash of what it is loaded from, its
// text and the base file's. A fingerprint from stat saves reading a file again
// only where it cannot lie. Whatever the watcher misses (a network file system,
// an overflow, a lost watch), the next full comparison finds.
//
// # States of a file
//
//	          good text                  bad text, unreadable, name taken
//	(new) ------------------> scheduled <---------------------> scheduled, Err set
//	  |                           |          good text             |
//	  | bad text, name taken      | file gone                      | file gone
//	  v                           v                                v
//	Err set, nothing          (removed) <--------------------- (removed)
//	scheduled
//
// A file that turns bad keeps its last good version scheduled. That survives a
// restart: texts and the path of each scheduled version are in the store before
// the version is published, and are loaded from there when the file is bad at
// the next start.
//
// # Two files of one name
//
// The file that is scheduled under the name keeps it, the other is in error
// until the first one goes or is renamed; both name each other in their errors.
// Nothing being scheduled yet, the first path in the order of bytes gets the name.
// A file that calls itself by a name comes before one that merely was scheduled
// under it.
//
// # When the directory is gone
//
// A directory that cannot be read, that does not answer, or that is suddenly
// empty and not the directory that held the files (an unmounted volume), changes
// nothing: what was known stays scheduled, and [Catalog.DirError] says why. A
// directory that is missing at the start is created.
//
// # Goroutines
//
// One goroutine, the loop, waits for events, timers and the end. It touches no
// file and no store. Each comparison runs in a goroutine of its own, one at a
// time, which owns the state of the files while it runs; so a file system that
// hangs holds up neither [Catalog.Stop] nor readers. Readers take an immutable
// view and no lock.
package catalog
