package action

import (
	"slices"
	"strings"
	"sync"
)

// definitions are all actions, by name and by older name.
//
//nolint:gochecknoglobals // a constant in all but name
var definitions = sync.OnceValue(func() map[string]*Definition {
	byName := make(map[string]*Definition)
	for _, d := range All() {
		for _, name := range append([]string{d.Name}, d.Older...) {
			byName[name] = d
		}
	}
	return byName
})

// All returns all actions, in a new list with each call.
func All() []*Definition {
	return []*Definition{
		dagEnqueue(),
		dagRun(),
		dataConvert(),
		dataPick(),
		execute(),
		fileCopy(),
		fileDelete(),
		fileList(),
		fileMkdir(),
		fileMove(),
		fileRead(),
		fileStat(),
		fileWrite(),
		httpRequest(),
		jqFilter(),
		logWrite(),
		mailSend(),
		noop(),
		outputsWrite(),
		sqliteQuery(),
		templateRender(),
		waitDuration(),
		waitFile(),
		waitHTTP(),
		waitUntil(),
	}
}

// Lookup returns the action of a name, or of one that older releases had for it.
func Lookup(name string) (*Definition, bool) {
	d, ok := definitions()[name]
	return d, ok
}

// Names returns the names of all actions, sorted, without the older ones.
func Names() []string {
	var names []string
	for _, d := range All() {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	return names
}

// Unsupported tells whether a name is one that the language knows and this product
// does not do: containers, remote shells, other databases, models, and actions of
// repositories. Older releases have some of them without what follows the dot.
func Unsupported(name string) bool {
	if repository, _, versioned := strings.Cut(name, "@"); versioned && strings.Count(repository, "/") == 1 {
		return true
	}
	family, rest, dotted := strings.Cut(name, ".")
	if dotted && rest == "" {
		return false
	}
	return slices.Contains([]string{
		"agent", "archive", "artifact", "chat", "container", "docker", "git", "harness", "human", "k8s", "kubernetes",
		"postgres", "redis", "router", "s3", "sftp", "ssh", "state",
	}, family) || (!dotted && slices.Contains([]string{"gha", "github_action", "hitl"}, family))
}
