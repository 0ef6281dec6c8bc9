package dag

// decodeLogOutput decodes how the logs of streams are kept.
func decodeLogOutput(to *LogOutput, n node) {
	if text, ok := n.oneOf(string(LogSeparate), string(LogMerged)); ok {
		*to = LogOutput(text)
	}
}

// artifacts is the field of this name, which the DAG and its base file have together.
type artifacts struct {
	// enabled is nil where neither says it.
	enabled *bool
	dir     string
}

// artifactsTable is what artifacts may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var artifactsTable = newTable(nil,
	row[artifacts]{"enabled", func(a *artifacts, n node) { a.enable(n) }},
	row[artifacts]{"dir", func(a *artifacts, n node) { setReference(&a.dir, n) }},
)

func (a *artifacts) enable(n node) {
	if on, ok := n.boolean(); ok {
		a.enabled = &on
	}
}

func decodeArtifactDir(d *draft, n node) {
	n.deprecated("use artifacts.dir")
	setReference(&d.artifacts.dir, n)
}

func decodeEnableArtifact(d *draft, n node) {
	n.deprecated("use artifacts.enabled")
	d.artifacts.enable(n)
}

// checkArtifacts records a part of artifacts that stands in the map and outside.
func (d *draft) checkArtifacts() {
	e := d.fields.given("artifacts")
	if e == nil {
		return
	}
	for older, key := range map[string]string{"artifactDir": "dir", "enableArtifact": "enabled"} {
		if other := d.fields.given(older); other != nil && e.value.has(key) {
			other.keyNode.failHere("%s and artifacts.%s are two spellings of one field; use artifacts.%s", older, key, key)
		}
	}
}

// has reports whether the node is a map with the key.
func (n *node) has(key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}
