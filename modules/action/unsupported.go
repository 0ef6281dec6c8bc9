package action

import "strings"

// instead says what does the work of actions that there are not, by their family: what
// stands before the dot of a name.
func instead() map[string]string {
	const (
		container = "run with a command such as docker run"
		model     = "http.request with the API of the model"
		remote    = "run with a command such as ssh or sftp"
		cluster   = "run with kubectl"
		program   = "run with the program itself"
	)
	return map[string]string{
		"agent": model, "chat": model, "harness": model,
		"archive": "run with a command such as tar", "artifact": "stdout: {artifact: PATH}",
		"container": container, "docker": container,
		"gha": program, "github_action": program, "git": "run with git",
		"hitl": "a DAG for what comes after the decision, started by hand", "human": "a DAG for what comes after the decision, started by hand",
		"k8s": cluster, "kubernetes": cluster,
		"postgres": "run with psql", "redis": "run with redis-cli",
		"router": "preconditions at each of the steps", "s3": "run with a command such as aws s3",
		"sftp": remote, "ssh": remote, "state": "file.write and file.read",
	}
}

// Unsupported tells whether a name is one that the language knows and this product
// does not do: containers, remote shells, other databases, models, and actions of
// repositories. Older releases have some of them without what follows the dot. It says
// what to use instead.
func Unsupported(name string) (use string, ok bool) {
	if repository, _, versioned := strings.Cut(name, "@"); versioned && strings.Count(repository, "/") == 1 {
		return "run with the program itself", true
	}
	family, rest, dotted := strings.Cut(name, ".")
	if dotted && (rest == "" || family == "gha" || family == "github_action" || family == "hitl") {
		return "", false
	}
	use, ok = instead()[family]
	return use, ok
}
