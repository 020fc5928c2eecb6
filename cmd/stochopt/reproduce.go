package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/experiment"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
)

type reproduceCommand struct {
	Name    string   `arg:"" optional:"" help:"The experiment; without it they are listed."`
	Data    string   `env:"STOCHOPT_DATA" help:"The folder with the public data, for the experiments that need any."`
	Out     string   `default:"." help:"The folder for NAME.png, NAME.svg, NAME.csv and NAME.txt."`
	Quick   bool     `help:"A small version, in seconds."`
	Seeds   int      `default:"3" help:"How many repetitions the bands go over."`
	Methods []string `sep:";" help:"Further methods for the logistic experiments, with semicolons between them."`
	Units   int      `help:"Rectified units in each hidden layer of mlp, 200 if it is not set; 1000, as in the paper, take half an hour and 3 GB."`
}

// Help is the long text of stochopt reproduce --help.
func (*reproduceCommand) Help() string {
	var b strings.Builder
	b.WriteString("Experiments:\n\n")
	listExperiments(&b)
	b.WriteString(`
Each writes a picture as PNG and SVG, the numbers behind it as CSV, and the lines that it prints. Runs are seeded and repeat exactly on one kind of machine; every method has the step size that served it best on a grid common to all, in runs of a seed that is not shown.

The experiments on MNIST and IMDB read public files, which --data or the variable STOCHOPT_DATA must point to; without them a message says which files these are, where they are published, and their sizes and sums. Further methods are ` + strings.Join(experiment.Relatives(), ", ") + ".")
	return b.String()
}

func listExperiments(w io.Writer) {
	for _, e := range experiment.All {
		about := e.About
		if e.Data != "" {
			about += " (" + e.Data + ")"
		}
		fmt.Fprintf(w, "    %-15s %s\n", e.Name, about)
	}
}

// Run makes the runs of an experiment and writes its files.
func (c *reproduceCommand) Run(ctx context.Context, s streams) error {
	if c.Name == "" {
		listExperiments(s.out)
		return nil
	}
	i := slices.IndexFunc(experiment.All, func(e experiment.Experiment) bool { return e.Name == c.Name })
	if i < 0 {
		return inputError{unknown("there is no experiment", c.Name, experiment.All, func(e experiment.Experiment) string { return e.Name })}
	}
	e := experiment.All[i]
	if err := atLeastOne("seeds", c.Seeds); err != nil {
		return inputError{err}
	}
	switch {
	case c.Units < 0:
		return inputError{fmt.Errorf("--units is %d, want at least 1", c.Units)}
	case c.Units > 0 && e.Name != "mlp":
		return inputError{fmt.Errorf("--units is for mlp, not for %s", e.Name)}
	case len(c.Methods) > 0 && !e.Relatives:
		return inputError{fmt.Errorf("--methods is for the logistic experiments, not for %s", e.Name)}
	}
	for _, m := range c.Methods {
		if !slices.ContainsFunc(experiment.Relatives(), func(r string) bool { return strings.EqualFold(r, m) }) {
			return inputError{fmt.Errorf("--methods: there is no method %q; there are %s", m, strings.Join(experiment.Relatives(), "; "))}
		}
	}
	if err := os.MkdirAll(c.Out, 0o777); err != nil {
		return inputError{err}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	bar := stages{w: s.err}
	begin := time.Now()
	outcome, err := e.Run(ctx, experiment.Options{Data: c.Data, Quick: c.Quick, Seeds: c.Seeds, Units: c.Units, Methods: c.Methods, Tick: bar.tick})
	bar.progress.finish()
	var data *experiment.DataError
	switch {
	case errors.As(err, &data):
		return inputError{err}
	case err != nil && ctx.Err() != nil:
		return outcomeError{errors.New("interrupted, nothing written"), outcomeInterrupted}
	case err != nil:
		return err
	}
	base := filepath.Join(c.Out, e.Name)
	for _, ending := range []string{".png", ".svg"} {
		if err := picture.Draw(base+ending, outcome.Panels); err != nil {
			return err
		}
	}
	text := func(w io.Writer) error { _, err := io.WriteString(w, outcome.Text); return err }
	if err := errors.Join(
		write(nil, base+".csv", func(w io.Writer) error { return picture.Write(w, outcome.Panels) }),
		write(nil, base+".txt", text),
		text(s.out)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "\n%s.png, .svg, .csv and .txt, in %.0f s on %d processors\n", base, time.Since(begin).Seconds(), runtime.GOMAXPROCS(0))
	return err
}

// stages is a bar of progress for work in stages, each with a total of its own.
type stages struct {
	w        io.Writer
	mu       sync.Mutex
	what     string
	done     int
	progress progress
}

func (s *stages) tick(what string, done, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if what != s.what {
		s.progress.finish()
		s.what, s.done, s.progress = what, 0, newProgress(s.w, total, what)
	}
	s.progress.add(done - s.done)
	s.done = done
}
