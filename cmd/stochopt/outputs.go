package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// toStandardOutput reports whether standard output is for a file, so that the report goes to standard error.
func (c *fitCommand) toStandardOutput() bool { return c.CSV == "-" || c.WriteParams == "-" }

// checkOutputs returns the first file that could not be written after the fit, or that would overwrite another.
func (c *fitCommand) checkOutputs() error {
	if n := count(c.JSON, c.CSV == "-", c.WriteParams == "-"); n > 1 {
		return errors.New("only one of --json, --csv - and --write-params - can have standard output; give the others a file")
	}
	outputs := []struct{ flag, name string }{{"--csv", c.CSV}, {"--plot", c.Plot}, {"--write-params", c.WriteParams}}
	for i, o := range outputs {
		if o.name == "" || o.name == "-" {
			continue
		}
		for _, other := range outputs[:i] {
			if other.name != "" && filepath.Clean(other.name) == filepath.Clean(o.name) {
				return fmt.Errorf("%s and %s write to the same file %s", other.flag, o.flag, o.name)
			}
		}
		if sameFile(o.name, c.Data) {
			return fmt.Errorf("%s would overwrite the data, %s", o.flag, c.Data)
		}
		if err := writable(o.name); err != nil {
			return fmt.Errorf("%s: cannot write %s: %w", o.flag, o.name, err)
		}
	}
	return nil
}

func count(flags ...bool) (n int) {
	for _, f := range flags {
		if f {
			n++
		}
	}
	return n
}

func sameFile(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(x, y)
}

// writable returns an error if a file cannot be written. It leaves the file and its folder as they are.
func writable(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, os.ErrNotExist) {
		return cause(err)
	}
	folder := filepath.Dir(name)
	info, err := os.Stat(folder)
	switch {
	case err != nil:
		return fmt.Errorf("there is no folder %s", folder)
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", folder)
	}
	f, err = os.CreateTemp(folder, ".stochopt-*")
	if err != nil {
		return cause(err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// cause is an error of a file without its name.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// writeFiles writes what --csv, --plot and --write-params ask for, and tells report, unless it is nil, what stands where.
func (c *fitCommand) writeFiles(p *problem, stdout, report io.Writer) error {
	var errs []error
	gap := "\n" // below the report
	file := func(what, name string, content func(io.Writer) error) {
		switch name {
		case "":
			return
		case "-":
			errs = append(errs, content(stdout))
			return
		}
		f, err := os.Create(name)
		if err == nil {
			err = errors.Join(content(f), f.Close())
		}
		if err == nil && report != nil {
			_, err = fmt.Fprintf(report, "%s%-9s%s\n", gap, what, name)
			gap = ""
		}
		errs = append(errs, err)
	}
	first := p.candidates[0]
	file("Rows", c.CSV, func(w io.Writer) error { return writeCSV(w, first, p.lines, c.Level) })
	file("Picture", c.Plot, func(w io.Writer) error { return drawFit(w, c.Plot, first, c.Level) })
	file("Starts", c.WriteParams, func(w io.Writer) error { return p.said.Write(w, first.parameters, first.result) })
	return errors.Join(errs...)
}
