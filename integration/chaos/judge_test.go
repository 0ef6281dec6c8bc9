package chaos_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

// slack is what the machine's clock may have been corrected by while its times were
// compared with monotonic ones, whose unit is 10 ms.
const slack = 200 * time.Millisecond

// matter is all that is judged.
type matter struct {
	*history
	evidence evidence
	plans    map[string]plan
	given    []given
	lives    []lived
	boot     time.Time
	now      time.Time // what the clock of schedules shows

	findings []string
	fullest  map[string]int // how many runs of each queue were alive at once
}

// lived is a process that was alive from one time to the other, and maybe longer.
type lived struct {
	pid      int
	from, to time.Time
}

// find notes a finding.
func (m *matter) find(format string, args ...any) {
	m.findings = append(m.findings, fmt.Sprintf(format, args...))
}

// matter collects what there is to judge.
func (h *home) matter(now time.Time) *matter {
	m := &matter{
		history: h.history(), evidence: h.evidence(), plans: map[string]plan{}, given: h.given, boot: h.boot, now: now,
	}
	for _, l := range h.lives {
		m.lives = append(m.lives, lived{l.cmd.Process.Pid, l.started, l.lived})
	}
	for _, p := range h.plans() {
		m.plans[p.name] = p
	}
	return m
}

// judge tells what is wrong; nothing is what everybody hopes for.
func (m *matter) judge() []string {
	m.findings, m.fullest = nil, map[string]int{}
	m.judgeDue()
	m.judgeFired()
	m.judgeRuns()
	m.judgeGiven()
	m.judgeEvidence()
	m.judgeTimes()
	m.judgeLimits()
	m.judgeOwners()
	return m.findings
}

// audit is what the command that audits schedules finds.
func (h *home) audit() (findings []string) {
	if out, err := h.command("audit", "schedule", "audit").CombinedOutput(); err != nil {
		findings = append(findings, fmt.Sprintf("schedule audit: %v\n%s", err, out))
	}
	return findings
}

// judgeOutside tells what is wrong with the machine once all lives are over.
func (h *home) judgeOutside() (findings []string) {
	for _, p := range h.processes() {
		command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.Pid)) // none is of one that is going
		if len(command) > 0 {
			findings = append(findings, fmt.Sprintf("process %d is left: %q", p.Pid, command))
		}
	}
	left, _ := os.ReadDir(h.path("data", "owners"))
	for _, file := range left {
		if !strings.HasPrefix(file.Name(), ".") { // one that died before it had its name goes a minute later
			findings = append(findings, "the file of an owner is left: "+file.Name())
		}
	}
	bad := regexp.MustCompile(`(?i)panic|data race|internal.error|corrupt|malformed`)
	for _, name := range []string{"0.log", "1.log", "last.log"} {
		text, _ := os.ReadFile(h.path(name)) // there may be one life only
		for line := range strings.Lines(string(text)) {
			if bad.MatchString(line) {
				findings = append(findings, name+" says: "+strings.TrimSpace(line))
			}
		}
	}
	return findings
}
