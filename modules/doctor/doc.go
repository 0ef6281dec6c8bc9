// Package doctor reads Kubernetes manifests and compose files, and names what
// would go wrong with dagu in them.
//
// It is pure: it takes the bytes of files, opens nothing and asks no cluster. It
// knows Pod, Deployment, StatefulSet, DaemonSet, Service, PersistentVolumeClaim
// and List of Kubernetes, and the services of a compose file; other kinds are
// passed over. What several files say together, such as a Service in one and a
// pod in another, is judged together.
//
//	rule            what was found
//	loopback        a probe from outside of a server that listens on loopback
//	target          a probe of a port or a path where nothing of ours answers
//	liveness-ready  a liveness probe on /readyz
//	liveness-start  a liveness probe on /health without a startup probe
//	impatient       a probe that gives up before the stall or the start limit
//	exec-timeout    a probe that starts a process and gives it 1 s
//	grace           less time to stop than preStop, stop_timeout and 10 s
//	service-links   a Service whose name makes Kubernetes set DAGU_*PORT
//	replicas        more than one replica on SQLite
//	access-mode     SQLite on a ReadWriteMany claim
//	shared-claim    two pods, such as scheduler and UI, with SQLite on one claim
//	subpath         DAGs of a ConfigMap mounted with subPath
//	settings        a value that dagu refuses to start with
//
// What a container is set to is its flags over its environment over the defaults.
// What a file does not hold is not guessed: a value from a Secret, a ConfigMap
// or a variable of the shell is left out of judgement, and so is what depends on
// it. Neither what the image sets is seen, nor a config.yaml.
package doctor
