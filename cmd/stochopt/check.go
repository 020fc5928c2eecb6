package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/program"
	"github.com/stochopt/stochopt/gradient"
)

type checkCommand struct {
	At      string   `required:"" placeholder:"X1,X2,..." help:"The point at which to look, as in --at=1.5,-2."`
	Draws   int      `default:"64" help:"How many draws to take, at least 8."`
	Seed    uint64   `default:"1" help:"The seed of the draws."`
	JSON    bool     `name:"json" help:"Print one JSON object instead of the report."`
	Program []string `arg:"" passthrough:"" help:"The objective, a program and its arguments after --."`
}

// Help is the long text of stochopt check --help.
func (*checkCommand) Help() string {
	return `Tells, before a long run, what kind of objective a program is: whether its randomness obeys the seed, how large its noise is, how often it fails, what a draw costs, and whether its gradient is right. The program is run once for each draw. In its arguments {seed} stands for the seed of the draw, an integer, and {x} for the components of the point, each an argument of its own; without {x} they come last. It prints the value and then, if it has them, the components of the gradient, and exits with 0. (The -- before {x} keeps the program from taking -2 for a flag; many need it.) Example:

    go build -o simulation ./examples/simulation
    stochopt check --at=1.5,-2 -- ./simulation -seed={seed} -- {x}

A deterministic objective prints the same for all seeds. A seeded one prints the same for the same seed: differences of its values, taken with one seed, are then good gradients, and runs can be repeated. An uncontrolled one has randomness of its own: differences need a step that fits its noise, and no run can be repeated; give it the seed if you can.

The gradient is compared with differences of values, of one draw if they agree there, and otherwise in the mean over the draws, which takes 12 values for each draw and each of at most 10 variables, and 2 more for each power of ten by which the variable is below 1.

With the 64 draws that are the default a point of two variables takes up to 1800 runs of the program, or half a minute if each takes 15 ms, and one of ten variables up to 8400. A terminal shows how far it is. For a quick look give --draws=8, a quarter of that or less.

A component of the gradient that is exactly 0 in all draws although values jump over wider steps is a fault too: the objective counts or rounds there, and its draws have no useful derivative. Where noise could hide even a wrong sign of a component, the report says so; take more draws.

--json prints control (deterministic, seeded or uncontrolled), draws, non_finite, errors, first_error, split (true if a value alone differs from that with the gradient), mean, standard_deviation, gradient, gradient_standard_deviation, signal_to_noise, value_seconds, gradient_seconds and check (null, or component, supplied, estimate, difference, expected, ok, per_draw, and hidden, true if noise could hide even a wrong sign), flat (the components that are exactly 0 although values jump). A number that is not finite or not known is null.

Exit code: 0 if the objective can be used as it is, 1 if its gradient is wrong or 0 beside jumps, its randomness is uncontrolled or draws fail, 2 if the input is wrong or no draw succeeds.`
}

// Run inspects the program and prints the report.
func (c *checkCommand) Run(ctx context.Context, s streams) error {
	x, err := point(c.At)
	if err != nil {
		return inputError{err}
	}
	args := c.Program
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	switch {
	case c.Draws < 8:
		return inputError{fmt.Errorf("--draws is %d, want at least 8", c.Draws)}
	case len(args) == 0:
		return inputError{errors.New("no program; write it after --, as in stochopt check --at=1,2 -- ./simulation -seed={seed} -- {x}")}
	}
	if _, err := exec.LookPath(args[0]); err != nil {
		return inputError{fmt.Errorf("the program cannot be run: %w", err)}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	bar := newProgress(s.err, mostRuns(x, c.Draws), "draws, at most")
	draw := program.Oracle(ctx, args)
	in, err := gradient.Inspect(func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
		defer bar.add(1)
		return draw(grad, x, s)
	}, x, stochopt.Sample{Seed: c.Seed}, c.Draws)
	bar.finish()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		return inputError{err}
	}
	if c.JSON {
		err = writeJSON(s.out, newInspection(in))
	} else {
		_, err = fmt.Fprint(s.out, in)
	}
	return errors.Join(verdict(in), err)
}

