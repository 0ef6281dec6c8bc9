package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"dagu/config"
)

// TestSchemaAgreesWithTheLoader holds files against the schema and the loader.
func TestSchemaAgreesWithTheLoader(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(config.Schema())
	require.NoError(t, err)
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("config.json", parsed))
	schema, err := c.Compile("config.json")
	require.NoError(t, err)
	for text, good := range map[string]bool{
		"paths: {dags_dir: dags}\ntz: Europe/Berlin\nlog_format: json\ndebug: yes\n":                                   true,
		"scheduler: {port: 0, stall_threshold: 1m, details: false}\nqueues: {config: [{name: a, max_concurrency: 2}]}": true,
		"env_passthrough: [A, B_*]\nport: \"80\"\nauth:\n":                                                             true,
		"queues: {config: [{max_concurrency: 2}]}":                                                                     false,
		"queues: {config: {name: a}}":                                                                                  false,
		"scheduler: 8090":                                                                                              false,
		"env_passthrough: A":                                                                                           false,
		"port: {a: 1}":                                                                                                 false,
	} {
		var v any
		require.NoError(t, yaml.Unmarshal([]byte(text), &v))
		as, err := json.Marshal(v)
		require.NoError(t, err)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(as))
		require.NoError(t, err)
		bySchema := schema.Validate(value)

		home := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(home, "config.yaml"), []byte(text), 0o600))
		_, byLoader := config.Load(config.Options{Environ: []string{"DAGU_HOME=" + home}})
		require.Equal(t, good, bySchema == nil, "%s: %v", text, bySchema)
		require.Equal(t, good, byLoader == nil, "%s: %v", text, byLoader)
	}
}

func TestSchemaDescribesEveryKey(t *testing.T) {
	t.Parallel()
	var look func(at map[string]any, path string)
	look = func(at map[string]any, path string) {
		properties, ok := at["properties"].(map[string]any)
		if !ok {
			require.NotEmpty(t, at["description"], path)
			return
		}
		for key, value := range properties {
			look(value.(map[string]any), path+"."+key) //nolint:forcetypeassert // it panics otherwise
		}
	}
	look(config.Schema(), "")
}
