// Package experiment repeats the published experiments on Adam: its race with other methods on regressions and networks, and
// the small pictures that show why it is what it is. Objectives are those of package learn and testfuncs; all runs go through
// stochopt.Minimize.
package experiment

import (
	"context"
	"fmt"
	"strings"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// Experiment is one of the experiments.
type Experiment struct {
	// Name is what the command calls it.
	Name string
	// About says in a line what it shows.
	About string
	// Data names the set of data it needs, or is empty.
	Data string
	// Relatives says that Options.Methods may name further methods for it.
	Relatives bool

	run func(context.Context, Options) (*Outcome, error)
}

// Run makes the runs. An error of ctx ends it.
func (e Experiment) Run(ctx context.Context, o Options) (*Outcome, error) {
	if o.Tick == nil {
		o.Tick = func(string, int, int) {}
	}
	return e.run(ctx, o)
}

// Options are what the user chooses.
type Options struct {
	// Data is the folder with the files.
	Data string
	// Quick asks for a small version that takes seconds.
	Quick bool
	// Seeds is the number of repetitions, >= 1, over which the bands go.
	Seeds int
	// Units is the number of rectified units in each of the two layers of mlp. 0 is the default.
	Units int
	// Methods are the names of further methods for experiments with Relatives.
	Methods []string
	// Tick, if not nil, is called with what is being done, and how many parts of how many are. It may be called concurrently.
	Tick func(what string, done, total int)
}

// pick returns the first of two if the small version is wanted, else the second.
func (o Options) pick(quick, whole int) int {
	if o.Quick {
		return quick
	}
	return whole
}

// DataError says what is wrong with the files of Options.Data.
type DataError struct{ Err error }

// Error implements error.
func (e *DataError) Error() string { return e.Err.Error() }

// Unwrap returns e.Err, which is a *dataset.MissingError if files are not there.
func (e *DataError) Unwrap() error { return e.Err }

// Outcome is what an experiment has shown.
type Outcome struct {
	// Text is for reading, a few lines.
	Text string
	// Panels are the picture and the numbers behind it.
	Panels [][]picture.Panel
}

// All are the experiments, from small to large.
var All = []Experiment{
	{Name: "acceleration", About: "paths of five methods in a narrow valley and on Rosenbrock's function", run: acceleration},
	{Name: "noise", About: "what momentum and averaging do about noise in the gradient", run: noise},
	{Name: "sparsity", About: "coordinates whose gradients are rare", run: sparsity},
	{Name: "bias", About: "Adam with and without the correction of its bias, over step sizes and memories", Data: "MNIST", run: bias},
	{Name: "mnist-logistic", About: "logistic regression on handwritten digits", Data: "MNIST", Relatives: true, run: mnistLogistic},
	{Name: "imdb-logistic", About: "logistic regression on bags of words, with and without dropout", Data: "IMDB", Relatives: true, run: imdbLogistic},
	{Name: "mlp", About: "a network of two hidden layers on digits, with and without dropout", Data: "MNIST", run: mlp},
	{Name: "cnn", About: "a convolutional network on digits", Data: "MNIST", run: cnn},
	{Name: "coverage", About: "how often error bars hold the truth, against the number of draws", run: coverage},
	{Name: "convergence", About: "losses on which Adam does not converge, and what helps", run: convergence},
}

// relative is a method that can be asked for by name.
type relative struct {
	name string
	make func(step float64, schedule func(int) float64) optimize.Method
}

// relatives are the methods of the races, at their defaults but for step size and schedule.
var relatives = []relative{
	{"Adam", func(a float64, s func(int) float64) optimize.Method { return &stochopt.Adam{StepSize: a, Schedule: s} }},
	{"SGD Nesterov", func(a float64, s func(int) float64) optimize.Method {
		return &method.SGD{StepSize: a, Momentum: 0.9, Nesterov: true, Schedule: s}
	}},
	{"AdaGrad", func(a float64, s func(int) float64) optimize.Method { return &method.AdaGrad{StepSize: a, Schedule: s} }},
	{"RMSProp", func(a float64, s func(int) float64) optimize.Method { return &method.RMSProp{StepSize: a, Schedule: s} }},
	{"AdaDelta", func(a float64, s func(int) float64) optimize.Method {
		return &method.AdaDelta{StepSize: a, Schedule: s}
	}},
	{"SGD", func(a float64, s func(int) float64) optimize.Method { return &method.SGD{StepSize: a, Schedule: s} }},
	{"SGD momentum", func(a float64, s func(int) float64) optimize.Method {
		return &method.SGD{StepSize: a, Momentum: 0.9, Schedule: s}
	}},
	{"AdaMax", func(a float64, s func(int) float64) optimize.Method { return &method.AdaMax{StepSize: a, Schedule: s} }},
	{"NAdam", func(a float64, s func(int) float64) optimize.Method { return &method.NAdam{StepSize: a, Schedule: s} }},
	{"AMSGrad", func(a float64, s func(int) float64) optimize.Method { return &method.AMSGrad{StepSize: a, Schedule: s} }},
	{"RAdam", func(a float64, s func(int) float64) optimize.Method { return &method.RAdam{StepSize: a, Schedule: s} }},
	{"AdaBelief", func(a float64, s func(int) float64) optimize.Method {
		return &method.AdaBelief{StepSize: a, Schedule: s}
	}},
	{"Yogi", func(a float64, s func(int) float64) optimize.Method { return &method.Yogi{StepSize: a, Schedule: s} }},
	{"Lion", func(a float64, s func(int) float64) optimize.Method { return &method.Lion{StepSize: a, Schedule: s} }},
}

// field returns contenders by name, with the schedule of all.
func field(schedule func(int) float64, names ...string) ([]contender, error) {
	var chosen []contender
	for _, name := range names {
		found := false
		for _, r := range relatives {
			if strings.EqualFold(r.name, name) {
				chosen = append(chosen, contender{name: r.name, make: func(a float64) optimize.Method { return r.make(a, schedule) }})
				found = true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no method %q here; there are %s", name, strings.Join(Relatives(), ", "))
		}
	}
	return chosen, nil
}

// Relatives are the names of the methods that experiments with Relatives know.
func Relatives() (names []string) {
	for _, r := range relatives {
		names = append(names, r.name)
	}
	return names
}
