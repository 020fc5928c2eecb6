package method_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
)

// TestScaleKeepsBits: a Rule that tells by the bits of its iterate whether somebody else has moved it must not be misled by
// the change of units. In noise the answer of a Schedule-Free method is then as good as without.
func TestScaleKeepsBits(t *testing.T) {
	const dim, steps = 100, 3000
	rms := func(m stochopt.Rule) float64 {
		x, g, answer := make([]float64, dim), make([]float64, dim), make([]float64, dim)
		m.Reset(dim)
		for k := range steps {
			r := stochopt.Sample{Step: k}.Rand()
			for i := range g {
				g[i] = x[i] + r.NormFloat64()
			}
			m.Step(x, g)
		}
		m.(interface{ Estimate(dst, x []float64) }).Estimate(answer, x)
		sum := 0.0
		for _, v := range answer {
			sum += v * v / dim
		}
		return math.Sqrt(sum)
	}
	unit := func(s float64) func(int) float64 { return func(int) float64 { return s } }
	plain := rms(&method.ScheduleFreeSGD{StepSize: 0.1})
	for _, s := range []float64{1, 3, 4, 0.7} {
		scaled := rms(&method.Scale{Rule: &method.ScheduleFreeSGD{StepSize: 0.1 / (s * s)}, Unit: unit(s)})
		if math.Abs(scaled/plain-1) > 1e-9 {
			t.Errorf("unit %v: rms %v, without %v", s, scaled, plain)
		}
	}
}

// TestExtremeGradients: finite gradients of any size, some of them 0, give a finite x.
func TestExtremeGradients(t *testing.T) {
	for _, size := range []float64{1e-300, 1.1e-160, 1e-100, 1e100, 1e150} {
		for name, m := range map[string]stochopt.Rule{
			"COCOB":      &method.COCOB{Epsilon: stochopt.Zero},
			"PolyakStep": &method.PolyakStep{},
			"LARS":       &method.LARS{},
			"LAMB":       &method.LAMB{},
			"MoMo":       &method.MoMo{},
			"Adafactor":  &method.Adafactor{ClipRMS: stochopt.Zero},
			"NovoGrad":   &method.NovoGrad{Epsilon: stochopt.Zero},
			"Fromage":    &method.Fromage{},
			"SMORMS3":    &method.SMORMS3{Epsilon: stochopt.Zero},
			"AdaSqrt":    &method.AdaSqrt{Epsilon: stochopt.Zero},
			"ACProp":     &method.ACProp{Epsilon: stochopt.Zero},
			"NadaMax":    &method.AdaMax{Nesterov: true},
			"DeltaBar":   &method.DeltaBarDelta{},
			"Eve":        &method.Eve{Epsilon: stochopt.Zero},
			"SWATS":      &method.SWATS{Epsilon: stochopt.Zero},
			"AdEMAMix":   &method.AdEMAMix{Epsilon: stochopt.Zero},
			"SM3":        &method.SM3{},
			"MoMoAdam":   &method.MoMoAdam{Epsilon: stochopt.Zero},
			"Simplified": &method.SimplifiedAdEMAMix{Epsilon: stochopt.Zero},
			"MARS":       &method.MARS{Epsilon: stochopt.Zero},
			"Clip ratio": &method.Clip{Rule: &method.SGD{}, Ratio: 1},
			"Normalized": &method.NormalizedSGD{Momentum: 0.9},
			"Cautious":   &method.Cautious{Rule: &method.Signum{}},
		} {
			x := []float64{0, 1, 1e6}
			m.Reset(3)
			if o, ok := m.(interface{ Observe(float64) }); ok {
				o.Observe(size)
			}
			m.Step(x, []float64{0, size, 0})
			for i, v := range x {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%s, gradient %v: x[%d] = %v", name, size, i, v)
				}
			}
		}
	}
}

// TestLateMisuse: settings that would only fail during a run are refused before it.
func TestLateMisuse(t *testing.T) {
	for want, misuse := range map[string]func(){
		"method: Prodigy.Growth = 0.5":    func() { (&method.Prodigy{Growth: 0.5}).Reset(1) },
		"method: DAdaptAdam.Growth = 0.5": func() { (&method.DAdaptAdam{Growth: 0.5}).Reset(1) },
		"method: DAdaptSGD.Growth = 0.5":  func() { (&method.DAdaptSGD{Growth: 0.5}).Reset(1) },
		"method: AdamW.Center[1] = NaN":   func() { (&method.AdamW{Center: []float64{0, math.NaN()}}).Reset(2) },
		"method: FTRL.StepSize":           func() { (&method.FTRL{StepSize: stochopt.Zero}).Reset(1) },
		"method: Mechanic.Rule is a *method.SAM": func() {
			(&method.Mechanic{Rule: &method.SAM{Rule: &method.SGD{}}}).Reset(1)
		},
		"schedule: Cyclic: low = 2":    func() { schedule.Cyclic(4, 4, 2, 1) },
		"schedule: Cyclic: shrink = 2": func() { schedule.Cyclic(4, 4, 0, 2) },
		"schedule: Steps: the product": func() { schedule.Steps([]int{1, 2}, []float64{1e300, 1e300}) },
		"stochopt: StepSize times Schedule = +Inf": func() {
			m := &method.SGD{StepSize: 1e200, Schedule: schedule.Constant(1e200)}
			m.Reset(1)
			m.Step([]float64{1}, []float64{0})
		},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, want) {
					t.Errorf("panic %q, want %q", got, want)
				}
			}()
			misuse()
		}()
	}
}
