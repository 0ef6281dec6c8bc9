package action_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConvert(t *testing.T) {
	t.Parallel()
	const rows = "name,age\nAda,36\n\"Bo, B\",7\n"
	checkCases(t, "data.convert", map[string]string{"in.csv": "\ufeff" + rows, "in.yaml": "a: 1\n"}, map[string]outcome{
		"json to json":        {`{from: json, to: json, data: '{"b": [1, 2.50], "a": "<x>"}'}`, `{"a":"<x>","b":[1,2.5]}` + "\n", ""},
		"json to yaml":        {`{from: json, to: yaml, data: '{"b": [1, {"c": "yes"}], "a": null}'}`, "a: null\nb:\n- 1\n- c: 'yes'\n", ""},
		"json to csv":         {`{from: json, to: csv, data: '[{"b": 1, "a": "x,y"}, {"a": "q\"q", "c": [1]}]'}`, "a,b,c\n\"x,y\",1,\n\"q\"\"q\",,[1]\n", ""},
		"json to tsv":         {`{from: json, to: tsv, data: '[{"b": 1, "a": "x"}]'}`, "a\tb\nx\t1\n", ""},
		"json to text":        {`{from: json, to: text, data: '"a b"'}`, "a b\n", ""},
		"map to text":         {`{from: json, to: text, data: {b: 1, a: [x]}}`, `{"a":["x"],"b":1}` + "\n", ""},
		"nothing to text":     {`{from: json, to: text, data: "null"}`, "\n", ""},
		"one map to csv":      {`{from: json, to: csv, data: {a: 1, b: true}}`, "a,b\n1,true\n", ""},
		"lists to csv":        {`{from: json, to: csv, data: [[1, x], [2, null]]}`, "1,x\n2,\n", ""},
		"named lists to csv":  {`{from: json, to: csv, headers: [n, s], data: [[1, x]]}`, "n,s\n1,x\n", ""},
		"scalars to csv":      {`{from: json, to: csv, data: [1, x]}`, "1\nx\n", ""},
		"nothing to csv":      {`{from: json, to: csv, data: []}`, "", ""},
		"columns of csv":      {`{from: json, to: csv, columns: [b, z, a], data: [{a: 1, b: 2, c: 3}]}`, "b,z,a\n2,,1\n", ""},
		"no header row":       {`{from: json, to: csv, has_header: false, data: [{a: 1, b: 2}]}`, "1,2\n", ""},
		"headers off":         {`{from: json, to: csv, headers: false, data: [{a: 1, b: 2}]}`, "1,2\n", ""},
		"delimiter":           {`{from: json, to: csv, delimiter: ";", data: [{a: 1, b: "2;3"}]}`, "a;b\n1;\"2;3\"\n", ""},
		"csv to json":         {`{from: csv, to: json, input: in.csv}`, `[{"age":"36","name":"Ada"},{"age":"7","name":"Bo, B"}]` + "\n", ""},
		"csv without header":  {`{from: csv, to: json, has_header: false, data: "a,b\n1,2"}`, `[["a","b"],["1","2"]]` + "\n", ""},
		"csv with headers":    {`{from: csv, to: json, headers: [x, y], data: "1,2\n3,4"}`, `[{"x":"1","y":"2"},{"x":"3","y":"4"}]` + "\n", ""},
		"csv renamed":         {`{from: csv, to: json, has_header: true, headers: [x, y], data: "a,b\n3,4"}`, `[{"x":"3","y":"4"}]` + "\n", ""},
		"csv columns":         {`{from: csv, to: json, columns: age, input: in.csv}`, `[{"age":"36"},{"age":"7"}]` + "\n", ""},
		"csv to csv":          {`{from: csv, to: csv, input: in.csv}`, rows, ""},
		"csv to tsv":          {`{from: csv, to: tsv, input: in.csv}`, "name\tage\nAda\t36\nBo, B\t7\n", ""},
		"csv reordered":       {`{from: csv, to: csv, columns: [age, name], input: in.csv}`, "age,name\n36,Ada\n7,\"Bo, B\"\n", ""},
		"csv, header dropped": {`{from: csv, to: csv, headers: false, input: in.csv}`, "Ada,36\n\"Bo, B\",7\n", ""},
		"semicolons to tsv":   {`{from: csv, to: tsv, delimiter: ";", data: "a;b\n1;2"}`, "a\tb\n1\t2\n", ""},
		"tsv to json":         {`{from: tsv, to: json, data: "a\tb\n1\tx\"2"}`, `[{"a":"1","b":"x\"2"}]` + "\n", ""},
		"tsv with bars":       {`{from: tsv, to: json, delimiter: "|", data: "a|b\n1|2"}`, `[{"a":"1","b":"2"}]` + "\n", ""},
		"empty csv":           {`{from: csv, to: json, data: ""}`, "[]\n", ""},
		"header alone":        {`{from: csv, to: csv, data: "a,b"}`, "a,b\n", ""},
		"yaml to json":        {`{from: yaml, to: json, data: "a: [1, 0x10, 1.50, yes, ~]\nd: 2026-01-02\n1: x\n"}`, `{"1":"x","a":[1,16,1.5,"yes",null],"d":"2026-01-02"}` + "\n", ""},
		"yaml from a file":    {`{from: yaml, to: json, input: in.yaml}`, `{"a":1}` + "\n", ""},
		"yaml with merge":     {`{from: yaml, to: json, data: "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\n"}`, `{"x":{"a":1,"b":2},"y":{"a":1,"b":3}}` + "\n", ""},
		"yaml as a value":     {`{from: yaml, to: json, data: {a: 1}}`, `{"a":1}` + "\n", ""},
		"empty yaml":          {`{from: yaml, to: json, data: ""}`, "null\n", ""},
		"text to json":        {`{from: text, to: json, data: "a\nb\n"}`, `"a\nb\n"` + "\n", ""},
		"text to text":        {`{from: text, to: text, data: "a\nb\n"}`, "a\nb\n", ""},
		"number as text":      {`{from: text, to: json, data: 5}`, "5\n", ""},
		"unknown format":      {`{from: xml, to: json, data: "x"}`, "", "with.from must be json or yaml or csv or tsv or text"},
		"no format":           {`{from: json, data: "x"}`, "", "to is required"},
		"unknown field":       {`{from: json, to: json, data: "1", pretty: true}`, "", "invalid keys: pretty"},
		"no data":             {`{from: json, to: json}`, "", "data or input is required"},
		"bad json":            {`{from: json, to: json, data: "{"}`, "", "not valid JSON"},
		"bad yaml":            {`{from: yaml, to: json, data: "a: [1"}`, "", "not valid YAML"},
		"two documents":       {`{from: yaml, to: json, data: "a: 1\n---\nb: 2\n"}`, "", "a second document begins"},
		"key twice":           {`{from: yaml, to: json, data: "a: 1\na: 2\n"}`, "", "not valid YAML"},
		"keys of two types":   {`{from: yaml, to: json, data: "1: a\n\"1\": b\n"}`, "", "the key \"1\" is there twice"},
		"a list as a key":     {`{from: yaml, to: json, data: "[1]: a\n"}`, "", "a key must be a text, not a list"},
		"own tag":             {`{from: yaml, to: json, data: "a: !x 1\n"}`, "", "the tag !x cannot be read"},
		"bad csv":             {`{from: csv, to: json, data: "a,b\n1"}`, "", "not valid csv"},
		"name twice":          {`{from: csv, to: json, data: "a,a\n1,2"}`, "", `two columns have the name "a"`},
		"no such column":      {`{from: csv, to: json, columns: [z], data: "a,b\n1,2"}`, "", `there is no column "z"; there are: a, b`},
		"columns, no names":   {`{from: csv, to: json, has_header: false, columns: [a], data: "1,2"}`, "", "columns needs names"},
		"headers too few":     {`{from: csv, to: json, headers: [a], data: "1,2"}`, "", "a row has 2 columns, not 1"},
		"list as csv":         {`{from: csv, to: json, data: [1]}`, "", "data must be a text in the format csv, not a list"},
		"list as text":        {`{from: text, to: json, data: [1]}`, "", "data must be a text in the format text"},
		"long delimiter":      {`{from: csv, to: json, delimiter: ", ", data: "1"}`, "", "with.delimiter must be one character"},
		"quote as delimiter":  {`{from: csv, to: json, delimiter: '"', data: "1"}`, "", "with.delimiter must be one character"},
		"headers of no list":  {`{from: csv, to: json, headers: {a: 1}, data: "1"}`, "", "with.headers must be a list of names"},
		"columns of json":     {`{from: json, to: yaml, columns: [a], data: "1"}`, "", "with.columns is for csv and tsv"},
	})
}

