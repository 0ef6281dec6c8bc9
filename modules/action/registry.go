package action

import (
	"slices"
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
