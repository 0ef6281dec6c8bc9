package dag_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v4"

	"dagu/modules/dag"
	"dagu/modules/dag/examples"
)

// compiled returns the schema ready to validate.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(dag.Schema())
	require.NoError(t, err)
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("dag.json", parsed))
	s, err := c.Compile("dag.json")
	require.NoError(t, err)
	return s
}

// bySchema validates every document of a file; the error is the first one's.
func bySchema(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if document == nil {
			continue // an empty document is none of a run
		}
		as, err := json.Marshal(document)
		if err != nil {
			return err
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(as))
		if err != nil {
			return err
		}
		if err = s.Validate(value); err != nil {
			return err
		}
	}
}

func TestSchemaAcceptsExamples(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for _, name := range examples.Names() {
		text, err := examples.Text(name)
		require.NoError(t, err)
		require.NoError(t, bySchema(t, s, []byte(text)), name)
	}
}

// TestSchemaAgreesWithTheLoader holds the schema against every archive of testdata: what
// loads is valid, and what does not is not, but for what no schema can tell.
func TestSchemaAgreesWithTheLoader(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	files, err := filepath.Glob("testdata/*/*.txtar")
	require.NoError(t, err)
	var accepted []string
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		require.NoError(t, err)
		input, _ := split(archive)
		for _, part := range input {
			if part.Name != "job.yaml" {
				continue
			}
			name := strings.TrimSuffix(filepath.Base(file), ".txtar")
			err := bySchema(t, s, part.Data)
			if filepath.Base(filepath.Dir(file)) == "good" {
				assert.NoError(t, err, name)
			} else if err == nil {
				accepted = append(accepted, name)
			}
		}
	}
	require.Equal(t, slices.Sorted(maps.Keys(beyondSchema())), accepted)
}

// beyondSchema are the bad files that are valid by the schema, and why.
func beyondSchema() map[string]string {
	return map[string]string{
		"base-documents":    "what is wrong stands in the base file",
		"base-syntax":       "what is wrong stands in the base file",
		"both-spellings":    "each spelling is right by itself",
		"chain-depends":     "depends is wrong by the type of the DAG",
		"container":         "containers are valid, and refused at the start of a run",
		"empty":             "there is no document",
		"name":              "a name is judged by where it stands",
		"params-json":       "the text of params is JSON of its own",
		"params-schema":     "the schema of the parameters is one of its own",
		"params-text":       "the text of params is words of its own",
		"step-handler-name": "names are compared with each other",
	}
}

// TestSchemaDescribesEveryField finds fields that a table has and the schema says
// nothing of.
func TestSchemaDescribesEveryField(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(dag.Schema())
	require.NoError(t, err)
	var schema struct {
		Defs map[string]struct {
			Properties map[string]struct {
				Description string
				Not         *struct{}
			}
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(text, &schema))
	for def, s := range schema.Defs {
		for key, p := range s.Properties {
			require.True(t, p.Description != "" || p.Not != nil || def == "step", "%s.%s", def, key)
		}
	}
}

func TestSchemaIsGolden(t *testing.T) {
	t.Parallel()
	text, err := json.MarshalIndent(dag.Schema(), "", "  ")
	require.NoError(t, err)
	const file = "testdata/schema.json"
	if *update {
		require.NoError(t, os.WriteFile(file, append(text, '\n'), 0o600))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(text)+"\n", "go test ./modules/dag -run Schema -update writes it anew")
}