func TestPick(t *testing.T) {
	t.Parallel()
	checkCases(t, "data.pick", map[string]string{"in.json": `{"items": [{"name": "a b", "n": 1}, {"name": "c", "n": 2}]}`}, map[string]outcome{
		"value":            {`{from: json, select: ".items[1]", input: in.json}`, `{"n":2,"name":"c"}` + "\n", ""},
		"text":             {`{from: json, select: ".items[0].name", input: in.json}`, "\"a b\"\n", ""},
		"without a dot":    {`{from: json, select: "items[0].name", raw: true, input: in.json}`, "a b\n", ""},
		"of a list":        {`{from: json, select: "[1]", data: [x, y]}`, "\"y\"\n", ""},
		"several":          {`{from: json, select: ".items[].name", raw: true, input: in.json}`, "a b\nc\n", ""},
		"raw map":          {`{from: json, select: ".items[1]", raw: true, input: in.json}`, `{"n":2,"name":"c"}` + "\n", ""},
		"to yaml":          {`{from: json, select: ".items[1]", to: yaml, input: in.json}`, "'n': 2\nname: c\n", ""},
		"to csv":           {`{from: json, select: .items, to: csv, input: in.json}`, "n,name\n1,a b\n2,c\n", ""},
		"to text":          {`{from: json, select: ".items[0].name", to: text, input: in.json}`, "a b\n", ""},
		"of yaml":          {`{from: yaml, select: .a.b, data: "a: {b: 5}"}`, "5\n", ""},
		"of csv":           {`{from: csv, select: ".[0].b", raw: true, data: "a,b\n1,2"}`, "2\n", ""},
		"of tsv, bare":     {`{from: tsv, has_header: false, select: ".[1][0]", raw: true, data: "1\t2\n3\t4"}`, "3\n", ""},
		"missing":          {`{from: json, select: .x.y, data: {}}`, "null\n", ""},
		"bad path":         {`{from: json, select: ".a[", data: {}}`, "", "parse filter"},
		"no map":           {`{from: json, select: .a, data: [1]}`, "", "select .a: expected an object"},
		"raw beside to":    {`{from: json, select: .a, raw: true, to: yaml, data: {}}`, "", "with.to cannot stand beside raw"},
		"raw off":          {`{from: json, select: .a, raw: false, to: yaml, data: {a: x}}`, "x\n", ""},
		"no select":        {`{from: json, data: {}}`, "", "select is required"},
		"no data":          {`{from: json, select: .a}`, "", "data or input is required"},
		"csv keys of json": {`{from: json, select: .a, has_header: true, data: {}}`, "", "with.has_header is for csv and tsv"},
	})
}

// TestYAMLBombs holds that a small text does not become a huge value.
func TestYAMLBombs(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 9 {
		one := string(rune('0' + i))
		next := string(rune('1' + i))
		bomb.WriteString("a" + next + ": &a" + next + " [" + strings.Repeat("*a"+one+", ", 10) + "]\n")
	}
	for name, tt := range map[string]struct{ text, says string }{
		"aliases": {bomb.String(), "not valid YAML"},
		"itself":  {"a: &a [*a]\n", "not valid YAML"},
		"depth":   {strings.Repeat("[", 100_000), "not valid YAML"},
		"size":    {strings.Repeat("#", 4<<20+1), "maximum size limit of 4194304 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTrial(t)
			s.file(t, "in.yaml", tt.text)
			require.ErrorContains(t, s.do(t, "data.convert", "{from: yaml, to: json, input: in.yaml}"), tt.says)
		})
	}
}
