package dag

import (
	"strings"

	"github.com/xhit/go-str2duration/v2"
)

// decodeOverlap decodes what becomes of a due time while the DAG is busy.
func decodeOverlap(d *draft, n node) {
	text, ok := n.text()
	if !ok {
		return
	}
	switch policy := Overlap(strings.ToLower(strings.TrimSpace(text))); policy {
	case OverlapSkip, OverlapAll, OverlapLatest:
		d.dag.Overlap = policy
	default:
		n.oneOf(string(OverlapSkip), string(OverlapAll), string(OverlapLatest))
	}
}

// decodeCatchup decodes how far back due times are made up for.
func decodeCatchup(d *draft, n node) {
	text, ok := n.text()
	if !ok {
		return
	}
	window, err := str2duration.ParseDuration(strings.TrimSpace(text))
	switch {
	case err != nil:
		n.fail("must be a time such as 90m, 6h or 2d12h")
	case window <= 0:
		n.fail("must be more than nothing, such as 90m, 6h or 2d12h")
	default:
		d.dag.CatchupWindow = window
	}
}
