package integration_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// layers says which module may import which: only those of a lower number.
// A lower layer that needs a higher one declares an interface, and app binds it.
func layers() map[string]int {
	return map[string]int{
		"modules/fault":     -1, // a tool of tests, empty otherwise
		"modules/action":    0,
		"modules/mail":      0,
		"modules/schedule":  0,
		"modules/health":    0,
		"modules/logging":   0,
		"modules/routine":   0,
		"modules/disk":      1,
		"modules/life":      1,
		"modules/notify":    1,
		"modules/ping":      1,
		"modules/doctor":    0,
		"modules/dag":       1,
		"modules/metrics":   1,
		"modules/runlog":    1,
		"modules/store":     2,
		"modules/catalog":   2,
		"modules/audit":     3,
		"modules/queue":     3,
		"modules/runner":    3,
		"modules/scheduler": 4,
		"modules/web":       5,
	}
}

// sideways are the imports within one layer that are meant.
func sideways() map[string]string {
	return map[string]string{
		"modules/catalog": "modules/store", // the catalog keeps last good versions in the store's types
	}
}

// source is one Go file of the tree.
type source struct {
	path    string // from the root, with slashes
	imports []string
}

func (s source) dir() string      { return filepath.ToSlash(filepath.Dir(s.path)) }
func (s source) isTest() bool     { return strings.HasSuffix(s.path, "_test.go") }
func (s source) isModule() bool   { return filepath.Base(s.path) == "module.go" }
func (s source) in(p string) bool { return s.dir() == p || strings.HasPrefix(s.dir(), p+"/") }

// module is the top folder below modules/, or "".
func module(path string) string {
	parts := strings.SplitN(path, "/", 3)
	if len(parts) < 2 || parts[0] != "modules" {
		return ""
	}
	return parts[0] + "/" + parts[1]
}

func sources(t *testing.T) []source {
	t.Helper()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	var list []source
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") || d.Name() == "tmp" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(rel)}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, name)
		}
		list = append(list, s)
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(list), 50, "the walk has found the tree")
	return list
}

// imports tells whether the file imports the package or one below it.
func (s source) importsAny(pkg string) bool {
	return slices.ContainsFunc(s.imports, func(i string) bool { return i == pkg || strings.HasPrefix(i, pkg+"/") })
}

// TestImports holds the rules of who may import what.
func TestImports(t *testing.T) {
	t.Parallel()
	bans := []struct {
		pkg    string
		except func(s source) bool
		why    string
	}{
		{
			"dagu/cmd", func(s source) bool { return s.in("cmd") || s.in("integration") },
			"the command line is the outermost part: nothing stands on it",
		},
		{
			"dagu/integration", func(source) bool { return false },
			"proof from outside is imported by nobody",
		},
		{
			"dagu/app", func(s source) bool { return s.in("app") || s.in("cmd") || s.in("integration") },
			"only commands and proofs pick a graph",
		},
		{
			"dagu/modules", func(s source) bool { return !s.in("config") },
			"config is what a user can set, not what is made of it",
		},
		{
			"dagu/config", func(s source) bool {
				return !s.in("modules") || s.isModule() || s.isTest()
			},
			"a module takes its own Options; its module.go translates",
		},
		{
			"go.uber.org/fx", func(s source) bool {
				return s.in("app") || s.isModule() || s.isTest() || s.path == "config/module.go"
			},
			"wiring stands in app and in module.go files; the rest is plain Go",
		},
		{
			"github.com/spf13/viper", func(s source) bool { return s.in("config") },
			"values are read in one place",
		},
		{
			"github.com/spf13/cobra", func(s source) bool { return s.in("cmd") },
			"the command line is one adapter among others",
		},
		{
			"github.com/go-chi/chi/v5", func(s source) bool {
				return s.in("modules/health") || s.in("modules/web") || s.isTest()
			},
			"HTTP is an adapter",
		},
		{
			"github.com/prometheus", func(s source) bool {
				return s.in("modules/metrics") || filepath.Base(s.path) == "metrics.go" || s.path == "app/bind.go" || s.isTest()
			},
			"what is measured stands in one file of each module; the rest calls its methods",
		},
		{
			"dagu/modules/metrics", func(s source) bool { return s.in("app") || s.isTest() },
			"modules hand their collectors on, and app registers them",
		},
		{
			"database/sql", func(s source) bool {
				return s.in("modules/store") || s.in("integration") || strings.HasPrefix(s.path, "modules/action/sql")
			},
			"what is recorded has one owner; only a proof may touch it from outside, and an action has the databases of workflows",
		},
		{
			"modernc.org/sqlite", func(s source) bool {
				return s.in("modules/store") || s.in("integration") || strings.HasPrefix(s.path, "modules/action/sql")
			},
			"what is recorded has one owner; only a proof may touch it from outside, and an action has the databases of workflows",
		},
	}
	for _, s := range sources(t) {
		for _, ban := range bans {
			if s.importsAny(ban.pkg) && !ban.except(s) {
				t.Errorf("%s imports %s: %s", s.path, ban.pkg, ban.why)
			}
		}
	}
}

// TestLayers holds that modules import downwards only.
func TestLayers(t *testing.T) {
	t.Parallel()
	layer, meant := layers(), sideways()
	for _, s := range sources(t) {
		from := module(s.dir())
		if from == "" || s.isTest() {
			continue
		}
		require.Contains(t, layer, from, "a module has a layer")
		for _, name := range s.imports {
			to := module(strings.TrimPrefix(name, "dagu/"))
			if to == "" || to == from || meant[from] == to {
				continue
			}
			require.Less(t, layer[to], layer[from], "%s imports %s, which is not below it", s.path, to)
		}
	}
}

// TestTopLevel holds that the root has the rooms that are meant, and no others.
func TestTopLevel(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("..")
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		built := e.Name() == "bin" || e.Name() == "tmp" // ignored by git
		if !built && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	require.ElementsMatch(t, []string{
		"LICENSE", "Makefile", "README.md", "app", "cmd", "config", "go.mod", "go.sum", "integration", "modules",
	}, names)
}

// TestEveryPackageHasAComment holds that each package says what it is.
func TestEveryPackageHasAComment(t *testing.T) {
	t.Parallel()
	commented := map[string]bool{}
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", s.path), nil, parser.PackageClauseOnly|parser.ParseComments)
		require.NoError(t, err)
		commented[s.dir()] = commented[s.dir()] || file.Doc != nil
	}
	for dir, ok := range commented {
		require.True(t, ok, "package %s has no comment", dir)
	}
}
