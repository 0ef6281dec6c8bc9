package dag_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dagu/modules/dag"
)

const smallFile = `# a job as most are
description: nightly numbers
schedule: "30 4 * * *"
queue: etl
env:
  - OUT: /srv/numbers
  - REPORT=$OUT/${params.day}.csv
params:
  - day: Mon
steps:
  - id: count
    run: wc -l in.csv
    retry_policy: {limit: 2, interval_sec: 5}
  - id: tell
    depends: count
    run: |
      echo "done"
      echo "really"
`

// largeFile has 500 steps.
func largeFile() string {
	var b strings.Builder
	b.WriteString("type: graph\nsteps:\n")
	for i := range 500 {
		fmt.Fprintf(&b, "  - id: s%d\n    run: echo ${params.day} %d\n    env: {A: 1, B: \"$A\"}\n    timeout_sec: 60\n", i, i)
		if i > 0 {
			fmt.Fprintf(&b, "    depends: [s%d]\n", i-1)
		}
	}
	return b.String()
}

func benchmarkLoad(b *testing.B, text string) {
	b.Helper()
	options := dag.Options{Location: time.UTC}
	base := []byte("env: [REGION=eu]\ndefaults: {retry_policy: {limit: 1, interval_sec: 5}}\nhandler_on: {failure: {run: echo}}\n")
	options.Base = dag.ParseBase("/dags/base.yaml", base, options)
	source := dag.Source{File: "/dags/job.yaml", Text: []byte(text), BaseFile: "/dags/base.yaml", Base: base}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dag.Load(source, options); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadSmall(b *testing.B) { benchmarkLoad(b, smallFile) }

func BenchmarkLoadLarge(b *testing.B) { benchmarkLoad(b, largeFile()) }

func BenchmarkLoadBad(b *testing.B) {
	source := dag.Source{File: "/dags/job.yaml", Text: []byte(strings.ReplaceAll(smallFile, "run:", "rum:"))}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dag.Load(source, dag.Options{Location: time.UTC}); err == nil {
			b.Fatal("it loaded")
		}
	}
}

func BenchmarkGraph(b *testing.B) {
	d, err := dag.Load(dag.Source{File: "/dags/job.yaml", Text: []byte(largeFile())}, dag.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Graph(); err != nil {
			b.Fatal(err)
		}
	}
}
