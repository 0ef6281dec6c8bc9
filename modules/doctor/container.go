package doctor

import (
	"maps"
	"slices"
	"strings"
)

// container is one that runs dagu.
type container struct {
	// owner names what it is in, such as "Pod dagu".
	owner string
	node  node
	name  string
	Launch

	env environment
	// setAt is where the file sets the environment.
	setAt node
	// Settings are in force, if known is set; otherwise nothing that depends on
	// them is judged.
	Settings
	known bool
}

// object is how findings call the container.
func (c *container) object() string {
	if c.name == "" {
		return c.owner
	}
	return c.owner + ", container " + c.name
}

// environment is what a container is given, as far as it can be read.
type environment struct {
	set map[string]string
	// hidden names variables whose value stands elsewhere; open says that any
	// further one may be set, from elsewhere too.
	hidden map[string]bool
	open   bool
}

func newEnvironment() environment {
	return environment{set: map[string]string{}, hidden: map[string]bool{}}
}

func (e *environment) put(name, value string) {
	delete(e.hidden, name)
	if refers(value) {
		e.hide(name)
		return
	}
	e.set[name] = strings.ReplaceAll(value, "$$", "$")
}

// assign is put for compose, which takes what is given without a value from the
// environment of whoever starts it.
func (e *environment) assign(name, value string, given bool) {
	if given {
		e.put(name, value)
	} else {
		e.hide(name)
	}
}

func (e *environment) hide(name string) {
	delete(e.set, name)
	e.hidden[name] = true
}

// refers tells whether a value is put together when the container starts, as
// $(NAME) of Kubernetes and $NAME and ${NAME} of compose are.
func refers(value string) bool {
	return strings.Contains(strings.ReplaceAll(value, "$$", ""), "$")
}

// unknown tells whether the value of a variable cannot be read.
func (e *environment) unknown(name string) bool {
	_, set := e.set[name]
	return !set && (e.open || e.hidden[name])
}

// concerns tells whether a variable has a part in what is judged here. The names
// and passwords of users have none.
func concerns(name string) bool {
	return strings.HasPrefix(name, "DAGU_SCHEDULER_") || slices.Contains([]string{
		"DAGU_HOME", "DAGU_DAGS", "DAGU_DAGS_DIR", "DAGU_DATA_DIR", "DAGU_HOST", "DAGU_PORT", "DAGU_BASE_PATH", databaseURL,
	}, name)
}

// Variables whose settings no flag sets.
const (
	databaseURL    = "DAGU_DATABASE_URL"
	stallThreshold = "DAGU_SCHEDULER_STALL_THRESHOLD"
	startTimeout   = "DAGU_SCHEDULER_START_TIMEOUT"
	stopTimeout    = "DAGU_SCHEDULER_STOP_TIMEOUT"
)

// sqlite tells whether the container keeps its history in SQLite, for all that can be read.
func (c *container) sqlite() bool { return c.env.set[databaseURL] == "" && !c.env.unknown(databaseURL) }

// settle finds out what is in force. Values that would stop dagu from starting
// are a finding, unless one that cannot be read may have a part in it.
func (x *examination) settle(c *container) {
	veiled := c.env.open
	for name := range c.env.hidden {
		veiled = veiled || concerns(name)
	}
	for name, value := range c.Flags {
		if refers(value) {
			veiled = true
			delete(c.Flags, name)
			c.env.hide("--" + name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.env.set)) {
		if concerns(name) {
			c.Env = append(c.Env, name+"="+c.env.set[name])
		}
	}
	s, err := x.options.Effective(c.Launch)
	if err == nil {
		c.Settings, c.known = s, true
		return
	}
	if !veiled {
		x.report(c.setAt, Finding{
			Rule: "settings", Object: c.object(), Found: err.Error(),
			Why:     "dagu refuses to start with it",
			Instead: "a value that is allowed, or none for the default",
		})
	}
}

// variable is the one of a setting of the server that probes ask.
func (c *container) variable(name string) string {
	if c.Command == Scheduler {
		return "DAGU_SCHEDULER_" + strings.ToUpper(name)
	}
	return "DAGU_" + strings.ToUpper(name)
}

// sure tells whether a setting of that server can be read.
func (c *container) sure(name string) bool {
	_, flag := c.Flags[name]
	return c.known && !c.env.hidden["--"+name] && (flag || !c.env.unknown(c.variable(name)))
}

// sureOf tells whether a setting that no flag sets can be read.
func (c *container) sureOf(variable string) bool { return c.known && !c.env.unknown(variable) }
