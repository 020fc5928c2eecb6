package stochopt_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// golden is all files of testdata/golden.
var golden = []map[string]func(h map[string]float64) stochopt.Rule{basicGolden, averagesGolden, variantsGolden, automaticGolden, wrappersGolden, curvatureGolden, peersGolden, gainsGolden, memoriesGolden}

// basicGolden makes the Rule for a file from the hyperparameters of a case, where 0 is 0.
var basicGolden = map[string]func(h map[string]float64) stochopt.Rule{
	"adam": func(h map[string]float64) stochopt.Rule {
		return &stochopt.Adam{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"])}
	},
	"sgd":           goldenSGD,
	"sgd_dampening": goldenSGD,
}

func goldenSGD(h map[string]float64) stochopt.Rule {
	return &method.SGD{StepSize: h["lr"], Momentum: h["momentum"], Dampening: h["dampening"], Nesterov: h["nesterov"] == 1}
}

func orZero(v float64) float64 { return cmp.Or(v, stochopt.Zero) }

// goldenTol bounds the deviation of a trajectory. It is 1e-12 and not 0 since fused multiplications, in the reference or
// here, and the order of operations round differently. Most cases agree to 1e-14. The worst, with β₂ = 0.9999, agrees to 1e-13:
// the reference takes the bias correction from 1-β₂ᵗ, which cancels, where Adam sums it up.
const goldenTol = 1e-12

// goldenCase is a trajectory: iterates[k] follows from grads[k], the gradient at iterates[k-1] or x0, and, for methods that
// use it, values[k], the value there.
type goldenCase struct {
	Name      string
	Hyper     map[string]float64
	Objective string // a name in goldenGrads, or empty where the gradients came from nowhere
	X0        []float64
	Grads     [][]float64
	Values    []float64
	Iterates  [][]float64
}

func readGolden(t *testing.T, name string) []goldenCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "golden", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Source   string
		Versions map[string]string
		Cases    []goldenCase
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(file.Cases) == 0 {
		t.Fatalf("%s: no cases", name)
	}
	for _, c := range file.Cases {
		if len(c.Iterates) < 20 || len(c.Grads) != len(c.Iterates) {
			t.Fatalf("%s: %s: %d gradients, %d iterates", name, c.Name, len(c.Grads), len(c.Iterates))
		}
	}
	return file.Cases
}

// goldenGrads are the objectives of the scripts in testdata/golden, operation by operation.
var goldenGrads = map[string]func(grad, x []float64){
	"rosenbrock": func(grad, x []float64) {
		for i := 0; i < len(x); i += 2 {
			a, b := x[i], x[i+1]
			r := b - float64(a*a)
			grad[i] = float64(-400*a*r) - float64(2*(1-a))
			grad[i+1] = 200 * r
		}
	},
	"quadratic": func(grad, x []float64) {
		h := 1.0
		for i, v := range x {
			grad[i] = h * v
			h *= 10
		}
	},
}

// deviation is how far r leaves the trajectory c, at the worst step and component: the difference of the iterates, divided
// by the greatest distance of the reference from x0 so far. (The length of x itself would hide all steps behind a large
// x0, and make nothing of the rounding of the steps when x passes 0.) If grad is nil, r is given the gradients of c,
// otherwise those at its own iterates, which are not its answers if it is of the type answers.
func (c *goldenCase) deviation(r stochopt.Rule, grad func(grad, x []float64)) float64 {
	x := slices.Clone(c.X0)
	g := make([]float64, len(x))
	far := make([]float64, len(x))
	r.Reset(len(x))
	var worst float64
	for k, want := range c.Iterates {
		copy(g, c.Grads[k])
		if grad != nil {
			at := x
			if a, ok := r.(*answers); ok && a.at != nil {
				at = a.at
			}
			grad(g, at)
		}
		if c.Values != nil {
			r.(interface{ Observe(f float64) }).Observe(c.Values[k])
		}
		if d, ok := r.(chooser); ok {
			d.Draw(stochopt.Sample{Step: k})
		}
		r.Step(x, g)
		for i, w := range want {
			far[i] = max(far[i], math.Abs(w-c.X0[i]))
			if x[i] != w {
				worst = max(worst, math.Abs(x[i]-w)/far[i]) // max keeps NaN
			}
		}
	}
	return worst
}

func TestGolden(t *testing.T) {
	for _, family := range golden {
		for name, rule := range family {
			t.Run(name, func(t *testing.T) { checkGolden(t, name, rule) })
		}
	}
}

