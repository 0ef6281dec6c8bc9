// Package runlog owns the files of runs: where logs and work directories are,
// and how long they stay.
//
// A run has a log directory,
//
//	<log dir>/<DAG>/dag-run_<YYYYMMDD_HHMMSSZ>_<run id>/
//	    dag-run.log            the account of the run
//	    <step>.out <step>.err  the streams of a step, of all its tries
//	    <step>.log             both, where the workflow has them merged
//	    attempt-2/<step>.out   those of the run's second attempt
//
// whose time is when the run was due, or else queued; a workflow may name a log dir of
// its own. And it has a work directory, in which steps run that name none:
//
//	<work dir>/<DAG>/<run id>/
//
// and, where artifacts are on, a directory of these, which has the name of the log
// directory and a link in it:
//
//	<artifact dir>/<DAG>/dag-run_<YYYYMMDD_HHMMSSZ>_<run id>/
//
// A Janitor removes them once the retention of the run is over.
package runlog
