package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// environment turns the form of os.Environ into a map. The first of several
// entries of one name counts, as it does for os.Getenv.
func environment(list []string) map[string]string {
	env := make(map[string]string, len(list))
	for _, entry := range list {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			continue
		}
		if _, taken := env[name]; !taken {
			env[name] = value
		}
	}
	return env
}

// dropServiceLinks removes what Kubernetes injects for a Service named dagu or
// dagu-scheduler: DAGU_PORT=tcp://10.0.0.1:8080
// (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
func (l *loader) dropServiceLinks() {
	link := regexp.MustCompile(`^(tcp|udp|sctp)://`)
	for _, name := range slices.Sorted(maps.Keys(l.env)) {
		if !strings.HasPrefix(name, "DAGU_") || !strings.HasSuffix(name, "PORT") || !link.MatchString(l.env[name]) {
			continue
		}
		l.warn(Origin{Source: FromEnvironment, Name: name},
			fmt.Sprintf("%s is ignored: Kubernetes sets it for a Service of that name; enableServiceLinks: false in the pod stops that", quote(l.env[name])))
		delete(l.env, name)
	}
}

// readEnvironment reads the variables of the keys. Others that begin with DAGU_
// are not looked at: steps and later versions use them.
func (l *loader) readEnvironment() layer {
	set := layer{}
	for _, k := range l.keys {
		used := ""
		for _, name := range k.env {
			text := l.env[name]
			switch {
			case text == "":
			case used == "":
				used = name
				l.scalar(set, k, given{text: text, origin: Origin{Source: FromEnvironment, Name: name}, from: l.here()})
			case text != l.env[used]:
				l.warn(Origin{Source: FromEnvironment, Name: name}, "is ignored, since "+used+" is set too")
			}
		}
	}
	return set
}
