package gradient_test

import (
	"math"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/diff/fd"
)

// TestDrawsAreDisjoint: what an estimator asks of an objective in two different draws has no Sample in common, so draws are
// independent; and the estimators of one draw ask for its Sample alone, so they see common random numbers. The companion
// averages without making room for its replicates.
func TestDrawsAreDisjoint(t *testing.T) {
	type estimator struct {
		of     func(o stochopt.Oracle) stochopt.Oracle
		common bool // all that one draw asks for is the Sample itself
	}
	hutchinson := func(o stochopt.Oracle) stochopt.Oracle {
		h := gradient.Hutchinson(gradient.HessVecDifferences(o, 0), 3)
		return func(grad, x []float64, s stochopt.Sample) (float64, error) { return 0, h(grad, x, s) }
	}
	expectation := func(o stochopt.Oracle, make func(e gradient.Expectation) stochopt.Oracle) stochopt.Oracle {
		return make(gradient.Expectation{
			Func:     func(_, _, z, x []float64, s stochopt.Sample) (float64, error) { return o(nil, x, s) },
			Families: []gradient.Family{gradient.Normal()},
		})
	}
	for name, e := range map[string]estimator{
		"Differences": {gradient.Differences{Formula: fd.Forward}.Oracle, true},
		"SPSA":        {gradient.SPSA{Directions: 3}.Oracle, true},
		"Smoothing":   {gradient.Smoothing{Directions: 3}.Oracle, true},
		"Evolution":   {gradient.Evolution{Population: 4}.Oracle, true},
		"Hutchinson":  {hutchinson, true},
		"ControlVariate": {func(o stochopt.Oracle) stochopt.Oracle {
			return gradient.ControlVariate{Control: o, Mean: zeroMean, Beta: zeroMean}.Oracle(o)
		}, true},
		"ControlVariate 8": {func(o stochopt.Oracle) stochopt.Oracle {
			return gradient.ControlVariate{Control: o, Mean: zeroMean, Draws: 8}.Oracle(o)
		}, false},
		"Average":         {func(o stochopt.Oracle) stochopt.Oracle { return gradient.Average(o, 3, 1) }, false},
		"Scatter":         {func(o stochopt.Oracle) stochopt.Oracle { return gradient.Scatter(o, 3, 1).Oracle() }, false},
		"SkipNonFinite":   {func(o stochopt.Oracle) stochopt.Oracle { return gradient.SkipNonFinite(failing(o), 3) }, false},
		"Problem.Samples": {func(o stochopt.Oracle) stochopt.Oracle { return stochopt.Problem{Oracle: o, Samples: 3}.Evaluator() }, false},
		"Score": {func(o stochopt.Oracle) stochopt.Oracle {
			return expectation(o, func(e gradient.Expectation) stochopt.Oracle { return e.Score(3) })
		}, false},
		"MeasureValued": {func(o stochopt.Oracle) stochopt.Oracle {
			return expectation(o, func(e gradient.Expectation) stochopt.Oracle { return e.MeasureValued(1) })
		}, true},
		"Average of an Average": {func(o stochopt.Oracle) stochopt.Oracle { return gradient.Average(gradient.Average(o, 3, 1), 2, 1) }, false},
		"Average of SkipNonFinite": {func(o stochopt.Oracle) stochopt.Oracle {
			return gradient.Average(gradient.SkipNonFinite(failing(o), 3), 2, 1)
		}, false},
		"SkipNonFinite of an Average": {func(o stochopt.Oracle) stochopt.Oracle {
			return gradient.SkipNonFinite(failing(gradient.Average(o, 2, 1)), 3)
		}, false},
		"Average of SPSA": {func(o stochopt.Oracle) stochopt.Oracle {
			return gradient.Average(gradient.SPSA{Directions: 2}.Oracle(o), 3, 1)
		}, false},
		"companion": {func(o stochopt.Oracle) stochopt.Oracle {
			return func(grad, x []float64, s stochopt.Sample) (float64, error) {
				for range 3 {
					o(grad, x, s)
					s.Replicate++
				}
				return 0, nil
			}
		}, false},
	} {
		seen := map[stochopt.Sample]stochopt.Sample{} // asked for by
		var draw stochopt.Sample
		shared, others := 0, 0
		o := e.of(func(grad, x []float64, s stochopt.Sample) (float64, error) {
			if by, ok := seen[s]; ok && by != draw {
				shared++
			}
			seen[s] = draw
			if s != draw {
				others++
			}
			for i, v := range x {
				if grad != nil {
					grad[i] = v
				}
			}
			return x[0], nil
		})
		for step := range 3 {
			for probe := range 3 {
				for replicate := range 5 {
					draw = stochopt.Sample{Seed: 1, Step: step, Probe: probe, Replicate: replicate}
					if _, err := o(make([]float64, 2), []float64{1, 2}, draw); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
				}
			}
		}
		if (shared > 0) != (name == "companion") {
			t.Errorf("%s: %d evaluations with the Sample of another draw", name, shared)
		}
		if e.common && others > 0 {
			t.Errorf("%s: %d evaluations with other Samples than that of the draw", name, others)
		}
	}
}

func zeroMean(grad, _ []float64) float64 {
	clear(grad)
	return 0
}

// failing is o, whose values are lost.
func failing(o stochopt.Oracle) stochopt.Oracle {
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		_, err := o(grad, x, s)
		return math.NaN(), err
	}
}
