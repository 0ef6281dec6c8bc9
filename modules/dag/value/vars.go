package value

// ExpandVars resolves the entries of an env list from top to bottom. An entry
// sees those above it before what the scope holds; itself and those below it
// are not there yet. A repeated name replaces, in the place of the first. All
// values together are bounded by MaxResult.
func (s Scope) ExpandVars(vars []Pair) []Pair {
	out := make([]Pair, 0, len(vars))
	index := make(map[string]int, len(vars))
	outer := s.Env
	s.Env = func(name string) (string, bool) {
		if i, ok := index[name]; ok {
			return out[i].Value, true
		}
		if outer == nil {
			return "", false
		}
		return outer(name)
	}
	left, work := MaxResult, 0
	for _, v := range vars {
		r := resolver{scope: s, text: v.Value, mode: mode{names: allNames, operators: true}, limit: left, work: work}
		value := string(r.run())
		work = r.work
		left = max(0, left-len(value))
		if i, ok := index[v.Name]; ok {
			out[i].Value = value
			continue
		}
		index[v.Name] = len(out)
		out = append(out, Pair{v.Name, value})
	}
	return out
}

// Layers returns a lookup over maps, for Scope.Env: the first one that has a name wins.
func Layers(maps ...map[string]string) func(name string) (string, bool) {
	return func(name string) (string, bool) {
		for _, m := range maps {
			if v, ok := m[name]; ok {
				return v, true
			}
		}
		return "", false
	}
}