func checkGolden(t *testing.T, name string, rule func(h map[string]float64) stochopt.Rule) {
	for _, c := range readGolden(t, name) {
		if d := c.deviation(rule(c.Hyper), nil); !(d <= goldenTol) {
			t.Errorf("%s: off by %.2g, want <= %g", c.Name, d, goldenTol)
		}
		if c.Objective == "" {
			continue
		}
		grad := goldenGrads[c.Objective]
		if grad == nil {
			t.Fatalf("%s: unknown objective %s", c.Name, c.Objective)
		}
		if d := c.deviation(rule(c.Hyper), grad); !(d <= goldenTol) {
			t.Errorf("%s, gradients at the own iterates: off by %.2g, want <= %g", c.Name, d, goldenTol)
		}
	}
}

// typedAdam is Adam typed once more, plainly, with the mistakes one can make in it.
type typedAdam struct {
	alpha, b1, b2, eps float64
	mistake            string
	t                  int
	m, v               []float64
}

func (a *typedAdam) Reset(dim int) {
	a.t, a.m, a.v = 0, make([]float64, dim), make([]float64, dim)
}

func (a *typedAdam) Step(x, grad []float64) {
	a.t++
	for i, g := range grad {
		a.m[i] = a.b1*a.m[i] + (1-a.b1)*g
		a.v[i] = a.b2*a.v[i] + (1-a.b2)*g*g
		t := float64(a.t)
		if a.mistake == "k from 2" {
			t++
		}
		c1, c2 := 1-math.Pow(a.b1, t), 1-math.Pow(a.b2, t)
		switch a.mistake {
		case "no bias correction":
			c1, c2 = 1, 1
		case "only m corrected":
			c2 = 1
		}
		d := math.Sqrt(a.v[i]/c2) + a.eps
		switch a.mistake {
		case "eps inside the root":
			d = math.Sqrt(a.v[i]/c2 + a.eps)
		case "eps before the correction":
			d = (math.Sqrt(a.v[i]) + a.eps) / math.Sqrt(c2)
		}
		if d > 0 {
			x[i] -= a.alpha * (a.m[i] / c1) / d
		}
	}
}

// typedSGD likewise.
type typedSGD struct {
	h       map[string]float64
	mistake string
	k       int
	b       []float64
}

func (r *typedSGD) Reset(dim int) { r.k, r.b = 0, make([]float64, dim) }

func (r *typedSGD) Step(x, grad []float64) {
	alpha, mu, tau := r.h["lr"], r.h["momentum"], r.h["dampening"]
	for i, g := range grad {
		before := r.b[i]
		r.b[i] = mu*before + (1-tau)*g
		if r.mistake == "no dampening" {
			r.b[i] = mu*before + g
		}
		if r.mistake == "undamped first step" && r.k == 0 {
			r.b[i] = g
		}
		switch {
		case r.h["nesterov"] == 0:
			x[i] -= alpha * r.b[i]
		case r.mistake == "momentum from before":
			x[i] -= alpha * (g + mu*before)
		case r.mistake == "heavy ball for Nesterov":
			x[i] -= alpha * r.b[i]
		default:
			x[i] -= alpha * (g + mu*r.b[i])
		}
	}
	r.k++
}

// TestGoldenCanFail gives the comparison of TestGolden formulas that are nearly right: the plain one agrees, every other
// is found.
func TestGoldenCanFail(t *testing.T) {
	const visible = 1e6 * goldenTol
	worst := func(t *testing.T, file string, rule func(h map[string]float64) stochopt.Rule) float64 {
		var d float64
		for _, c := range readGolden(t, file) {
			d = max(d, c.deviation(rule(c.Hyper), nil))
		}
		return d
	}
	for _, test := range []struct{ file, mistake string }{
		{"adam", ""},
		{"adam", "no bias correction"},
		{"adam", "only m corrected"},
		{"adam", "k from 2"},
		{"adam", "eps inside the root"},
		{"adam", "eps before the correction"},
		{"sgd", ""},
		{"sgd", "momentum from before"},
		{"sgd", "heavy ball for Nesterov"},
		{"sgd_dampening", ""},
		{"sgd_dampening", "undamped first step"},
		{"sgd_dampening", "momentum from before"},
		{"sgd_dampening", "no dampening"},
	} {
		d := worst(t, test.file, func(h map[string]float64) stochopt.Rule {
			if test.file == "adam" {
				return &typedAdam{alpha: h["lr"], b1: h["beta1"], b2: h["beta2"], eps: h["eps"], mistake: test.mistake}
			}
			return &typedSGD{h: h, mistake: test.mistake}
		})
		if test.mistake == "" && !(d <= goldenTol) {
			t.Errorf("%s: the plain formula is off by %.2g, want <= %g", test.file, d, goldenTol)
		}
		if test.mistake != "" && d < visible {
			t.Errorf("%s, %s: off by %.2g only, want > %g", test.file, test.mistake, d, visible)
		}
		t.Logf("%s, %q: off by %.2g", test.file, test.mistake, d)
	}
}
