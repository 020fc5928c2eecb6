package fit_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// A golden is a fit by an independent implementation; bounds.py and robust.py in testdata have written them.
type golden struct {
	Name, Kind, Loss, Model string
	X, Y, Start             []float64
	Lower, Upper            []*float64 // null is infinity
	Value, StdErr           []*float64 // null is NaN
	Active                  []int
	Scale, Objective, RSS   float64
}

func readGolden(t *testing.T, name string) []golden {
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Cases []golden }
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all.Cases
}

// goldenModels are the curves in the scripts.
var goldenModels = map[string]func(grad, b, x []float64) float64{
	"line": line.Func,
	"saturation": func(grad, b, x []float64) float64 {
		e := math.Exp(-b[1] * x[0])
		grad[0], grad[1] = 1-e, b[0]*x[0]*e
		return b[0] * (1 - e)
	},
	"peak": func(grad, b, x []float64) float64 {
		u := (x[0] - b[3]) / b[4]
		e := math.Exp(-u * u / 2)
		grad[0], grad[1], grad[2], grad[3], grad[4] = 1, x[0], e, b[2]*e*u/b[4], b[2]*e*u*u/b[4]
		return b[0] + b[1]*x[0] + b[2]*e
	},
	"exponentials": func(grad, b, x []float64) float64 {
		e, h := math.Exp(-b[1]*x[0]), math.Exp(-b[3]*x[0])
		grad[0], grad[1], grad[2], grad[3] = e, -b[0]*x[0]*e, h, -b[2]*x[0]*h
		return b[0]*e + b[2]*h
	},
	"polynomial": func(grad, b, x []float64) float64 {
		var f float64
		p := 1.0
		for j, v := range b {
			f += v * p
			grad[j] = p
			p *= x[0]
		}
		return f
	},
	"rosenbrock": func(grad, b, x []float64) float64 {
		if x[0] == 0 {
			grad[0], grad[1] = -20*b[0], 10
			return 10 * (b[1] - b[0]*b[0])
		}
		grad[0], grad[1] = -1, 0
		return 1 - b[0]
	},
}

func (g *golden) fit(t *testing.T, params []fit.Parameter, sigma float64, s *fit.Settings) (*fit.Result, error) {
	d := fit.Data{X: column(g.X...), Y: g.Y}
	if sigma != 0 {
		d.Sigma = slices.Repeat([]float64{sigma}, len(g.Y))
	}
	var names []string
	for _, p := range params {
		names = append(names, p.Name)
	}
	f := goldenModels[g.Model]
	m := fit.Model{Parameters: names, Func: func(grad, b, x []float64) float64 {
		if grad == nil {
			grad = make([]float64, len(b))
		}
		return f(grad, b, x)
	}}
	return fit.Curve(t.Context(), m, d, params, s)
}

func or(v *float64, missing float64) float64 {
	if v == nil {
		return missing
	}
	return *v
}

