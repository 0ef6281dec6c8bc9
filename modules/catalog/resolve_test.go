package catalog_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
)

// TestResolve is not parallel: it changes the working and the home directory.
func TestResolve(t *testing.T) {
	root := t.TempDir()
	home, cwd, dags := filepath.Join(root, "home"), filepath.Join(root, "cwd"), filepath.Join(root, "dags")
	for _, dir := range []string{home, filepath.Join(cwd, "sub"), filepath.Join(cwd, "report"), filepath.Join(dags, "sub")} {
		require.NoError(t, os.MkdirAll(dir, 0o750))
	}
	t.Chdir(cwd)
	t.Setenv("HOME", home)
	for _, path := range []string{
		"home/h.yaml", "cwd/both.yaml", "cwd/noext", "cwd/sub/deep.yaml",
		"dags/both.yaml", "dags/etl.yaml", "dags/short.yml", "dags/report.yaml", "dags/daily.report.yaml", "dags/sub/none.yaml",
	} {
		write(t, filepath.Join(root, path), good("0 1 * * *"))
	}
	write(t, filepath.Join(root, "dags", "n1.yaml"), named("invoices", "0 1 * * *"))
	write(t, filepath.Join(root, "dags", "n2.yaml"), "name: receipts\nsteps: 7\n")
	write(t, filepath.Join(root, "dags", "n3.yaml"), bad)
	for link, to := range map[string]string{"dags/loop.yaml": "loop.yaml", "dags/lost.yaml": "nowhere", "cwd/etl": "nowhere"} {
		require.NoError(t, os.Symlink(to, filepath.Join(root, link)))
	}

	for arg, want := range map[string]string{
		filepath.Join(root, "dags", "etl.yaml"): "dags/etl.yaml",
		"both.yaml":                             "cwd/both.yaml",
		"./both.yaml":                           "cwd/both.yaml",
		"noext":                                 "cwd/noext",
		"sub/deep.yaml":                         "cwd/sub/deep.yaml",
		"../dags/etl.yaml":                      "dags/etl.yaml",
		"~/h.yaml":                              "home/h.yaml",
		"both":                                  "dags/both.yaml",
		"etl":                                   "dags/etl.yaml",
		"etl.yaml":                              "dags/etl.yaml",
		"short":                                 "dags/short.yml",
		"short.yml":                             "dags/short.yml",
		"daily.report":                          "dags/daily.report.yaml",
		"report":                                "dags/report.yaml", // a directory does not hide it
		"invoices":                              "dags/n1.yaml",
		"receipts":                              "dags/n2.yaml", // the error in the file is more use than "not found"
		"n3":                                    "dags/n3.yaml",
		"../dags/loop.yaml":                     "dags/loop.yaml", // reading it tells why it cannot be read
		"loop.yaml":                             "dags/loop.yaml",
		"lost.yaml":                             "dags/lost.yaml",
	} {
		got, err := catalog.Resolve(arg, dags)
		require.NoError(t, err, arg)
		require.Equal(t, filepath.Join(root, want), got, arg)
	}

	for arg, says := range map[string][]string{
		"invoice":                 {`no DAG "invoice"`, filepath.Join(cwd, "invoice"), filepath.Join(dags, "invoice.yaml"), "invoice.yml", `did you mean "invoices"?`},
		"etl.yml":                 {filepath.Join(dags, "etl.yml"), `did you mean "etl"?`},
		"quite other":             {`no DAG "quite other"`},
		"sub/none":                {filepath.Join(cwd, "sub", "none")},
		"..":                      {`no DAG "..": ` + root + " is a directory, want a DAG file"},
		"sub":                     {filepath.Join(cwd, "sub") + " is a directory, want a DAG file; there is no " + filepath.Join(dags, "sub.yaml")},
		"~/none.yaml":             {filepath.Join(home, "none.yaml")},
		filepath.Join(dags, "no"): {filepath.Join(dags, "no")},
	} {
		_, err := catalog.Resolve(arg, dags)
		var missing *catalog.NotFoundError
		require.ErrorAs(t, err, &missing, arg)
		require.ErrorIs(t, err, fs.ErrNotExist)
		for _, text := range says {
			require.ErrorContains(t, err, text)
		}
	}
	t.Chdir(dags)
	_, err := catalog.Resolve("gone.yaml", dags)
	require.ErrorContains(t, err, "there is no "+filepath.Join(dags, "gone.yaml")+", and no file", "a path is named once")
	_, err = catalog.Resolve("quite other", dags)
	require.NotContains(t, err.Error(), "did you mean")
	_, err = catalog.Resolve("", dags)
	require.ErrorContains(t, err, "empty")
	_, err = catalog.Resolve("etl", filepath.Join(root, "nowhere"))
	require.ErrorContains(t, err, "cannot be read")
}

func TestLoadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, base := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "base.yaml")
	write(t, path, good("0 1 * * *"))

	src, d, err := catalog.LoadFile(path, catalog.Bases{File: base}, catalog.LoadOptions{})
	require.NoError(t, err)
	require.Equal(t, "a", d.Name)
	require.Empty(t, src.BaseFile, "there is none")

	dags := filepath.Join(t.TempDir(), "dags")
	require.NoError(t, os.Mkdir(dags, 0o750))
	write(t, base, "queue: one\n")
	write(t, filepath.Join(dags, "a.yaml"), good("0 1 * * *"))
	src, d, err = catalog.LoadFile(filepath.Join(dags, "a.yaml"), catalog.Bases{File: base}, catalog.LoadOptions{})
	require.NoError(t, err)
	require.Equal(t, "one", d.Queue)
	e, _ := life(t, dags, base, newFakeStore()).Lookup("a")
	require.Equal(t, e.Hash, src.Hash(), "a command and the scheduler name a text alike")

	_, d, err = catalog.LoadFile(path, catalog.Bases{File: base}, catalog.LoadOptions{Name: "other"})
	require.NoError(t, err)
	require.Equal(t, "other", d.Name)

	write(t, path, bad)
	src, _, err = catalog.LoadFile(path, catalog.Bases{File: base}, catalog.LoadOptions{})
	require.ErrorIs(t, err, dag.ErrSource)
	require.Equal(t, bad, string(src.Text))

	_, _, err = catalog.LoadFile(filepath.Join(dir, "none.yaml"), catalog.Bases{File: base}, catalog.LoadOptions{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.Remove(base))
	fifo(t, base)
	_, _, err = catalog.LoadFile(path, catalog.Bases{File: base}, catalog.LoadOptions{})
	require.ErrorContains(t, err, "FIFO")
}
