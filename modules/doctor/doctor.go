package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Input is a file to examine.
type Input struct {
	// Name is how findings name the file.
	Name string
	// Text is all of it.
	Text []byte
}

// Options say what is true of the dagu that the files are about.
type Options struct {
	// Endpoints are the paths that probes ask; all are required.
	Endpoints Endpoints
	// Effective returns what is in force in a process. The error says what is
	// wrong with its flags or its environment. It is required.
	Effective func(Launch) (Settings, error)
}

// Endpoints are paths, such as /livez.
type Endpoints struct {
	// Health, Live, Ready and Startup are those of the health server.
	Health, Live, Ready, Startup string
	// Metrics is served beside them.
	Metrics string
	// Web is that of the web server, without its base path.
	Web string
}

// The commands that serve.
const (
	// Scheduler has the health server.
	Scheduler = "scheduler"
	// StartAll has the web server, which answers for the scheduler too.
	StartAll = "start-all"
	// Server has the web server alone.
	Server = "server"
)

// Launch is how a container starts dagu.
type Launch struct {
	// Command is Scheduler, StartAll or Server.
	Command string
	// Flags holds what was given of them, by name without dashes.
	Flags map[string]string
	// Env is the environment in the form of os.Environ, as far as it is known
	// and of interest here.
	Env []string
}

// Settings are what is in force in a process.
type Settings struct {
	// Host and Port are where the server listens that the probes of the command
	// are for: the health server of Scheduler, else the web server. Port 0 is off.
	Host string
	Port int
	// BasePath is put before the paths of the web server.
	BasePath string
	// StallThreshold, StartTimeout and StopTimeout are those of the scheduler.
	StallThreshold, StartTimeout, StopTimeout time.Duration
	// DataDir and DAGsDir are directories in the container; "" where the launch
	// does not say.
	DataDir, DAGsDir string
}

// Finding is one thing that would go wrong.
type Finding struct {
	// File is the name of the input; Line and Column, from 1, are the place to change.
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Rule is its name in the package comment.
	Rule string `json:"rule"`
	// Object is what has it, such as "Pod dagu, container scheduler".
	Object string `json:"object"`
	// Found, Why and Instead are for people: what was found, why it goes wrong,
	// and what to set.
	Found   string `json:"found"`
	Why     string `json:"why"`
	Instead string `json:"instead"`
}

// String is the finding in three lines.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s [%s]\n    why: %s\n    instead: %s",
		f.File, f.Line, f.Column, f.Object, f.Found, f.Rule, f.Why, f.Instead)
}

// Result is what was found in all inputs.
type Result struct {
	// Findings are in the order of the inputs, and by line within one.
	Findings []Finding
	// Containers counts those that run dagu; without any there is nothing to judge.
	Containers int
}

// Check examines inputs. The error names every input that is neither a
// Kubernetes manifest nor a compose file, or an option that is missing; findings
// are no error. Check may be called by many goroutines at once, if Effective may.
func Check(inputs []Input, options Options) (*Result, error) {
	e := options.Endpoints
	switch {
	case options.Effective == nil:
		return nil, errors.New("doctor: Effective is required")
	case slices.Contains([]string{e.Health, e.Live, e.Ready, e.Startup, e.Metrics, e.Web}, ""):
		return nil, errors.New("doctor: all Endpoints are required")
	}
	x := &examination{options: options, cluster: &cluster{}}
	var wrong []error
	for _, in := range inputs {
		documents, err := parse(in)
		if err != nil {
			wrong = append(wrong, err)
		}
		x.order = append(x.order, in.Name)
		for _, d := range documents {
			x.sort(d)
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	x.examine()
	return &Result{Findings: x.inOrder(), Containers: x.containers}, nil
}

// examination is the state of one Check.
type examination struct {
	options    Options
	order      []string
	cluster    *cluster
	composed   []node
	containers int
	findings   []Finding
}

// sort puts a document where it belongs.
func (x *examination) sort(document node) {
	if document.get("kind").exists() {
		x.cluster.add(document)
		return
	}
	x.composed = append(x.composed, document)
}

func (x *examination) examine() {
	for _, p := range x.cluster.pods {
		x.adopt(p)
	}
	x.cluster.pods = slices.DeleteFunc(x.cluster.pods, func(p *pod) bool { return len(p.ours) == 0 })
	for _, p := range x.cluster.pods {
		x.checkPod(p)
	}
	x.checkSharing()
	for _, d := range x.composed {
		x.checkCompose(d)
	}
}

// report adds a finding whose place is at.
func (x *examination) report(at node, f Finding) {
	f.File, f.Line, f.Column = at.file, at.line, at.column
	x.findings = append(x.findings, f)
}

// inOrder sorts the findings, and leaves out what several containers had in common.
func (x *examination) inOrder() []Finding {
	slices.SortStableFunc(x.findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(x.order, a.File), slices.Index(x.order, b.File)),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Rule, b.Rule),
		)
	})
	return slices.CompactFunc(x.findings, func(a, b Finding) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Rule == b.Rule
	})
}
