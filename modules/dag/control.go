package dag

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"dagu/modules/dag/value"

	yaml "go.yaml.in/yaml/v4"
)

// conditionTable is what a precondition may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var conditionTable = newTable(nil,
	row[Condition]{"condition", func(c *Condition, n node) { setCondition(&c.Condition, n) }},
	row[Condition]{"eval", func(c *Condition, n node) { setCondition(&c.Eval, n) }},
	row[Condition]{"expected", func(c *Condition, n node) { c.Expected = decodeExpectedText("preconditions", n) }},
	row[Condition]{"negate", func(c *Condition, n node) { setBool(&c.Negate, n) }},
)

// decodeConditions decodes preconditions: a text, or a list of texts and maps.
func decodeConditions(n node) []Condition {
	var all []Condition
	if n.Kind == yaml.MappingNode {
		n.fail("preconditions must be a text or a list, not a map")
		return nil
	}
	n.each("a text or a list of texts and maps", func(item node) {
		var c Condition
		if item.Kind != yaml.MappingNode {
			setCondition(&c.Condition, item)
			all = append(all, c)
			return
		}
		before := len(item.report.errors)
		fields := conditionTable.decode(&c, item)
		switch condition, eval := fields.has("condition"), fields.has("eval"); {
		case condition && eval:
			item.fail("preconditions: condition and eval exclude each other")
		case !condition && !eval && len(item.report.errors) > before: // the key may be misspelt
		case !condition && !eval && fields.has("expected"):
			item.fail("preconditions: expected needs condition or eval")
		case !condition && !eval:
			item.fail("preconditions: condition or eval is required")
		case eval && !fields.has("expected"):
			item.fail("preconditions: eval needs expected")
		}
		all = append(all, c)
	})
	return all
}

func setCondition(to *string, n node) {
	if text, ok := n.reference(); ok {
		if strings.TrimSpace(text) == "" {
			n.fail("preconditions: a text must not be blank")
		}
		*to = text
	}
}

// decodeExpectedText decodes a text that is compared with, of the field that what names.
func decodeExpectedText(what string, n node) *string {
	text, ok := n.text()
	if !ok {
		return nil
	}
	if strings.TrimSpace(text) == "" {
		n.fail("%s: expected must not be blank", what)
	}
	n.checkRegexp(what+": expected", text)
	return &text
}

// checkRegexp records a "re:" text that is no regexp.
func (n *node) checkRegexp(what, text string) {
	_, err := value.ParsePattern(text)
	if err == nil {
		return
	}
	if cause := errors.Unwrap(err); cause != nil {
		err = cause
	}
	n.fail("%s is not a valid regexp: %s", what, err)
}

// continueTable is what continue_on may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var continueTable = newTable(nil,
	row[ContinueOn]{"failed", func(c *ContinueOn, n node) { setBool(&c.Failed, n) }},
	row[ContinueOn]{"failure", func(c *ContinueOn, n node) { setBool(&c.Failed, n) }},
	row[ContinueOn]{"skipped", func(c *ContinueOn, n node) { setBool(&c.Skipped, n) }},
	row[ContinueOn]{"exit_code", func(c *ContinueOn, n node) { c.ExitCodes = decodeExitCodes(n) }},
	row[ContinueOn]{"output", decodeContinueOutput},
	row[ContinueOn]{"mark_success", func(c *ContinueOn, n node) { setBool(&c.MarkSuccess, n) }},
)

func decodeContinueOn(n node) ContinueOn {
	var c ContinueOn
	if n.Kind == yaml.MappingNode {
		if fields := continueTable.decode(&c, n); fields.has("failed") && fields.has("failure") {
			fields.get("failure").keyNode.failHere("failed and failure are two spellings of one field; use failed")
		}
		return c
	}
	if n.Kind == yaml.SequenceNode {
		n.fail("continue_on must be failed, skipped or a map, not a list")
		return c
	}
	text, ok := n.oneOf("failed", "skipped")
	c.Failed, c.Skipped = ok && text == "failed", ok && text == "skipped"
	return c
}

func decodeContinueOutput(c *ContinueOn, n node) {
	n.each("a text or a list of texts", func(item node) {
		text, ok := item.text()
		if !ok {
			return
		}
		if text == "" {
			item.fail("output must not be empty")
			return
		}
		item.checkRegexp("output", text)
		c.Output = append(c.Output, text)
	})
}

func decodeExitCodes(n node) []int {
	var codes []int
	n.each("an integer or a list of integers", func(item node) {
		if code, ok := item.integer(0); ok {
			codes = append(codes, code)
		}
	})
	return codes
}

// retryTable is what the retry_policy of a step may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var retryTable = newTable(nil,
	row[Retry]{"limit", func(r *Retry, n node) { setIntText(&r.Limit, n) }},
	row[Retry]{"interval_sec", func(r *Retry, n node) { setIntText(&r.Interval, n) }},
	row[Retry]{"backoff", func(r *Retry, n node) { decodeBackoff(&r.Backoff, n) }},
	row[Retry]{"max_interval_sec", func(r *Retry, n node) { setSeconds(&r.MaxInterval, n) }},
	row[Retry]{"exit_code", func(r *Retry, n node) { r.ExitCodes = decodeExitCodes(n) }},
)

func decodeRetry(n node) *Retry {
	var r Retry
	fields := retryTable.decode(&r, n)
	if fields == nil {
		return nil
	}
	for _, key := range [...]string{"limit", "interval_sec"} {
		if !fields.has(key) {
			n.fail("retry_policy: %s is required", key)
		}
	}
	return &r
}

// runRetryTable is what the retry_policy of a document may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var runRetryTable = newTable(nil,
	row[RunRetry]{"limit", func(r *RunRetry, n node) { setInt(&r.Limit, n, 0) }},
	row[RunRetry]{"interval_sec", func(r *RunRetry, n node) { setSeconds(&r.Interval, n) }},
	row[RunRetry]{"backoff", func(r *RunRetry, n node) { decodeBackoff(&r.Backoff, n) }},
	row[RunRetry]{"max_interval_sec", func(r *RunRetry, n node) { setSeconds(&r.MaxInterval, n) }},
)

const (
	defaultRunInterval    = time.Minute
	defaultRunMaxInterval = time.Hour
)

func decodeRunRetry(n node) *RunRetry {
	r := RunRetry{Interval: defaultRunInterval}
	fields := runRetryTable.decode(&r, n)
	if fields == nil {
		return nil
	}
	if !fields.has("limit") {
		n.fail("retry_policy: limit is required")
	}
	if !fields.has("max_interval_sec") {
		r.MaxInterval = max(defaultRunMaxInterval, r.Interval) // the default is no reason to wait less than was asked for
	}
	return &r
}

// setIntText sets an integer that may also be a text with references.
func setIntText(to *string, n node) {
	if n.Kind == yaml.ScalarNode && n.Tag == tagText && strings.Contains(n.Value, "$") {
		setReference(to, n)
		return
	}
	if i, ok := n.integer(0); ok {
		*to = strconv.Itoa(i)
	}
}

// doubling is what "backoff: true" multiplies with.
const doubling = 2

func decodeBackoff(to *float64, n node) {
	if n.Tag == tagBool {
		if on, ok := n.boolean(); ok && on {
			*to = doubling
		}
		return
	}
	f, ok := n.float()
	if !ok || f <= 1 {
		n.fail("backoff must be true, false or a number over 1")
		return
	}
	*to = f
}
