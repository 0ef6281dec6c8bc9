package dag

// Action is what a step does instead of running commands.
type Action struct {
	// Name is that of the action's definition, also where the file has an older name.
	Name string
	// With is unresolved: texts, int64, float64, booleans, nil, []any and
	// map[string]any. It is read-only.
	With map[string]any
}

// Parallel are the items for which a sub-DAG is called. Exactly one of Items and Text is set.
type Parallel struct {
	// Items are unresolved texts, numbers and flat maps, in their order.
	Items []any
	// Text is an unresolved text that becomes the items when the step starts; "" is none.
	Text string
	// MaxConcurrent is how many calls run at once; 10 by default.
	MaxConcurrent int
}

// Foreach is a body of steps that is run for each item. Exactly one of Items and Text is set.
type Foreach struct {
	// Items are unresolved, any values.
	Items []any
	// Text is an unresolved text that becomes a JSON array when the step starts; "" is none.
	Text string
	// As is the name of the item in references; "item" by default.
	As string
	// Key is the unresolved key of an item; "" is its index.
	Key string
	// MaxConcurrent is how many bodies run at once; 10 by default.
	MaxConcurrent int
	// Steps are the body. Their names differ from those of the DAG.
	Steps []Step
	// Collect are the unresolved texts that an item gives as its outputs.
	Collect []Var
}

// Stream says where stdout or stderr of a step goes besides its log.
type Stream struct {
	// Path is an unresolved path of a file that is appended to; "" is none.
	Path string
	// Artifact is an unresolved path below the run's artifacts; "" is none.
	Artifact string
	// Outputs are published by key besides, of stdout only; empty is none. One without a
	// key publishes every key of an object.
	Outputs []Entry
}

// LogOutput says how the logs of a step's streams are kept.
type LogOutput string

// The ways to keep logs.
const (
	// LogSeparate keeps a file for each stream.
	LogSeparate LogOutput = "separate"
	// LogMerged keeps one file for both. What looks for lines of stdout there, as
	// ContinueOn.Output does, then finds those of stderr too.
	LogMerged LogOutput = "merged"
)

// Decode says how captured text becomes a value.
type Decode string

// The ways to decode.
const (
	// DecodeText trims the text at both ends.
	DecodeText Decode = "text"
	DecodeJSON Decode = "json"
	DecodeYAML Decode = "yaml"
)

// Origin is where the value of an Entry comes from.
type Origin string

// The origins of entries.
const (
	OriginValue  Origin = "value"
	OriginStdout Origin = "stdout"
	OriginStderr Origin = "stderr"
	OriginFile   Origin = "file"
)

// Entry is a value that a step publishes by a key.
type Entry struct {
	Key    string
	Origin Origin
	// Value is the unresolved literal of OriginValue, as in Action.With.
	Value any
	// Path is the unresolved path of OriginFile.
	Path string
	// Decode is "" for OriginValue.
	Decode Decode
	// Select is a jq path into the decoded value; "" is all of it.
	Select string
}

// Declared is an output that a step writes to DAGU_OUTPUT_FILE.
type Declared struct {
	Name string
	// JSON tells that the value must be JSON; otherwise it is text.
	JSON bool
}

// Repeat is the repeat policy of a step. Texts are unresolved.
type Repeat struct {
	Mode RepeatMode
	// Condition and Expected are as in a Condition; both may be empty.
	Condition string
	Expected  *string
	ExitCodes []int
	// Interval, Limit and MaxInterval are integers as text, or hold references;
	// "" is none. Limit counts all executions.
	Interval, Limit, MaxInterval string
	// Backoff multiplies the interval after each execution; 0 is none, otherwise over 1.
	Backoff float64
}

// RepeatMode says when a step is repeated.
type RepeatMode string

// The modes of repeating.
const (
	// RepeatWhile repeats while the condition holds.
	RepeatWhile RepeatMode = "while"
	// RepeatUntil repeats until the condition holds.
	RepeatUntil RepeatMode = "until"
	// RepeatAlways repeats while the step succeeds.
	RepeatAlways RepeatMode = "always"
)

// Mail is the header of the mail for an event.
type Mail struct {
	From, Prefix string
	To           []string
	AttachLogs   bool
}

// SMTP is a mail server. All texts are unresolved, and resolved when a mail is sent.
type SMTP struct {
	Host, Port, Username, Password string
}

// MailOn says of which ends of a run a mail is sent.
type MailOn struct {
	Failure, Success, Wait bool
}

// Secret is a value that is shown nowhere.
type Secret struct {
	Name string
	// Provider is "env" or "file".
	Provider string
	// Key is the name of a variable of our own environment, or the path of a file. It is never resolved.
	Key string
}

// Artifacts say where a run keeps what its steps make. Nil in a DAG is off.
type Artifacts struct {
	// Dir is the unresolved authored directory; "" is the configured one.
	Dir string
}
