package fit_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// The models of testdata/inference.py, which see also.
var problemModels = map[string]fit.Model{
	"misra1a":   saturation,
	"puromycin": michaelis,
	"decay":     relaxation,
	"parabola":  parabola,
}

// saturation is a (1 - exp(-k x)).
var saturation = fit.Model{
	Parameters: []string{"a", "k"},
	Func: func(grad, b, x []float64) float64 {
		e := math.Exp(-b[1] * x[0])
		if grad != nil {
			grad[0], grad[1] = 1-e, b[0]*x[0]*e
		}
		return b[0] * (1 - e)
	},
}

// michaelis is vmax x/(km + x).
var michaelis = fit.Model{
	Parameters: []string{"vmax", "km"},
	Func: func(grad, b, x []float64) float64 {
		d := b[1] + x[0]
		if grad != nil {
			grad[0], grad[1] = x[0]/d, -b[0]*x[0]/(d*d)
		}
		return b[0] * x[0] / d
	},
}

// relaxation is a exp(-k x) + c.
var relaxation = fit.Model{
	Parameters: []string{"a", "k", "c"},
	Func: func(grad, b, x []float64) float64 {
		e := math.Exp(-b[1] * x[0])
		if grad != nil {
			grad[0], grad[1], grad[2] = e, -b[0]*x[0]*e, 1
		}
		return b[0]*e + b[2]
	},
}

// problem is a problem of testdata/inference.json.
type problem struct {
	X, Y, Sigma, Start, Estimate []float64
	Statistics                   struct {
		ChiSquare, Reduced, RMSE, R2, Adjusted          float64
		Relative, Absolute                              struct{ LogLik, AIC, AICc, BIC float64 }
		Correlation                                     [][]float64
		Raw, Leverage                                   []float64
		Standardized, Studentized, StandardizedAbsolute []float64
		LMFit                                           struct {
			RedChi, AIC, BIC float64
			Profile          [][2]float64
		}
	}
	Profile struct{ Relative, Absolute [][2]float64 }
	Contour struct{ Relative, Absolute [][2]float64 }
	Bands   struct {
		X, Sigma, Value    []float64
		Relative, Absolute struct{ SE, Confidence, Simultaneous, Prediction []float64 }
	}

	model fit.Model
}

// inferences are testdata/inference.json.
type inferences struct {
	Problems map[string]*problem
	Compare  struct {
		F, P, F2, P2, Chi, PChi float64
		DF1, DF2                int
		AICc, Weights           []float64
	}
	Bootstrap struct {
		Y                            []float64
		SD                           float64
		Percentile, BCa, Studentized [2]float64
	}
}

func readInferences(t testing.TB) *inferences {
	t.Helper()
	text, err := os.ReadFile("testdata/inference.json")
	if err != nil {
		t.Fatal(err)
	}
	var all inferences
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for name, g := range all.Problems {
		g.model = problemModels[name]
	}
	if len(all.Problems) != len(problemModels) {
		t.Fatalf("%d problems, want %d", len(all.Problems), len(problemModels))
	}
	return &all
}

func readProblems(t testing.TB) map[string]*problem {
	t.Helper()
	return readInferences(t).Problems
}

func (g *problem) data() fit.Data { return fit.Data{X: column(g.X...), Y: g.Y, Sigma: g.Sigma} }

func (g *problem) fit(t testing.TB, s *fit.Settings) *fit.Result {
	t.Helper()
	r, err := fit.Curve(t.Context(), g.model, g.data(), starts(g.model.Parameters, g.Start), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// near fails unless all of got are within tol of want, relative to the larger of |want| and size.
func near(t *testing.T, what string, got, want []float64, tol, size float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	for i, v := range got {
		if !(math.Abs(v-want[i]) <= tol*max(math.Abs(want[i]), size)) {
			t.Errorf("%s, %d: %v, want %v", what, i, v, want[i])
		}
	}
}
