package dag

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path/filepath"
	"strings"
	"time"
)

// MaxFileSize is the largest DAG or base file that is read, in bytes.
const MaxFileSize = 256 << 10

// Source is all that a DAG is made from: two sources with the same content
// load to the same DAG.
type Source struct {
	// File is the absolute path of the DAG file. Its stem is the DAG's name
	// when nothing else names it, and its directory is what relative paths
	// are meant against.
	File string
	// Text is what the file holds.
	Text []byte
	// BaseFile is the path of the base file, for messages; "" when there is none.
	BaseFile string
	// Base is what the base file holds; empty is as good as none.
	Base []byte
	// WorkspaceFile is the path of the base file of the DAG's workspace, "" when there
	// is none, and Workspace what it holds. It comes after Base. See [WorkspaceOf].
	WorkspaceFile string
	Workspace     []byte
	// Name overrides the name of the first document; "" overrides nothing.
	Name string
	// Document is the name of a later document of the file, which is then the DAG;
	// "" is the first one.
	Document string
}

// Hash returns the SHA-256 of all parts of the source, in lower-case hex.
func (s Source) Hash() string {
	sum := sha256.New()
	var size [8]byte
	parts := [][]byte{[]byte(s.File), s.Text, []byte(s.BaseFile), s.Base, []byte(s.Name)}
	if s.Document != "" {
		parts = append(parts, []byte(s.Document))
	}
	if s.WorkspaceFile != "" {
		parts = append(parts, []byte("workspace"), []byte(s.WorkspaceFile), s.Workspace)
	}
	for _, part := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		sum.Write(size[:])
		sum.Write(part)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// stem is the file's name without directory and extension.
func (s Source) stem() string {
	name := filepath.Base(s.File)
	if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" {
		return strings.TrimSuffix(name, ext)
	}
	return name
}

// Options are what a load takes from the configuration. The zero value works.
type Options struct {
	// Location is the zone of schedules that name none; nil is time.Local.
	Location *time.Location
	// Called tells that the DAG is run by a step of another one: handlers of the base
	// file are not its own then. Those of later documents never are.
	Called bool
	// IsDAG tells whether a text is the name of a DAG beside the file or in the directory
	// of DAGs. A command that is one brings a warning; nil brings none.
	IsDAG func(name string) bool
	// Base is the base file parsed before, see [ParseBase]. It saves the work
	// of parsing Source.Base again, and is not used when it was made from
	// another text, file or zone.
	Base *Base
}

// location returns the zone of schedules that name none.
func (o Options) location() *time.Location {
	if o.Location == nil {
		return time.Local
	}
	return o.Location
}
