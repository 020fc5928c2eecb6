package method

import (
	"reflect"
	"testing"

	"github.com/stochopt/stochopt"
)

// countVectors counts the slices of n numbers in the unexported fields of a struct, and in the structs there.
func countVectors(v reflect.Value, n int) (count int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "sequential" {
				count += countVectors(v.Field(i), n)
			}
		}
	case reflect.Slice:
		switch v.Type().Elem().Kind() {
		case reflect.Float64:
			return v.Len() / n
		case reflect.Slice:
			for i := range v.Len() {
				count += countVectors(v.Index(i), n)
			}
		}
	}
	return count
}

// TestMemory holds the methods to the numbers of vectors that the package comment states, which is what they keep after a step.
func TestMemory(t *testing.T) {
	const n = 100
	sgd := func() stochopt.Rule { return &SGD{} }
	product := func(dst, x, v []float64, s stochopt.Sample) error { copy(dst, v); return nil }
	for want, rules := range [][]stochopt.Rule{
		0: {&AdaGradNorm{}, &PolyakStep{}, &SPS{}, &WNGrad{}, &Fromage{}, &Decay{Rule: &SPS{}, Rate: 0.1}},
		1: {&SGD{}, &QHM{}, &AccSGD{}, &AdaGrad{}, &FTML{}, &Signum{}, &Lion{}, &LARS{}, &DoG{}, &DoWG{}, &AggMo{Momenta: []float64{0.9}},
			&Clip{Rule: &SPS{}, Norm: 1}, &Noise{Rule: &SPS{}}, &Average{Rule: &SPS{}}, &Lookahead{Rule: &SPS{}},
			&NormalizedSGD{}, &OptimisticSGD{}, &AdaSqrt{}, &Cautious{Rule: &SPS{}}, &SAM{Rule: &SPS{}}},
		2: {&AdaDelta{}, &AdamW{}, &AdaMax{}, &NAdam{}, &RAdam{}, &AdaBelief{}, &Yogi{}, &QHAdam{}, &Rprop{}, &DAdaptSGD{}, &FTRL{}, &RDA{},
			&ScheduleFreeSGD{}, &Mechanic{Rule: sgd()}, &Accumulate{Rule: sgd()}, &Freeze{Rule: sgd()}, &TailAverage{Rule: sgd()},
			&Adafactor{}, &MoMo{}, &NovoGrad{}, &SM3{}, &SimplifiedAdEMAMix{}, &ACProp{}, &DeltaBarDelta{}, &Eve{},
			&DropWhenStationary{Rule: &SPS{}}},
		3: {&AggMo{}, &RMSProp{}, &AMSGrad{}, &AdaBound{}, &Padam{}, &OptimisticAdam{}, &LAMB{}, &DAdaptAdam{}, &ScheduleFreeAdam{},
			&AdEMAMix{}, &SMORMS3{}, &SWATS{}, &MoMoAdam{}},
		4: {&Adan{}, &Prodigy{}, &Scale{Rule: sgd(), Unit: func(int) float64 { return 1 }},
			&AdaHessian{HessVec: product}, &Sophia{HessVec: product}, &MARS{}},
		5: {&COCOB{}},
	} {
		for _, r := range rules {
			r.Reset(n)
			if o, ok := r.(interface{ Observe(f float64) }); ok {
				o.Observe(1)
			}
			if d, ok := r.(interface {
				Draw(next stochopt.Sample) (stochopt.Sample, error)
			}); ok {
				if _, err := d.Draw(stochopt.Sample{}); err != nil {
					t.Fatal(err)
				}
			}
			r.Step(make([]float64, n), make([]float64, n))
			if got := countVectors(reflect.ValueOf(r).Elem(), n); got != want {
				t.Errorf("%T keeps %d vectors, want %d", r, got, want)
			}
		}
	}
	r := &AdaGradFull{}
	r.Reset(n)
	if got := len(r.g) + len(r.vectors); got != 2*n*n {
		t.Errorf("AdaGradFull keeps %d numbers for %d variables, want %d", got, n, 2*n*n)
	}
}
