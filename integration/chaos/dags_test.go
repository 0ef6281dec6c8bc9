package chaos_test

import (
	"fmt"
	"time"
)

// work is what steps do: they write down who they are, who started them, and when
// they began, were alive, and ended. A line is written at once.
const work = `
tell() {
  read -r up rest </proc/uptime
  echo "$DAGU_RUN_MARKER $DAG_RUN_STEP_NAME $PPID $1 $up" >>%s
}
tell start
i=0
while [ $i -lt "$1" ]; do
  sleep 0.03
  tell alive
  i=$((i + 1))
done
`

// orphan lets a child of the step outlive kill -9: it has a session of its own, and
// goes on as long as its step has not ended.
const orphan = `
flag=%[1]s.$$
: >"$flag"
setsid sh -c 'tell() {
  read -r up rest </proc/uptime
  echo "$DAGU_RUN_MARKER $DAG_RUN_STEP_NAME 0 alive $up" >>%[1]s
}
i=0
while [ -e "$0" ] && [ $i -lt 1000 ]; do tell; sleep 0.03; i=$((i + 1)); done' "$flag" &
`

// flaky fails in the first attempt of its run, and in no other.
const flaky = `
if [ ! -e %[1]s.$DAG_RUN_ID ]; then
  : >%[1]s.$DAG_RUN_ID
  exit 1
fi
`

// writeWork writes the scripts of the steps.
func (h *home) writeWork() {
	evidence := h.path("evidence")
	begin := fmt.Sprintf(work, evidence)
	h.write("work.sh", begin+"tell end\n")
	h.write("hopeless.sh", begin+"exit 1\n")
	h.write("flaky.sh", begin+fmt.Sprintf(flaky, evidence)+"tell end\n")
	h.write("orphan.sh", fmt.Sprintf(orphan, evidence)+begin+"rm -f \"$flag\"\nwait\ntell end\n")
}

// step is a step that works so many turns of about 35 ms.
func (h *home) step(name, script string, turns int, depends string) string {
	text := fmt.Sprintf("  - name: %s\n    run: exec sh %s %d\n", name, h.path(script), turns)
	if depends != "" {
		text += fmt.Sprintf("    depends: %s\n", depends)
	}
	return text
}

// plan is a DAG of the home.
type plan struct {
	name     string
	head     string // what stands before its steps
	steps    string
	tries    int           // how often a run is attempted at most
	again    bool          // it asks for on_interrupt: retry
	fails    bool          // an attempt that is not the last may fail by itself
	wait     time.Duration // after such a one
	hopeless bool          // all attempts fail, and the failure handler runs after the last
	instants bool          // it is due at instants, which all fire
	stops    bool          // a schedule stops it
	queue    string
	limit    int // of its queue
}

// text is the DAG's file.
func (p plan) text() string { return p.head + "steps:\n" + p.steps }

// plans are the DAGs of a home.
func (h *home) plans() []plan {
	one := h.step("one", "work.sh", 2, "")
	two := one + h.step("two", "work.sh", 2, "one")
	list := []plan{
		{name: "minute", head: "schedule: '* * * * *'\n", steps: two},
		{name: "again", head: "schedule: '* * * * *'\non_interrupt: retry\n", steps: two + h.step("three", "work.sh", 6, "two"), tries: 2, again: true},
		{name: "long", head: "schedule: ['* * * * *', '*/2 * * * *']\n", steps: h.step("one", "work.sh", 40, "")},
		{name: "orphan", head: "schedule: '*/3 * * * *'\non_interrupt: retry\n", steps: h.step("one", "orphan.sh", 15, ""), tries: 2, again: true},
		{name: "berlin", head: "schedule: 'CRON_TZ=Europe/Berlin 30,45 * * * *'\n", steps: one},
		{name: "night", head: "schedule: ['CRON_TZ=Europe/Berlin 30 2 * * *', 'CRON_TZ=Europe/Berlin */5 1-3 * * *']\n", steps: one},
		{name: "edited", head: "schedule: '*/2 * * * *'\n", steps: one},
		{name: "gone", head: "schedule: '*/2 * * * *'\n", steps: one},
		{name: "catchup", head: "schedule: '*/2 * * * *'\noverlap_policy: all\ncatchup_window: 20m\n", steps: one},
		{name: "latest", head: "schedule: '* * * * *'\noverlap_policy: latest\ncatchup_window: 10m\n", steps: h.step("one", "work.sh", 35, "")},
		{name: "stopped", head: "schedule: {start: '*/2 * * * *', stop: '1-59/2 * * * *'}\n", steps: h.step("one", "work.sh", 60, ""), stops: true},
		{name: "restarted", head: "schedule: {restart: '*/3 * * * *'}\nrestart_wait_sec: 0\n", steps: h.step("one", "work.sh", 20, ""), stops: true},
		{name: "flaky", head: "schedule: '*/3 * * * *'\nretry_policy: {limit: 2, interval_sec: 1}\n", steps: two + h.step("three", "flaky.sh", 1, "two"), tries: 3, fails: true, wait: time.Second},
		{name: "hopeless", head: h.hopeless(), steps: h.step("one", "hopeless.sh", 1, ""), tries: 3, fails: true, wait: time.Second, hopeless: true},
		{name: "instants", head: h.instants(), steps: one, instants: true},
		{name: "direct", steps: two, limit: 100}, // outside of limits
		{name: "manual", head: "queue: narrow\n", steps: one, queue: "narrow", limit: 2},
	}
	for i := range 3 {
		list = append(list, plan{
			name: fmt.Sprintf("shared-%d", i), head: fmt.Sprintf("schedule: '*/2 * * * *'\nqueue: narrow\npriority: %d\n", i),
			steps: h.step("one", "work.sh", 8, ""), queue: "narrow", limit: 2,
		})
	}
	for i := range list {
		if list[i].queue == "" {
			list[i].queue, list[i].limit = list[i].name, max(list[i].limit, 1)
		}
		list[i].tries = max(list[i].tries, 1)
	}
	return list
}

// failed is the failure handler in the evidence of an attempt.
const failed = "onFailure"

// hopeless is the head of a DAG whose runs fail and are retried in vain.
func (h *home) hopeless() string {
	return fmt.Sprintf("schedule: '*/3 * * * *'\nretry_policy: {limit: 2, interval_sec: 1}\nhandler_on: {failure: {run: exec sh %s 1}}\n", h.path("work.sh"))
}

// instants is the head of a DAG that is due now and then, ever more rarely.
func (h *home) instants() string {
	text := "overlap_policy: all\nschedule:\n"
	for minutes, last := 1, 1; minutes < 400; minutes, last = minutes+last, minutes {
		at := h.begin.Truncate(time.Minute).Add(time.Duration(minutes) * time.Minute)
		text += fmt.Sprintf("  - {kind: at, at: '%s'}\n", at.Format(time.RFC3339))
	}
	return text
}
