package method_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// logistic is regression of a yes or no on n columns whose scales differ by factors of 1.3, with a small penalty: blocks terms
// of 40 data each.
func logistic(n, blocks int, seed uint64) gradient.FiniteSum {
	rnd := rand.New(rand.NewPCG(seed, 1))
	const size = 40
	data, yes := make([][]float64, size*blocks), make([]bool, size*blocks)
	truth := make([]float64, n)
	for j := range truth {
		truth[j] = rnd.NormFloat64() / math.Pow(1.3, float64(j))
	}
	for i := range data {
		data[i] = make([]float64, n)
		for j := range data[i] {
			data[i][j] = rnd.NormFloat64() * math.Pow(1.3, float64(j))
		}
		yes[i] = rnd.Float64() < 1/(1+math.Exp(-floats.Dot(data[i], truth)))
	}
	return gradient.FiniteSum{N: len(data), Term: func(grad, x []float64, i int) float64 {
		const penalty = 1e-3
		z := floats.Dot(data[i], x)
		if yes[i] {
			z = -z
		}
		f := max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) + penalty/2*floats.Dot(x, x)
		if grad != nil {
			d := 1 / (1 + math.Exp(-z))
			if yes[i] {
				d = -d
			}
			floats.AddScaled(grad, d, data[i])
			floats.AddScaled(grad, penalty, x)
		}
		return f
	}}
}

func TestSFOLogisticProto(t *testing.T) {
	for seed := range uint64(5) {
		fs := logistic(12, 30, seed)
		full := fs.Full()
		ref, err := optimize.Minimize(stochopt.Problem{Oracle: full}.Optimize(), make([]float64, 12), &optimize.Settings{GradientThreshold: 1e-13, Converger: optimize.NeverTerminate{}, MajorIterations: 1000}, &optimize.BFGS{})
		t.Log(ref.F, ref.FuncEvaluations, err, floats.Norm(ref.Gradient, 2))
		for _, passes := range []int{3, 6, 9, 12, 15, 18, 21, 25, 40} {
			m := &method.SFO{Terms: 30, Seed: seed}
			r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: fs.Blocks(30)}, make([]float64, 12), &optimize.Settings{GradEvaluations: 30 * passes, Converger: optimize.NeverTerminate{}}, m)
			f, _ := full(nil, r.X, stochopt.Sample{})
			t.Logf("%d passes: gap %.3g (sum %.3g)  %v %v", passes, f-ref.F, 30*(f-ref.F), r.Status, err)
		}
	}
}
