// Package catalogue lists the methods of the module for commands that compare them.
package catalogue

import (
	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
	"github.com/stochopt/stochopt/testfuncs/profile"
	"gonum.org/v1/gonum/optimize"
)

// Method is a method of the module.
type Method struct {
	Name   string
	Family string
	// Default is the default of StepSize, or 0 for a method that has none to choose.
	Default float64
	// New returns the method with the given StepSize; 0 is the default.
	New func(stepSize float64) optimize.Method
}

// Families are those of Method, in the order of the package comment of method.
var Families = []string{"momentum", "sums of squares", "means of squares", "signs and ratios", "no step size", "no horizon", "dual averaging", "curvature"}

// Methods are all methods of the module that are no wrappers and need nothing of the problem but its gradient, in the order of
// Families.
var Methods = []Method{
	{"SGD", "momentum", 0.001, func(a float64) optimize.Method { return &method.SGD{StepSize: a} }},
	{"SGD momentum", "momentum", 0.001, func(a float64) optimize.Method { return &method.SGD{StepSize: a, Momentum: 0.9} }},
	{"SGD Nesterov", "momentum", 0.001, func(a float64) optimize.Method { return &method.SGD{StepSize: a, Momentum: 0.9, Nesterov: true} }},
	{"QHM", "momentum", 0.003, func(a float64) optimize.Method { return &method.QHM{StepSize: a} }},
	{"AggMo", "momentum", 0.0003, func(a float64) optimize.Method { return &method.AggMo{StepSize: a} }},
	{"AccSGD", "momentum", 0.001, func(a float64) optimize.Method { return &method.AccSGD{StepSize: a} }},
	{"OptimisticSGD", "momentum", 0.0003, func(a float64) optimize.Method { return &method.OptimisticSGD{StepSize: a} }},
	{"NormalizedSGD", "momentum", 0.01, func(a float64) optimize.Method { return &method.NormalizedSGD{StepSize: a} }},

	{"AdaGrad", "sums of squares", 1, func(a float64) optimize.Method { return &method.AdaGrad{StepSize: a} }},
	{"AdaGradNorm", "sums of squares", 1, func(a float64) optimize.Method { return &method.AdaGradNorm{StepSize: a} }},
	{"SM3", "sums of squares", 3, func(a float64) optimize.Method { return &method.SM3{StepSize: a} }},
	{"WNGrad", "sums of squares", 3, func(a float64) optimize.Method { return &method.WNGrad{StepSize: a} }},
	{"AdaGradFull", "sums of squares", 1, func(a float64) optimize.Method { return &method.AdaGradFull{StepSize: a} }},
	{"AdaDelta", "sums of squares", 1, func(a float64) optimize.Method { return &method.AdaDelta{StepSize: a} }},
	{"AdaSqrt", "sums of squares", 1, func(a float64) optimize.Method { return &method.AdaSqrt{StepSize: a} }},

	{"Adam", "means of squares", 0.1, func(a float64) optimize.Method { return &stochopt.Adam{StepSize: a} }},
	{"RMSProp", "means of squares", 0.01, func(a float64) optimize.Method { return &method.RMSProp{StepSize: a} }},
	{"AdamW", "means of squares", 0.1, func(a float64) optimize.Method { return &method.AdamW{StepSize: a} }},
	{"AdaMax", "means of squares", 0.1, func(a float64) optimize.Method { return &method.AdaMax{StepSize: a} }},
	{"NadaMax", "means of squares", 0.1, func(a float64) optimize.Method { return &method.AdaMax{StepSize: a, Nesterov: true} }},
	{"NAdam", "means of squares", 0.03, func(a float64) optimize.Method { return &method.NAdam{StepSize: a} }},
	{"AMSGrad", "means of squares", 0.1, func(a float64) optimize.Method { return &method.AMSGrad{StepSize: a} }},
	{"RAdam", "means of squares", 0.1, func(a float64) optimize.Method { return &method.RAdam{StepSize: a} }},
	{"AdaBelief", "means of squares", 0.03, func(a float64) optimize.Method { return &method.AdaBelief{StepSize: a} }},
	{"ACProp", "means of squares", 0.01, func(a float64) optimize.Method { return &method.ACProp{StepSize: a} }},
	{"AdaBound", "means of squares", 0.1, func(a float64) optimize.Method { return &method.AdaBound{StepSize: a} }},
	{"AMSBound", "means of squares", 0.1, func(a float64) optimize.Method { return &method.AdaBound{StepSize: a, AMSBound: true} }},
	{"Yogi", "means of squares", 0.1, func(a float64) optimize.Method { return &method.Yogi{StepSize: a} }},
	{"Padam", "means of squares", 0.01, func(a float64) optimize.Method { return &method.Padam{StepSize: a} }},
	{"QHAdam", "means of squares", 0.03, func(a float64) optimize.Method { return &method.QHAdam{StepSize: a} }},
	{"Adan", "means of squares", 0.03, func(a float64) optimize.Method { return &method.Adan{StepSize: a} }},
	{"FTML", "means of squares", 0.03, func(a float64) optimize.Method { return &method.FTML{StepSize: a} }},
	{"OptimisticAdam", "means of squares", 0.03, func(a float64) optimize.Method { return &method.OptimisticAdam{StepSize: a} }},
	{"AdEMAMix", "means of squares", 0.3, func(a float64) optimize.Method { return &method.AdEMAMix{StepSize: a} }},
	{"SimplifiedAdEMAMix", "means of squares", 0.0003, func(a float64) optimize.Method { return &method.SimplifiedAdEMAMix{StepSize: a} }},
	{"MARS", "means of squares", 0.03, func(a float64) optimize.Method { return &method.MARS{StepSize: a} }},
	{"SWATS", "means of squares", 0.03, func(a float64) optimize.Method { return &method.SWATS{StepSize: a} }},
	{"SMORMS3", "means of squares", 0.3, func(a float64) optimize.Method { return &method.SMORMS3{StepSize: a} }},
	{"Eve", "means of squares", 0.1, func(a float64) optimize.Method { return &method.Eve{StepSize: a} }},

	{"signSGD", "signs and ratios", 0.01, func(a float64) optimize.Method { return &method.Signum{StepSize: a} }},
	{"Signum", "signs and ratios", 0.01, func(a float64) optimize.Method { return &method.Signum{StepSize: a, Momentum: 0.9} }},
	{"Lion", "signs and ratios", 0.01, func(a float64) optimize.Method { return &method.Lion{StepSize: a} }},
	{"Rprop", "signs and ratios", 0.01, func(a float64) optimize.Method { return &method.Rprop{StepSize: a} }},
	{"DeltaBarDelta", "signs and ratios", 0.001, func(a float64) optimize.Method { return &method.DeltaBarDelta{StepSize: a} }},
	{"LARS", "signs and ratios", 3, func(a float64) optimize.Method { return &method.LARS{StepSize: a} }},
	{"LAMB", "signs and ratios", 0.003, func(a float64) optimize.Method { return &method.LAMB{StepSize: a} }},
	{"NovoGrad", "signs and ratios", 0.003, func(a float64) optimize.Method { return &method.NovoGrad{StepSize: a} }},
	{"Fromage", "signs and ratios", 0.01, func(a float64) optimize.Method { return &method.Fromage{StepSize: a} }},
	{"Adafactor", "signs and ratios", 0.01, func(a float64) optimize.Method { return &method.Adafactor{StepSize: a} }},

	{"DoG", "no step size", 0, func(float64) optimize.Method { return &method.DoG{} }},
	{"DoWG", "no step size", 0, func(float64) optimize.Method { return &method.DoWG{} }},
	{"DAdaptSGD", "no step size", 0, func(float64) optimize.Method { return &method.DAdaptSGD{} }},
	{"DAdaptAdam", "no step size", 0, func(float64) optimize.Method { return &method.DAdaptAdam{} }},
	{"Prodigy", "no step size", 0, func(float64) optimize.Method { return &method.Prodigy{} }},
	{"COCOB", "no step size", 0, func(float64) optimize.Method { return &method.COCOB{} }},
	{"PolyakStep", "no step size", 0, func(float64) optimize.Method { return &method.PolyakStep{} }},
	{"SPS", "no step size", 0, func(float64) optimize.Method { return &method.SPS{} }},
	{"MoMo", "no step size", 0, func(float64) optimize.Method { return &method.MoMo{} }},
	{"MoMoAdam", "no step size", 0, func(float64) optimize.Method { return &method.MoMoAdam{} }},
	{"Mechanic SGD", "no step size", 0, func(float64) optimize.Method { return &method.Mechanic{Rule: &method.SGD{}} }},
	{"Mechanic Adam", "no step size", 0, func(float64) optimize.Method { return &method.Mechanic{Rule: &stochopt.Adam{}} }},

	{"ScheduleFreeSGD", "no horizon", 0.003, func(a float64) optimize.Method { return &method.ScheduleFreeSGD{StepSize: a} }},
	{"ScheduleFreeAdam", "no horizon", 0.3, func(a float64) optimize.Method { return &method.ScheduleFreeAdam{StepSize: a} }},

	{"FTRL", "dual averaging", 1, func(a float64) optimize.Method { return &method.FTRL{StepSize: a} }},
	{"RDA", "dual averaging", 0.003, func(a float64) optimize.Method { return &method.RDA{StepSize: a} }},

	{"OLBFGS", "curvature", 0.01, func(a float64) optimize.Method { return &method.OLBFGS{StepSize: a} }},
}

// Settled returns methods that come to rest by the end of a run of the given number of steps, by a Schedule or a mean.
func Settled(steps int) []profile.Method {
	return []profile.Method{
		{Name: "Adam, cosine", New: func() optimize.Method { return &stochopt.Adam{Schedule: schedule.Cosine(steps, 0)} }},
		{Name: "SGD momentum, cosine", New: func() optimize.Method { return &method.SGD{Momentum: 0.9, Schedule: schedule.Cosine(steps, 0)} }},
		{Name: "TailAverage Adam", New: func() optimize.Method { return &method.TailAverage{Rule: &stochopt.Adam{}} }},
	}
}

// Gonum are methods of gonum to compare with.
var Gonum = []profile.Method{
	{Name: "gonum BFGS", New: func() optimize.Method { return &optimize.BFGS{} }},
	{Name: "gonum LBFGS", New: func() optimize.Method { return &optimize.LBFGS{} }},
	{Name: "gonum CG", New: func() optimize.Method { return &optimize.CG{} }},
	{Name: "gonum GradientDescent", New: func() optimize.Method { return &optimize.GradientDescent{} }},
	{Name: "gonum NelderMead", New: func() optimize.Method { return &optimize.NelderMead{} }},
}
