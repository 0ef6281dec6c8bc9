package action_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/action"
)

func TestJQ(t *testing.T) {
	t.Parallel()
	checkCases(t, "jq.filter", map[string]string{"in.json": `{"a": [1, 2]}`, "bad.json": `{"a": 1} x`, "none.json": ""}, map[string]outcome{
		"value":               {`{filter: ".", data: '{"b":[1,{"c":null}],"a":"x","e":[],"o":{}}'}`, "{\n    \"a\": \"x\",\n    \"b\": [\n        1,\n        {\n            \"c\": null\n        }\n    ],\n    \"e\": [],\n    \"o\": {}\n}\n", ""},
		"each result":         {`{filter: ".[]", data: '["x", 1, true, null]'}`, "\"x\"\n1\ntrue\nnull\n", ""},
		"structured data":     {`{filter: ".a[1].b", data: {a: [1, {b: 2.5}]}}`, "2.5\n", ""},
		"a list as data":      {`{filter: "map(. + 1)", raw: true, data: [1, 2]}`, "[2,3]\n", ""},
		"a number as data":    {`{filter: ". * 2", data: 21}`, "42\n", ""},
		"raw":                 {`{filter: ".[]", raw: true, data: '["x y", {"b":1,"a":[1,"z"]}, 1.50, null, "<&>"]'}`, "x y\n{\"a\":[1,\"z\"],\"b\":1}\n1.5\nnull\n<&>\n", ""},
		"raw as text":         {`{filter: ".", raw: "true", data: '"x"'}`, "x\n", ""},
		"numbers":             {`{filter: ".[]", data: '[1.0, 100000000000000000000, -7, 1e3, 0.1, 1e400]'}`, "1\n100000000000000000000\n-7\n1000\n0.1\n1.7976931348623157e+308\n", ""},
		"markup":              {`{filter: ".", data: '"<a>&é"'}`, "\"<a>&é\"\n", ""},
		"input":               {`{filter: ".a | add", input: in.json}`, "3\n", ""},
		"no result":           {`{filter: "empty", data: "1"}`, "", ""},
		"environment":         {`{filter: "$ENV.HOME, env.HOME", data: "1"}`, "\"/home/x\"\n\"/home/x\"\n", ""},
		"halt":                {`{filter: "1, halt, 2", data: "1"}`, "1\n", ""},
		"further fields":      {`{filter: ".", data: "1", slurp: true}`, "1\n", ""},
		"bad filter":          {`{filter: ".a |", data: "1"}`, "", "parse filter"},
		"unknown function":    {`{filter: "nope(1)", data: "1"}`, "", "compile filter"},
		"no module":           {`{filter: 'import "a" as a; 1', data: "1"}`, "", "filter"},
		"no filter":           {`{data: "1"}`, "", "filter is required"},
		"neither":             {`{filter: "."}`, "", "data or input is required"},
		"both":                {`{filter: ".", data: "1", input: in.json}`, "", "with.input cannot stand beside data"},
		"data is no JSON":     {`{filter: ".", data: "{a: 1}"}`, "", "not valid JSON"},
		"data is empty":       {`{filter: ".", data: ""}`, "", "it is empty"},
		"input is no JSON":    {`{filter: ".", input: bad.json}`, "", "something follows the value at byte"},
		"input is empty":      {`{filter: ".", input: none.json}`, "", "it is empty"},
		"input is missing":    {`{filter: ".", input: other.json}`, "", "no such file"},
		"input is a folder":   {`{filter: ".", input: "."}`, "", "not a regular file"},
		"raw is no boolean":   {`{filter: ".", data: "1", raw: maybe}`, "", "with.raw must be a boolean"},
		"nested too deeply":   {`{filter: "reduce range(20000) as $i (0; [.])", raw: true, data: 0}`, "", "nested more than 10000 levels deep"},
		"too many parts":      {`{filter: "reduce range(27) as $i (0; [., .])", raw: true, data: 0}`, "", "more than 67108864 parts"},
		"filter is no scalar": {`{filter: [1], data: "1"}`, "", "with.filter must be a text"},
	})
}

// TestJQErrorsDoNotFail holds that what goes wrong while a filter runs is told on stderr,
// and that the filter goes on.
func TestJQErrorsDoNotFail(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ filter, stdout, stderr string }{
		"type":    {".a", "", "expected an object but got: array"},
		"goes on": {".[] | 6 / .", "3\n6\n", "cannot divide number (6) by: number (0)"},
		"error":   {`1, error("x"), 2`, "1\n2\n", "error: x"},
		"halting": {`1, ("x" | halt_error), 2`, "1\n", "x"},
		"iterate": {".[0][]", "", "cannot iterate over"},
		"deep":    {"1, (reduce range(20000) as $i (0; [.]) | error), 2", "1\n2\n", "the value is nested more than 10000 levels deep"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTrial(t)
			require.NoError(t, s.do(t, "jq.filter", "{filter: '"+tt.filter+"', data: [2, 0, 1]}"))
			require.Equal(t, tt.stdout, s.stdout.String())
			require.Contains(t, s.stderr.String(), tt.stderr)
			require.Equal(t, byte('\n'), s.stderr.Bytes()[s.stderr.Len()-1])
		})
	}
}

// TestJQEnds holds that a filter without end ends with its step.
func TestJQEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	definition, _ := action.Lookup("jq.filter")
	ended := make(chan error, 1)
	started := make(chan struct{}, 1)
	go func() {
		ended <- definition.Run(ctx, &action.Call{
			With: action.Values{"filter": "repeat(1)", "data": "1"}, Stdout: writerFunc(func(p []byte) (int, error) {
				select {
				case started <- struct{}{}:
				default:
				}
				return len(p), nil
			}),
		})
	}()
	<-started
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestInputThatNobodyWrites holds that a pipe without a writer does not hold a step up.
func TestInputThatNobodyWrites(t *testing.T) {
	t.Parallel()
	s := newTrial(t)
	require.NoError(t, syscall.Mkfifo(filepath.Join(s.dir, "pipe"), 0o600))
	require.ErrorContains(t, s.do(t, "jq.filter", "{filter: ., input: pipe}"), "not a regular file")
}

// TestInputIsLimited holds that a file is not read without bound.
func TestInputIsLimited(t *testing.T) {
	t.Parallel()
	s := newTrial(t)
	file, err := os.Create(filepath.Join(s.dir, "large.json"))
	require.NoError(t, err)
	require.NoError(t, file.Truncate(64<<20+1))
	require.NoError(t, file.Close())
	require.ErrorContains(t, s.do(t, "jq.filter", "{filter: ., input: large.json}"), "exceeded maximum size limit of 67108864 bytes")
}
