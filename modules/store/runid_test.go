package store_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestCheckRunID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a", "nightly-7", "A_b-0", strings.Repeat("x", store.MaxRunID)} {
		require.NoError(t, store.CheckRunID(id), id)
	}
	for id, says := range map[string]string{
		"":                                    "is empty",
		strings.Repeat("x", store.MaxRunID+1): "at most 64",
		"a b":                                 "must consist of",
		"a.b":                                 "must consist of",
		"../x":                                "must consist of",
		"é":                                   "must consist of",
		"a\n":                                 "must consist of",
	} {
		require.ErrorContains(t, store.CheckRunID(id), says, "%q", id)
	}
}
