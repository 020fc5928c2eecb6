package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/regret"
	"github.com/stochopt/stochopt/schedule"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/optimize"
)

type regretCommand struct {
	Losses    string  `default:"scaled" help:"The random losses: normal, scaled, sparse, Rademacher, walk; or periodic."`
	Variables int     `default:"1" help:"The number of variables of these losses."`
	C         float64 `default:"3" help:"The large slope of the counterexample, above 2."`
	Rounds    int     `default:"30000" help:"How many rounds a run takes."`
	Runs      int     `default:"20" help:"How many runs on random losses the mean is taken of."`
	Seed      uint64  `default:"1" help:"The seed of the first run."`
	Step      float64 `default:"0.5" help:"The step size of all methods, divided by the root of the round, for AdaGrad without that."`
	Beta1     float64 `name:"beta1" default:"0" help:"The memory of the gradient of AMSGrad and Adam."`
	Beta2     float64 `name:"beta2" default:"0.1" help:"The memory of squares of AMSGrad and Adam."`
	Plot      string  `placeholder:"FILE" help:"Draw regret, bounds and certificates into this file, .png, .svg or .pdf."`
}

// Help is the long text of stochopt regret --help.
func (*regretCommand) Help() string {
	return `Lets gradient descent, AdaGrad, AMSGrad and Adam learn on a sequence of losses f_t(x) = g_t'x in the box [-1, 1] from x = 1, and prints their regret

    R(T) = sum of f_t(x_t) - least sum of f_t(x),  t = 1, ..., T,

beside two upper bounds of it: the closed one, which follows from the gradients for every method that has one, and the certificate, which follows from the iterates as well. A second table is of the slopes C, -1, -1, C, -1, -1, ..., on which Adam with a short memory does not learn: its regret grows like T, and it has no closed bound.`
}

// learner is a method with its bound, if it has one.
type learner struct {
	name  string
	rule  optimize.Method
	beta1 float64
	bound regret.Bound
}

func (c *regretCommand) learners() []learner {
	root := schedule.InverseRoot(0)
	b1, b2 := max(c.Beta1, stochopt.Zero), max(c.Beta2, stochopt.Zero)
	return []learner{
		{"gradient descent", &method.SGD{StepSize: c.Step, Schedule: root}, stochopt.Zero, &regret.GradientDescent{StepSize: c.Step, Schedule: root}},
		{"AdaGrad", &method.AdaGrad{StepSize: c.Step}, stochopt.Zero, &regret.AdaGrad{StepSize: c.Step}},
		{"AMSGrad", &method.AMSGrad{StepSize: c.Step, Beta1: b1, Beta2: b2, Schedule: root}, b1, &regret.AMSGrad{StepSize: c.Step, Beta1: b1, Beta2: b2}},
		{"Adam", &stochopt.Adam{StepSize: c.Step, Beta1: b1, Beta2: b2, Schedule: root}, b1, nil},
	}
}

// course is the mean over the runs of what a learner has after each round.
type course struct {
	learner                    string
	regret, certificate, bound []float64 // bound is nil if there is none
}

