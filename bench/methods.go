package main

import (
	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// timedMethod is a method, or a setting that makes it another, with its default step size.
type timedMethod struct {
	name string
	new  func() stochopt.Rule
	dim  int // where it is not that of all

	// looks is set for methods that look at differences of gradients, and so need an objective.
	looks bool
}

// copyHess is the product with the Hessian of |x|²/2, the cheapest there is.
func copyHess(dst, _, v []float64, _ stochopt.Sample) error {
	copy(dst, v)
	return nil
}

// timedMethods are all methods of the module, in the order of docs/methods.md, and then the wrappers around SGD or Adam.
var timedMethods = []timedMethod{
	{name: "SGD", new: func() stochopt.Rule { return &method.SGD{} }},
	{name: "SGD momentum", new: func() stochopt.Rule { return &method.SGD{Momentum: 0.9} }},
	{name: "SGD Nesterov", new: func() stochopt.Rule { return &method.SGD{Momentum: 0.9, Nesterov: true} }},
	{name: "QHM", new: func() stochopt.Rule { return &method.QHM{} }},
	{name: "AggMo", new: func() stochopt.Rule { return &method.AggMo{} }},
	{name: "AccSGD", new: func() stochopt.Rule { return &method.AccSGD{} }},
	{name: "OptimisticSGD", new: func() stochopt.Rule { return &method.OptimisticSGD{} }},
	{name: "NormalizedSGD", new: func() stochopt.Rule { return &method.NormalizedSGD{} }},

	{name: "AdaGrad", new: func() stochopt.Rule { return &method.AdaGrad{} }},
	{name: "AdaGradNorm", new: func() stochopt.Rule { return &method.AdaGradNorm{} }},
	{name: "SM3", new: func() stochopt.Rule { return &method.SM3{} }},
	{name: "WNGrad", new: func() stochopt.Rule { return &method.WNGrad{} }},
	{name: "AdaGradFull", new: func() stochopt.Rule { return &method.AdaGradFull{} }, dim: 30},
	{name: "AdaDelta", new: func() stochopt.Rule { return &method.AdaDelta{} }},
	{name: "AdaSqrt", new: func() stochopt.Rule { return &method.AdaSqrt{} }},

	{name: "Adam", new: func() stochopt.Rule { return &stochopt.Adam{} }},
	{name: "AdamW", new: func() stochopt.Rule { return &method.AdamW{WeightDecay: 0.01} }},
	{name: "AMSGrad", new: func() stochopt.Rule { return &method.AMSGrad{} }},
	{name: "AdaMax", new: func() stochopt.Rule { return &method.AdaMax{} }},
	{name: "NadaMax", new: func() stochopt.Rule { return &method.AdaMax{Nesterov: true} }},
	{name: "NAdam", new: func() stochopt.Rule { return &method.NAdam{} }},
	{name: "RAdam", new: func() stochopt.Rule { return &method.RAdam{} }},
	{name: "RMSProp", new: func() stochopt.Rule { return &method.RMSProp{} }},
	{name: "RMSProp centered, momentum", new: func() stochopt.Rule { return &method.RMSProp{Centered: true, Momentum: 0.5} }},
	{name: "AdaBelief", new: func() stochopt.Rule { return &method.AdaBelief{} }},
	{name: "ACProp", new: func() stochopt.Rule { return &method.ACProp{} }},
	{name: "AdaBound", new: func() stochopt.Rule { return &method.AdaBound{} }},
	{name: "Yogi", new: func() stochopt.Rule { return &method.Yogi{} }},
	{name: "Padam", new: func() stochopt.Rule { return &method.Padam{} }},
	{name: "QHAdam", new: func() stochopt.Rule { return &method.QHAdam{} }},
	{name: "Adan", new: func() stochopt.Rule { return &method.Adan{} }},
	{name: "FTML", new: func() stochopt.Rule { return &method.FTML{} }},
	{name: "OptimisticAdam", new: func() stochopt.Rule { return &method.OptimisticAdam{} }},
	{name: "AdEMAMix", new: func() stochopt.Rule { return &method.AdEMAMix{} }},
	{name: "SimplifiedAdEMAMix", new: func() stochopt.Rule { return &method.SimplifiedAdEMAMix{} }},
	{name: "MARS", new: func() stochopt.Rule { return &method.MARS{} }},
	{name: "SWATS", new: func() stochopt.Rule { return &method.SWATS{} }},
	{name: "SMORMS3", new: func() stochopt.Rule { return &method.SMORMS3{} }},
	{name: "Eve", new: func() stochopt.Rule { return &method.Eve{} }},

	{name: "signSGD", new: func() stochopt.Rule { return &method.Signum{} }},
	{name: "Signum", new: func() stochopt.Rule { return &method.Signum{Momentum: 0.9} }},
	{name: "Lion", new: func() stochopt.Rule { return &method.Lion{} }},
	{name: "Rprop", new: func() stochopt.Rule { return &method.Rprop{} }},
	{name: "DeltaBarDelta", new: func() stochopt.Rule { return &method.DeltaBarDelta{} }},
	{name: "LARS", new: func() stochopt.Rule { return &method.LARS{Momentum: 0.9} }},
	{name: "LAMB", new: func() stochopt.Rule { return &method.LAMB{} }},
	{name: "NovoGrad", new: func() stochopt.Rule { return &method.NovoGrad{} }},
	{name: "Fromage", new: func() stochopt.Rule { return &method.Fromage{} }},
	{name: "Adafactor", new: func() stochopt.Rule { return &method.Adafactor{} }},

	{name: "DoG", new: func() stochopt.Rule { return &method.DoG{} }},
	{name: "DoWG", new: func() stochopt.Rule { return &method.DoWG{} }},
	{name: "DAdaptSGD", new: func() stochopt.Rule { return &method.DAdaptSGD{} }},
	{name: "DAdaptAdam", new: func() stochopt.Rule { return &method.DAdaptAdam{} }},
	{name: "Prodigy", new: func() stochopt.Rule { return &method.Prodigy{} }},
	{name: "COCOB", new: func() stochopt.Rule { return &method.COCOB{} }},
	{name: "PolyakStep", new: func() stochopt.Rule { return &method.PolyakStep{} }},
	{name: "SPS", new: func() stochopt.Rule { return &method.SPS{} }},
	{name: "MoMo", new: func() stochopt.Rule { return &method.MoMo{} }},
	{name: "MoMoAdam", new: func() stochopt.Rule { return &method.MoMoAdam{} }},
	{name: "Mechanic SGD", new: func() stochopt.Rule { return &method.Mechanic{Rule: &method.SGD{}} }},
	{name: "ScheduleFreeSGD", new: func() stochopt.Rule { return &method.ScheduleFreeSGD{} }},
	{name: "ScheduleFreeAdam", new: func() stochopt.Rule { return &method.ScheduleFreeAdam{} }},
	{name: "FTRL", new: func() stochopt.Rule { return &method.FTRL{} }},
	{name: "RDA", new: func() stochopt.Rule { return &method.RDA{} }},

	{name: "OLBFGS", new: func() stochopt.Rule { return &method.OLBFGS{} }, looks: true},
	{name: "AdaHessian", new: func() stochopt.Rule { return &method.AdaHessian{HessVec: copyHess} }},
	{name: "Sophia", new: func() stochopt.Rule { return &method.Sophia{HessVec: copyHess} }},
	{name: "SFO", new: func() stochopt.Rule { return &method.SFO{Terms: 30} }, looks: true},
	{name: "SAM SGD", new: func() stochopt.Rule { return &method.SAM{Rule: &method.SGD{}} }},

	{name: "Clip Adam by value", new: func() stochopt.Rule { return &method.Clip{Rule: &stochopt.Adam{}, Value: 1} }},
	{name: "Clip Adam by norm", new: func() stochopt.Rule { return &method.Clip{Rule: &stochopt.Adam{}, Norm: 1} }},
	{name: "Average Adam", new: func() stochopt.Rule { return &method.Average{Rule: &stochopt.Adam{}} }},
	{name: "TailAverage Adam", new: func() stochopt.Rule { return &method.TailAverage{Rule: &stochopt.Adam{}} }},
	{name: "Lookahead Adam", new: func() stochopt.Rule { return &method.Lookahead{Rule: &stochopt.Adam{}} }},
	{name: "Accumulate Adam", new: func() stochopt.Rule { return &method.Accumulate{Rule: &stochopt.Adam{}} }},
	{name: "Cautious Adam", new: func() stochopt.Rule { return &method.Cautious{Rule: &stochopt.Adam{}} }},
	{name: "Decay Adam", new: func() stochopt.Rule { return &method.Decay{Rule: &stochopt.Adam{}} }},
	{name: "Freeze Adam", new: func() stochopt.Rule {
		return &method.Freeze{Rule: &stochopt.Adam{}, Frozen: func(i int) bool { return i%10 == 4 }}
	}},
	{name: "Scale Adam", new: func() stochopt.Rule {
		return &method.Scale{Rule: &stochopt.Adam{}, Unit: func(int) float64 { return 2 }}
	}},
	{name: "Noise Adam", new: func() stochopt.Rule { return &method.Noise{Rule: &stochopt.Adam{}} }},
	{name: "DropWhenStationary Adam", new: func() stochopt.Rule { return &method.DropWhenStationary{Rule: &stochopt.Adam{}} }},
}
