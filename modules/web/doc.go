// Package web serves the REST API and the page of "dagu start-all" and
// "dagu server".
//
//	GET  /                                    the page; ?q= looks for a part of a name
//	GET  /api/v1/health                       the registry's verdict, without login
//	GET  /api/v1/dags                         all DAGs
//	GET  /api/v1/dags/{name}                  one
//	POST /api/v1/dags/{name}/start            enqueues a run; body {"params": ["day=Mon"]} or none
//	POST /api/v1/dags/{name}/stop             stops its open runs
//	POST /api/v1/dags/{name}/suspend|resume   its schedule
//	GET  /api/v1/dag-runs                     runs, newest first; ?limit= and ?status=
//	GET  /api/v1/dag-runs/{name}              those of a DAG
//	GET  /api/v1/dag-runs/{name}/{id}         one with its steps
//
// Errors are {"error": {"code": "...", "message": "..."}}.
//
// On loopback everybody on the machine may use it, but only under the names of
// loopback, so that no web page can reach it by a name of its own (DNS
// rebinding). On other addresses a mode has to be chosen. Whatever the mode,
// pages of other origins can change nothing.
package web