// mostRuns is how often Inspect draws from an objective with a noisy gradient, of which it compares the mean. Others take less;
// components that are exactly 0 may take more.
func mostRuns(x []float64, draws int) int {
	n := 2*draws + 16 + 60*len(x)
	for _, v := range x[:min(len(x), 10)] {
		decades := 0.0
		if v = math.Abs(v); v > 0 && v < 1 {
			decades = math.Ceil(-math.Log10(max(v, 1e-10)))
		}
		n += draws * (12 + 2*int(decades))
	}
	return n
}

// verdict is nil if the objective can be used as it is.
func verdict(in gradient.Inspection) error {
	var faults []string
	if in.Control == gradient.Uncontrolled {
		faults = append(faults, "the randomness does not obey the seed")
	}
	if in.Split {
		faults = append(faults, "a value alone is not that of the same draw with its gradient")
	}
	if in.Gradient != nil && !in.Check.OK {
		faults = append(faults, "the gradient is not that of the value")
	}
	if len(in.Flat) > 0 {
		faults = append(faults, fmt.Sprintf("gradient components %v are exactly 0 although values differ over wider steps", in.Flat))
	}
	if n := in.NonFinite + in.Errors; n > 0 {
		faults = append(faults, fmt.Sprintf("%d of %d draws failed", n, in.Draws))
	}
	if len(faults) == 0 {
		return nil
	}
	return errors.New(strings.Join(faults, "; "))
}

// point reads 1,2,3.
func point(text string) ([]float64, error) {
	var x []float64
	for i, word := range strings.Split(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(word), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("--at, component %d: %q is not a finite number; write the point as in --at=1.5,-2", i+1, word)
		}
		x = append(x, v)
	}
	return x, nil
}

// inspection is the JSON of an Inspection.
type inspection struct {
	Control         string       `json:"control"`
	Draws           int          `json:"draws"`
	NonFinite       int          `json:"non_finite"`
	Errors          int          `json:"errors"`
	FirstError      *string      `json:"first_error"`
	Split           bool         `json:"split"`
	Mean            number       `json:"mean"`
	SD              number       `json:"standard_deviation"`
	Gradient        []number     `json:"gradient"`
	GradientSD      []number     `json:"gradient_standard_deviation"`
	Signal          number       `json:"signal_to_noise"`
	ValueSeconds    number       `json:"value_seconds"`
	GradientSeconds number       `json:"gradient_seconds"`
	Check           *checkReport `json:"check"`
	Flat            []int        `json:"flat"`
}

type checkReport struct {
	Component  int    `json:"component"`
	Supplied   number `json:"supplied"`
	Estimate   number `json:"estimate"`
	Difference number `json:"difference"`
	Expected   number `json:"expected"`
	OK         bool   `json:"ok"`
	PerDraw    bool   `json:"per_draw"`
	Hidden     bool   `json:"hidden"`
}

func newInspection(in gradient.Inspection) inspection {
	numbers := func(v []float64) []number {
		var out []number
		for _, a := range v {
			out = append(out, number(a))
		}
		return out
	}
	r := inspection{
		Control: in.Control.String(), Draws: in.Draws, NonFinite: in.NonFinite, Errors: in.Errors, Split: in.Split,
		Mean: number(in.Mean), SD: number(in.SD), Gradient: numbers(in.Gradient), GradientSD: numbers(in.GradientSD),
		Signal: number(in.Signal), ValueSeconds: number(in.ValueTime.Seconds()), GradientSeconds: number(in.GradientTime.Seconds()), Flat: append([]int{}, in.Flat...),
	}
	if in.FirstError != nil {
		text := in.FirstError.Error()
		r.FirstError = &text
	}
	if in.Gradient == nil {
		r.Signal, r.GradientSeconds = number(math.NaN()), number(math.NaN())
		return r
	}
	k := in.Check
	r.Check = &checkReport{k.Component, number(k.Supplied), number(k.Estimate), number(k.Difference), number(k.Expected), k.OK, in.PerDraw, in.Hidden}
	return r
}
