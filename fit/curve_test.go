package fit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

// digits that parameters and standard errors must have in common with NIST's certified values.
const wantDigits = 9

// checkNIST fits s from both starts with default settings and compares all that NIST certifies.
func checkNIST(t *testing.T, s *nistSet) {
	f, ok := nistModels[s.name]
	if !ok || len(s.y) == 0 || len(s.value) == 0 || s.rss == 0 || s.residual == 0 {
		t.Fatalf("incomplete: %d points, %d parameters, RSS %v", len(s.y), len(s.value), s.rss)
	}
	m := fit.Model{Parameters: parameterNames(len(s.value)), Func: f}
	for k, start := range s.start {
		r, err := fit.Curve(t.Context(), m, s.x, s.y, start, nil)
		if err != nil {
			t.Errorf("start %d: %v", k+1, err)
			continue
		}
		index, sign := relabel(s.name, r.Estimate)
		var value, stdDev []float64
		for i, j := range index {
			value, stdDev = append(value, sign[i]*r.Estimate[j]), append(stdDev, r.StdErr[j])
		}
		v, d := lre(value, s.value), lre(stdDev, s.stdDev)
		t.Logf("%-10s start %d: digits of parameters %4.1f, of standard errors %4.1f, RSS %.10E, %v, after Adam %v, %d iterations, %d evaluations",
			s.name, k+1, v, d, r.RSS, r.Status, r.AfterAdam, r.Iterations, r.Evaluations)
		if v < wantDigits {
			t.Errorf("start %d: %.1f digits of the parameters, want %d: got %v, want %v", k+1, v, wantDigits, value, s.value)
		}
		if r.N != len(s.y) || r.DF != len(s.y)-len(s.value) || r.Rank != len(s.value) {
			t.Errorf("start %d: N %d, DF %d, rank %d of %d points, %d parameters", k+1, r.N, r.DF, r.Rank, len(s.y), len(s.value))
		}
		if s.name == "Lanczos1" {
			// Its residuals, 8E-14, hold a thousandth of rounding error: RSS and what follows from it are out of reach.
			continue
		}
		if d < wantDigits {
			t.Errorf("start %d: %.1f digits of the standard errors, want %d: got %v, want %v", k+1, d, wantDigits, stdDev, s.stdDev)
		}
		if d := lre([]float64{r.RSS, r.ResidualSD}, []float64{s.rss, s.residual}); d < wantDigits {
			t.Errorf("start %d: RSS %v, residual standard deviation %v, want %v, %v", k+1, r.RSS, r.ResidualSD, s.rss, s.residual)
		}
	}
}

// TestExamples needs nothing but the repository.
func TestExamples(t *testing.T) {
	for _, name := range []string{"Misra1a", "Thurber", "MGH17"} {
		t.Run(name, func(t *testing.T) { checkNIST(t, readExample(t, name)) })
	}
}

func TestNIST(t *testing.T) {
	dir := nistDir(t)
	for _, name := range nistOrder {
		t.Run(name, func(t *testing.T) { checkNIST(t, readNIST(t, dir, name)) })
	}
}

var (
	_ = context.Canceled
	_ = errors.Is
	_ = fmt.Sprint
	_ = math.Inf
	_ = rand.New
	_ = slices.Equal[[]int]
	_ = strings.Contains
	_ = mat.NewDense
	_ = optimize.Failure
)
