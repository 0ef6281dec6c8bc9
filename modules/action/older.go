package action

import "strings"

// Older is what the older fields "command" and "script" beside "type" are for an action.
type Older struct {
	// Command are the fields that the words of command fill. The last one takes all that
	// is left. Nil is none.
	Command []string
	// Script is the field that script fills; "" is none.
	Script string
}

// OlderFields returns what the older fields are for an action.
func OlderFields(name string) Older {
	switch name {
	case "http.request":
		return Older{Command: []string{"method", "url"}, Script: "body"}
	case "jq.filter":
		return Older{Command: []string{"filter"}, Script: "data"}
	case "log.write":
		return Older{Command: []string{"message"}, Script: "message"}
	case "sqlite.query":
		return Older{Command: []string{"query"}, Script: "query"}
	case "template.render":
		return Older{Script: "template"}
	case DAGRun:
		return Older{Command: []string{"dag"}}
	case Exec:
		return Older{Command: []string{"command"}}
	}
	return Older{}
}

// Words returns the texts of the fields that command fills.
func (o Older) Words(command string) map[string]string {
	words := make(map[string]string)
	for i, field := range o.Command {
		word := strings.TrimSpace(command)
		if i < len(o.Command)-1 {
			if end := strings.IndexAny(word, " \t\n"); end >= 0 {
				word, command = word[:end], word[end:]
			} else {
				command = ""
			}
		}
		if word != "" {
			words[field] = word
		}
	}
	return words
}

// Present returns the field that a key means in the spelling of older releases, such as
// nullString; false when there is none.
func (d *Definition) Present(key string) (string, bool) {
	if d.field(key) != nil || key == strings.ToLower(key) {
		return "", false
	}
	for i := range d.Fields {
		if strings.EqualFold(strings.ReplaceAll(d.Fields[i].Name, "_", ""), key) {
			return d.Fields[i].Name, true
		}
	}
	return "", false
}
