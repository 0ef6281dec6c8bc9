package action

// The actions that the runner does itself.
const (
	Exec       = "exec"
	DAGRun     = "dag.run"
	DAGEnqueue = "dag.enqueue"
)

// execute starts a program without a shell.
func execute() *Definition {
	return &Definition{
		Name:    Exec,
		Summary: "Run a program without a shell.",
		Fields: []Field{
			{Name: "command", Kind: KindText, Required: true, Doc: "The program: a path, or a name that is looked up in PATH."},
			{Name: "args", Kind: KindList, Doc: "The arguments, each a text, number or boolean.", Check: scalars},
		},
	}
}
