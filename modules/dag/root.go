package dag

import (
	"slices"
	"strings"
	"time"
)

// draft is a document while it is decoded. A DAG's document is decoded onto a
// copy of the base file's draft, so what a row does with what is there already
// is how its field merges: scalars overwrite, lists append.
type draft struct {
	dag DAG
	// location is the zone of schedules that name none.
	location *time.Location
	// typed says that the file or its base has a type.
	typed bool
	// shell and shellArgs are the words of the fields of these names.
	shell, shellArgs []string
	// dotenv are the files besides .env; noDotenv is an explicit empty list.
	dotenv   []string
	noDotenv bool
	// activeRuns is max_active_runs, and activeRunsAt where it stands.
	activeRuns   int
	activeRunsAt node
	artifacts    artifactsDraft
	defaults     defaults
	steps        []*stepDraft
	handlers     [handlerCount]*stepDraft
	// root is the document's map and fields what it holds.
	root   node
	fields entries
}

// newDraft returns a draft with the values of absent fields.
func newDraft(location *time.Location) draft {
	return draft{
		location: location,
		dag: DAG{
			Type: TypeGraph, Overlap: OverlapSkip, OnInterrupt: InterruptFail, MaxCleanUp: defaultCleanUp,
			RetentionDays: defaultRetentionDays,
		},
	}
}

const (
	defaultCleanUp       = 5 * time.Second
	defaultRetentionDays = 30
)

// rootTable is what a document may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var rootTable = newTable(
	map[string]string{"precondition": "preconditions", "tags": "labels"},
	append([]row[draft]{
		{"name", func(*draft, node) {}}, // see document names
		{"group", func(d *draft, n node) { setName(&d.dag.Group, n) }},
		{"description", func(d *draft, n node) { setName(&d.dag.Description, n) }},
		{"type", decodeType},
		{"schedule", decodeSchedule},
		{"skip_if_successful", func(d *draft, n node) { setBool(&d.dag.SkipIfSuccessful, n) }},
		{"catchup_window", decodeCatchup},
		{"overlap_policy", decodeOverlap},
		{"restart_wait_sec", func(d *draft, n node) { setSeconds(&d.dag.RestartWait, n) }},
		{"queue", decodeQueue},
		{"priority", func(d *draft, n node) { setInt(&d.dag.Priority, n, -maxInt) }},
		{"on_interrupt", decodeInterrupt},
		{"retry_policy", func(d *draft, n node) { d.dag.Retry = decodeRunRetry(n) }},
		{"max_active_steps", func(d *draft, n node) { setInt(&d.dag.MaxActiveSteps, n, 0) }},
		{"timeout_sec", func(d *draft, n node) { setSeconds(&d.dag.Timeout, n) }},
		{"delay_sec", func(d *draft, n node) { setSeconds(&d.dag.Delay, n) }},
		{"max_clean_up_time_sec", func(d *draft, n node) { setSeconds(&d.dag.MaxCleanUp, n) }},
		{"hist_retention_days", decodeRetentionDays},
		{"hist_retention_runs", decodeRetentionRuns},
		{"max_active_runs", decodeActiveRuns},
		{"max_output_size", func(d *draft, n node) { setInt(&d.dag.MaxOutput, n, 0) }},
		{"log_dir", func(d *draft, n node) { setReference(&d.dag.LogDir, n) }},
		{"log_output", func(d *draft, n node) { decodeLogOutput(&d.dag.LogOutput, n) }},
		{"mail_on", decodeMailOn},
		{"error_mail", func(d *draft, n node) { decodeMail(&d.dag.ErrorMail, n) }},
		{"info_mail", func(d *draft, n node) { decodeMail(&d.dag.InfoMail, n) }},
		{"wait_mail", func(d *draft, n node) { decodeMail(&d.dag.WaitMail, n) }},
		{"smtp", decodeSMTP},
		{"secrets", decodeSecrets},
		{"container", decodeContainer},
		{"labels", decodeLabels},
		{"consts", decodeConsts},
		{"params", decodeParams},
		{"env", func(d *draft, n node) { d.dag.Env = append(clip(d.dag.Env), decodeEnv(n)...) }},
		{"dotenv", decodeDotenv},
		{"working_dir", func(d *draft, n node) { setReference(&d.dag.WorkingDir, n) }},
		{"shell", func(d *draft, n node) { d.shell = decodeShell(n) }},
		{"shell_args", func(d *draft, n node) { d.shellArgs = append(clip(d.shellArgs), decodeWords(n)...) }},
		{"preconditions", func(d *draft, n node) { d.dag.Preconditions = decodeConditions(n) }},
		{"steps", decodeSteps},
		{"handler_on", decodeHandlers},
		{"defaults", decodeDefaults},
	}, slices.Concat(artifactRows, acceptedRows)...)...,
)

// clip returns list without spare capacity: a draft is copied, and an append
// to the copy must not write into the original.
func clip[T any](list []T) []T {
	return list[:len(list):len(list)]
}

// setName sets a text that may be written as any scalar.
func setName(to *string, n node) {
	if text, ok := n.name(); ok {
		*to = text
	}
}

// setReference sets a text that may hold references.
func setReference(to *string, n node) {
	if text, ok := n.reference(); ok {
		*to = text
	}
}

func setInt(to *int, n node, low int) {
	if i, ok := n.integer(low); ok {
		*to = i
	}
}

func setSeconds(to *time.Duration, n node) {
	if i, ok := n.integer(0); ok {
		*to = time.Duration(i) * time.Second
	}
}

func decodeType(d *draft, n node) {
	text, ok := n.text()
	if !ok {
		return
	}
	switch text = strings.TrimSpace(text); text {
	case string(TypeGraph), string(TypeChain):
		d.dag.Type, d.typed = Type(text), true
	case "controller":
		n.deprecated("use type: agent")
		n.unsupported("type " + text)
	case "agent", "build":
		n.unsupported("type " + text)
	default:
		n.oneOf(string(TypeGraph), string(TypeChain))
	}
}

func decodeInterrupt(d *draft, n node) {
	if text, ok := n.oneOf(string(InterruptFail), string(InterruptRetry)); ok {
		d.dag.OnInterrupt = Interrupt(text)
	}
}

func decodeQueue(d *draft, n node) {
	name, ok := n.name()
	if !ok {
		return
	}
	if name == "" {
		n.fail("must not be blank")
		return
	}
	d.dag.Queue = name
}
