package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"dagu/modules/doctor"
)

// maxManifest bounds one file: what a cluster takes of one object is less.
const maxManifest = 4 << 20

func newHealthDoctor() *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor FILE...",
		Short: "Name what would go wrong in Kubernetes manifests and compose files",
		Long: `Name what would go wrong with dagu in Kubernetes manifests and compose files:
probes that lie, restart what is healthy or ask where nothing listens, too little
time to stop, storage that SQLite does not survive, DAGs that are never updated.
Each finding has its place, what was found, why it goes wrong and what to set
instead. Files are judged together; "-" is standard input. Nothing is asked but the
files, and nothing is created.

What a container is set to is read from its flags and its environment. Values of
Secrets, ConfigMaps, the image or a config.yaml are not seen; what depends on a
value that the file takes from elsewhere is not judged.

Exit code 0: nothing was found; 1: something was, or a file cannot be read.`,
		Example: `  dagu health doctor statefulset.yaml service.yaml
  kubectl kustomize . | dagu health doctor -
  dagu health doctor --format json compose.yaml | jq -r '.[].findings[].instead'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("name a file, or - for standard input")
			}
			return nil
		},
	}
	f := formatFlag(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		inputs, err := readInputs(c.InOrStdin(), args)
		if err != nil {
			return err
		}
		result, err := doctor.Check(inputs, doctor.Options{Endpoints: endpoints(), Effective: effective(c.Root())})
		if err != nil {
			return err
		}
		if result.Containers == 0 {
			tell(c.ErrOrStderr(), "Note: nothing in it runs dagu")
		}
		reports := byFile(inputs, result.Findings)
		if f.value == formatJSON {
			err = printJSON(c.OutOrStdout(), reports)
		} else {
			err = tellFindings(c.OutOrStdout(), reports)
		}
		if err == nil && len(result.Findings) > 0 {
			err = codeError{exitFailed}
		}
		return err
	}
	return c
}

// readInputs reads every file, also one that cannot be read twice, such as a pipe.
func readInputs(stdin io.Reader, args []string) ([]doctor.Input, error) {
	var inputs []doctor.Input
	var wrong []error
	seen := map[string]bool{}
	for _, name := range args {
		if seen[name] {
			continue
		}
		seen[name] = true
		in, err := readInput(stdin, name)
		if err != nil {
			wrong = append(wrong, err)
		}
		inputs = append(inputs, in)
	}
	return inputs, errors.Join(wrong...)
}

func readInput(stdin io.Reader, name string) (doctor.Input, error) {
	in := doctor.Input{Name: name}
	from := stdin
	if name == "-" {
		in.Name = "stdin"
	} else {
		file, err := os.Open(name)
		if err != nil {
			return in, err
		}
		defer file.Close() //nolint:errcheck // nothing was written to it
		info, err := file.Stat()
		if err != nil {
			return in, err
		}
		if info.IsDir() {
			return in, fmt.Errorf("%s: is a directory; name its files, or render it: kubectl kustomize %s | dagu health doctor -", name, name)
		}
		from = file
	}
	var err error
	in.Text, err = io.ReadAll(io.LimitReader(from, maxManifest+1))
	if err == nil && len(in.Text) > maxManifest {
		err = fmt.Errorf("%s: larger than %d MiB", in.Name, maxManifest>>20)
	}
	return in, err
}

// fileReport is what was found in one file.
type fileReport struct {
	File     string           `json:"file"`
	Findings []doctor.Finding `json:"findings"`
}

func byFile(inputs []doctor.Input, findings []doctor.Finding) []fileReport {
	reports := make([]fileReport, len(inputs))
	for i, in := range inputs {
		reports[i] = fileReport{File: in.Name, Findings: []doctor.Finding{}}
		for _, f := range findings {
			if f.File == in.Name {
				reports[i].Findings = append(reports[i].Findings, f)
			}
		}
	}
	return reports
}

// tellFindings prints the findings for people, and a line for each file that has none.
func tellFindings(w io.Writer, reports []fileReport) error {
	for _, r := range reports {
		if len(r.Findings) == 0 {
			if _, err := fmt.Fprintf(w, "%s: nothing found\n", printable(r.File)); err != nil {
				return err
			}
		}
		for _, f := range r.Findings {
			if _, err := fmt.Fprintln(w, printableLines(f.String())); err != nil {
				return err
			}
		}
	}
	return nil
}
