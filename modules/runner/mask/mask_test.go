package mask_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner/mask"
)

const key = "-----BEGIN KEY-----\nfirst\"line\n  indented \n}\n-----END KEY-----\n"

func masker() *mask.Masker {
	return mask.New([]mask.Secret{
		{Name: "TOKEN", Value: "hunter2"},
		{Name: "LONGER", Value: "hunter2000"},
		{Name: "KEY", Value: key},
		{Name: "AGAIN", Value: "hunter2"},
		{Name: "SPACED", Value: "  spaced out\n"},
		{Name: "EMPTY", Value: " \n"},
		{Name: "TWINS", Value: "ababac"},
	})
}

func TestText(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":             {"plain", "plain"},
		"empty":               {"", ""},
		"within":              {"xhunter2y", "x***TOKEN***y"},
		"twice":               {"hunter2hunter2", "***TOKEN******TOKEN***"},
		"the longest":         {"hunter2000", "***LONGER***"},
		"the longest at hand": {"hunter200", "***TOKEN***00"},
		"a beginning":         {"hunter", "hunter"},
		"blanks around":       {"[spaced out]", "[***SPACED***]"},
		"overlapping":         {"abababac", "ab***TWINS***"},
		"many lines":          {key, "***KEY***\n"},
		"one line":            {"x -----END KEY----- y", "x ***KEY:5*** y"},
		"an indented line":    {"indented", "***KEY:3***"},
		"a short line":        {"}", "}"},
		"in JSON":             {`{"key":"-----BEGIN KEY-----\nfirst\"line\n  indented \n}\n-----END KEY-----\n"}`, `{"key":"***KEY:json***\n"}`},
		"a line in JSON":      {`"first\"line"`, `"***KEY:2:json***"`},
		"a line as it is":     {`first"line`, `***KEY:2***`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := masker()
			require.Equal(t, tt.want, m.Text(tt.text))
			require.Equal(t, tt.text, m.Restore(tt.want), "and back")
			for size := 1; size <= len(tt.text); size++ {
				require.Equal(t, tt.want, streamed(m, tt.text, size), "in parts of %d bytes", size)
			}
		})
	}
}

// streamed masks a text that comes in parts.
func streamed(m *mask.Masker, text string, size int) string {
	var out bytes.Buffer
	s := m.Stream()
	for len(text) > 0 {
		n := min(size, len(text))
		out.Write(s.Next([]byte(text[:n])))
		text = text[n:]
	}
	out.Write(s.End())
	return out.String()
}

func TestStreamHoldsNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	s := masker().Stream()
	require.Equal(t, "log in as root, pass ", string(s.Next([]byte("log in as root, pass hunt"))))
	require.Equal(t, "hunting\n", string(s.Next([]byte("ing\n"))))
	require.Empty(t, s.Next([]byte("hunter2")), "it may become the longer one")
	require.Equal(t, "***TOKEN***\n", string(s.Next([]byte("\n"))))
	require.Empty(t, s.Next([]byte("hun")))
	require.Equal(t, "hun", string(s.End()))
}

func TestNothingToMask(t *testing.T) {
	t.Parallel()
	m := mask.New([]mask.Secret{{Name: "EMPTY"}})
	require.Nil(t, m)
	texts := map[string]string{"a": "***EMPTY***"}
	require.Equal(t, "x", m.Text("x"))
	require.Equal(t, texts, m.Texts(texts))
	require.Equal(t, texts, m.RestoreAll(texts))
	require.Equal(t, "***EMPTY***", m.Restore("***EMPTY***"))
	require.Equal(t, "part", string(m.Stream().Next([]byte("part"))))
	require.Empty(t, m.Stream().End())
}

func TestMapsAreCopied(t *testing.T) {
	t.Parallel()
	m := masker()
	texts := map[string]string{"a": "hunter2"}
	masked := m.Texts(texts)
	require.Equal(t, map[string]string{"a": "***TOKEN***"}, masked)
	require.Equal(t, texts, m.RestoreAll(masked))
	require.Equal(t, map[string]string{"a": "hunter2"}, texts)
	require.Nil(t, m.Texts(nil))
}

func FuzzStream(f *testing.F) {
	f.Add("x hunter2", "ab", "say hunter2 and ab", 3)
	f.Add(key, "key", key, 7)
	f.Fuzz(func(t *testing.T, one, two, text string, size int) {
		m := mask.New([]mask.Secret{{Name: "A", Value: one}, {Name: "B", Value: two}})
		masked := m.Text(text)
		if size > 0 && streamed(m, text, size) != masked {
			t.Fatal("a stream is masked in another way than a text")
		}
		if !strings.Contains(text, "***") && m.Restore(masked) != text {
			t.Fatalf("%q became %q", text, masked)
		}
	})
}

func BenchmarkStream(b *testing.B) {
	s := masker().Stream()
	part := bytes.Repeat([]byte("an ordinary line of a log with hours in it\n"), 700)
	b.SetBytes(int64(len(part)))
	for b.Loop() {
		s.Next(part)
	}
}