// TestBoundsGolden compares fits between bounds with scipy's: the estimate, what is at a bound, and error bars, which are NaN
// there and otherwise those of a fit in which these parameters are fixed.
func TestBoundsGolden(t *testing.T) {
	inside := 0
	for _, g := range readGolden(t, "bounds.json") {
		for _, adam := range []int{-1, 0} {
			params := starts(parameterNames(len(g.Start)), g.Start)
			var at []string
			for j := range params {
				params[j].Lower, params[j].Upper = or(g.Lower[j], math.Inf(-1)), or(g.Upper[j], math.Inf(1))
			}
			for _, j := range g.Active {
				at = append(at, params[j].Name)
			}
			r, err := g.fit(t, params, 0, &fit.Settings{AdamSteps: adam})
			if err != nil {
				t.Errorf("%s: %v", g.Name, err)
				continue
			}
			if !slices.Equal(r.AtBound, at) {
				t.Errorf("%s: %v at bounds, scipy has %v", g.Name, r.AtBound, at)
			}
			if math.Abs(r.RSS-g.RSS) > 1e-10*g.RSS || r.DF != len(g.Y)-len(params)+len(at) {
				t.Errorf("%s: RSS %v, scipy %v; DF %d", g.Name, r.RSS, g.RSS, r.DF)
			}
			for j, p := range params {
				v := or(g.Value[j], math.NaN())
				if math.Abs(r.Estimate[j]-v) > 1e-8*math.Abs(v)+1e-10 || r.Estimate[j] < p.Lower || r.Estimate[j] > p.Upper {
					t.Errorf("%s: b%d = %v, scipy %v", g.Name, j+1, r.Estimate[j], v)
				}
				if se := or(g.StdErr[j], math.NaN()); !(math.Abs(r.StdErr[j]-se) <= 1e-7*se) && !(math.IsNaN(se) && math.IsNaN(r.StdErr[j])) {
					t.Errorf("%s: standard error %v, scipy's Jacobian gives %v", g.Name, r.StdErr, se)
				}
				if slices.Contains(g.Active, j) && r.Estimate[j] != p.Lower && r.Estimate[j] != p.Upper {
					t.Errorf("%s: b%d = %v is not exactly at a bound", g.Name, j+1, r.Estimate[j])
				}
			}
			if len(at) > 0 {
				free := slices.Clone(params)
				for j := range free {
					free[j].Lower, free[j].Upper = 0, 0
				}
				if q, err := g.fit(t, free, 0, &fit.Settings{AdamSteps: adam}); err == nil && q.RSS > r.RSS*(1-1e-6) {
					t.Errorf("%s: without bounds RSS is %v, with bounds %v: the test tests nothing", g.Name, q.RSS, r.RSS)
				}
				inside++
			}
		}
	}
	if inside < 20 {
		t.Errorf("%d fits end at bounds, want 20", inside)
	}
}

// TestRobustGolden compares robust fits with scipy's at a fixed scale, statsmodels' with their scale, and sandwiches with
// those of the formula. Least squares must be far from all.
func TestRobustGolden(t *testing.T) {
	losses := map[string]fit.Loss{"Huber": fit.Huber{}, "SoftL1": fit.SoftL1{}, "Cauchy": fit.Cauchy{}, "Tukey": fit.Tukey{}}
	for _, g := range readGolden(t, "robust.json") {
		params := starts(parameterNames(len(g.Start)), g.Start)
		s, sigma := &fit.Settings{Loss: losses[g.Loss]}, 0.0
		unit := 1.0
		if g.Kind == "fixed" {
			s.AbsoluteSigma, sigma, unit = true, g.Scale, g.Scale
		}
		r, err := g.fit(t, params, sigma, s)
		if err != nil {
			t.Errorf("%s %s %s: %v", g.Kind, g.Loss, g.Model, err)
			continue
		}
		var value, se []float64
		for j := range params {
			value, se = append(value, *g.Value[j]), append(se, *g.StdErr[j])
		}
		if lre(r.Estimate, value) < 8 || lre(r.StdErr, se) < 7 || lre([]float64{unit * unit * r.Objective}, []float64{g.Objective}) < 9 {
			t.Errorf("%s %s %s: %v ± %v, objective %v, want %v ± %v, %v", g.Kind, g.Loss, g.Model, r.Estimate, r.StdErr, unit*unit*r.Objective, value, se, g.Objective)
		}
		if g.Kind == "joint" && lre([]float64{r.ResidualSD}, []float64{g.Scale}) < 8 {
			t.Errorf("%s %s: scale %v, want %v", g.Loss, g.Model, r.ResidualSD, g.Scale)
		}
		s.Loss = nil
		if q, err := g.fit(t, params, sigma, s); err != nil || lre(q.Estimate, value) > 2 {
			t.Errorf("least squares gives %v, %v near %v: the test tests nothing", q, err, value)
		}
	}
}
