package runlog

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"time"
)

// maxName leaves room for endings within the 255 bytes that file systems allow.
const maxName = 120

// fileName is a name that is safe as one part of a path, and another one for
// each text: what is not plain is replaced, and told apart by a hash.
func fileName(text string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		default:
			return '_'
		}
	}, text)
	if plain == text && text != "" && text[0] != '.' && len(text) <= maxName {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return strings.TrimLeft(plain[:min(len(plain), maxName)], ".") + "~" + hex.EncodeToString(sum[:8])
}

// ofRun tells whether an absolute path is named as the log directory of a run, in
// whatever root.
func ofRun(path, dag, id string) bool {
	dir, name := filepath.Dir(path), filepath.Base(path)
	at, ok := strings.CutPrefix(name, prefix)
	at, named := strings.CutSuffix(at, "_"+fileName(id))
	_, err := time.Parse(stamp, at)
	return ok && named && err == nil && id != "" && filepath.IsAbs(path) && filepath.Clean(path) == path &&
		filepath.Base(dir) == fileName(dag)
}

// inside tells whether path lies below root; "" does not.
func inside(root, path string) bool {
	if path == "" {
		return false
	}
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel) && rel != "."
}