// Run lets the methods learn, and prints and draws their regret.
func (c *regretCommand) Run(ctx context.Context, s streams) error {
	sequence, err := c.check()
	if err != nil {
		return inputError{err}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	sequences := []testfuncs.Sequence{sequence, testfuncs.CounterexampleA(c.C)}
	runs := []int{c.Runs, 1}
	if c.Losses == "periodic" {
		runs[0] = 1
	}
	bar := newProgress(s.err, len(c.learners())*(runs[0]+runs[1]), "regret")
	courses := make([][]course, len(sequences))
	for i, q := range sequences {
		for _, l := range c.learners() {
			learned, err := c.learn(ctx, q, l, runs[i], bar)
			if err != nil {
				return err
			}
			courses[i] = append(courses[i], learned)
		}
	}
	bar.finish()
	if c.Plot != "" {
		titles := []string{title(sequence, runs[0]), fmt.Sprintf("counterexample A: slopes %v, -1, -1, %v, ...", c.C, c.C)}
		if err := drawRegret(c.Plot, titles, courses); err != nil {
			return err
		}
	}
	for i, q := range sequences {
		if err := c.table(s.out, q, runs[i], courses[i]); err != nil {
			return err
		}
	}
	if c.Plot != "" {
		_, err = fmt.Fprintf(s.out, "Picture  %s\n", c.Plot)
	}
	return err
}

// check returns the sequence of random losses, or what is wrong with the flags.
func (c *regretCommand) check() (q testfuncs.Sequence, err error) {
	if err := errors.Join(atLeastOne("variables", c.Variables), atLeastOne("rounds", c.Rounds), atLeastOne("runs", c.Runs), knownFormat(c.Plot)); err != nil {
		return q, err
	}
	switch {
	case !(c.C > 2) || math.IsInf(c.C, 1):
		return q, fmt.Errorf("--c is %v, want above 2", c.C)
	case !(c.Step > 0) || math.IsInf(c.Step, 1):
		return q, fmt.Errorf("--step is %v, want above 0", c.Step)
	case !(c.Beta1 >= 0 && c.Beta1 < 1), !(c.Beta2 >= 0 && c.Beta2 < 1), !(c.Beta1*c.Beta1 < c.Beta2):
		return q, fmt.Errorf("--beta1 is %v and --beta2 %v, want both in [0, 1) and beta1² < beta2", c.Beta1, c.Beta2)
	}
	all := testfuncs.LinearLosses(c.Variables)
	i := slices.IndexFunc(all, func(q testfuncs.Sequence) bool { return kind(q) == c.Losses })
	if i < 0 {
		return q, unknown("--losses: there are no losses", c.Losses, all, kind)
	}
	return all[i], nil
}

// kind is the name of q without its number of variables.
func kind(q testfuncs.Sequence) string { return q.Name[:strings.LastIndexByte(q.Name, ' ')] }

func (c *regretCommand) learn(ctx context.Context, q testfuncs.Sequence, l learner, runs int, bar progress) (course, error) {
	mean := course{learner: l.name}
	add := func(sum *[]float64, v []float64) {
		if *sum == nil {
			*sum = make([]float64, len(v))
		}
		for k, x := range v {
			(*sum)[k] += x / float64(runs)
		}
	}
	x0 := make([]float64, q.Dim)
	for i := range x0 {
		x0[i] = 1
	}
	for run := range uint64(runs) {
		rec := q.Recorder()
		rec.Beta1 = l.beta1
		if l.bound != nil {
			rec.Bounds = []regret.Bound{l.bound}
		}
		p := stochopt.Problem{Oracle: q.Loss, Project: q.Project, Seed: c.Seed + run}
		// The iteration that a limit ends is not recorded.
		set := &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: c.Rounds + 1, Recorder: rec}
		if _, err := stochopt.Minimize(ctx, p, x0, set, l.rule); err != nil {
			return mean, err
		}
		add(&mean.regret, rec.Regret())
		add(&mean.certificate, rec.Certificate())
		if l.bound != nil {
			add(&mean.bound, rec.Bound(0))
		}
		bar.add(1)
	}
	return mean, nil
}

// title names a sequence of losses and says how many runs the mean is taken of.
func title(q testfuncs.Sequence, runs int) string {
	text := kind(q)
	if !strings.HasPrefix(text, "counterexample") {
		text += " losses"
	}
	if q.Dim > 1 {
		text += fmt.Sprintf(", %d variables", q.Dim)
	}
	if runs > 1 {
		text += fmt.Sprintf(", mean of %d runs", runs)
	}
	return text
}

// table prints the courses at powers of ten and at the end.
func (c *regretCommand) table(w io.Writer, q testfuncs.Sequence, runs int, courses []course) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\n\nT\tregret\ta round\tcertificate\tbound\t\n", title(q, runs))
	for _, m := range courses {
		fmt.Fprintf(t, "\n%s\n", m.learner)
		for n := 10; ; n *= 10 {
			n = min(n, c.Rounds)
			bound := "none"
			if m.bound != nil {
				bound = fmt.Sprintf("%.4g", m.bound[n-1])
			}
			fmt.Fprintf(t, "%d\t%.4g\t%.4g\t%.4g\t%s\t\n", n, m.regret[n-1], m.regret[n-1]/float64(n), m.certificate[n-1], bound)
			if n == c.Rounds {
				break
			}
		}
	}
	fmt.Fprintln(t)
	return t.Flush()
}
