package method_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// TestNestings: a wrapper refuses the Rules that its comment excludes, in Reset, however deep inside, and takes others.
func TestNestings(t *testing.T) {
	sgd := func() stochopt.Rule { return &method.SGD{} }
	product := func(dst, x, v []float64, s stochopt.Sample) error { copy(dst, v); return nil }
	rules := map[string]func() stochopt.Rule{
		"SGD":              sgd,
		"Adam":             func() stochopt.Rule { return &stochopt.Adam{} },
		"FTRL":             func() stochopt.Rule { return &method.FTRL{} },
		"RDA":              func() stochopt.Rule { return &method.RDA{} },
		"COCOB":            func() stochopt.Rule { return &method.COCOB{} },
		"DAdaptSGD":        func() stochopt.Rule { return &method.DAdaptSGD{} },
		"Mechanic":         func() stochopt.Rule { return &method.Mechanic{Rule: sgd()} },
		"AccSGD":           func() stochopt.Rule { return &method.AccSGD{} },
		"Lookahead":        func() stochopt.Rule { return &method.Lookahead{Rule: sgd()} },
		"ScheduleFreeSGD":  func() stochopt.Rule { return &method.ScheduleFreeSGD{} },
		"ScheduleFreeAdam": func() stochopt.Rule { return &method.ScheduleFreeAdam{} },
		"SAM":              func() stochopt.Rule { return &method.SAM{Rule: sgd()} },
		"OLBFGS":           func() stochopt.Rule { return &method.OLBFGS{} },
		"AdaHessian":       func() stochopt.Rule { return &method.AdaHessian{HessVec: product} },
		"Sophia":           func() stochopt.Rule { return &method.Sophia{HessVec: product} },
		"SFO":              func() stochopt.Rule { return &method.SFO{Terms: 4} },
		"Average":          func() stochopt.Rule { return &method.Average{Rule: sgd()} },
	}
	const (
		rebuilding  = "FTRL RDA COCOB DAdaptSGD Mechanic "
		means       = "ScheduleFreeSGD ScheduleFreeAdam "
		remembering = "AccSGD Lookahead SAM " + means
		choosing    = "SAM OLBFGS AdaHessian Sophia SFO "
	)
	refused := map[string]string{
		"Accumulate":         choosing,
		"Average":            "",
		"Cautious":           rebuilding + remembering,
		"Clip":               "SFO",
		"Decay":              rebuilding + means + "SFO",
		"DropWhenStationary": rebuilding + remembering,
		"Freeze":             "AdaHessian Sophia",
		"Lookahead":          rebuilding + means + "SAM",
		"Mechanic":           choosing,
		"Noise":              "SFO",
		"SAM":                choosing,
		"Scale":              "AdaHessian Sophia",
		"TailAverage":        "",
	}
	outside := map[string]func(r stochopt.Rule) stochopt.Rule{
		"Mechanic": func(r stochopt.Rule) stochopt.Rule { return &method.Mechanic{Rule: r} },
		"SAM":      func(r stochopt.Rule) stochopt.Rule { return &method.SAM{Rule: r} },
	}
	for name, wrap := range wrappers {
		outside[name] = func(r stochopt.Rule) stochopt.Rule { return wrap(r) }
	}
	if len(outside) != len(refused) {
		t.Fatalf("%d wrappers, of which %d are listed", len(outside), len(refused))
	}
	for outer, wrap := range outside {
		for inner, rule := range rules {
			want := strings.Contains(" "+refused[outer]+" ", " "+inner+" ")
			for verb, r := range map[string]stochopt.Rule{
				"is":    rule(),
				"holds": &method.TailAverage{Rule: &method.Average{Rule: rule()}},
			} {
				got := panicOf(func() { wrap(r).Reset(2) })
				of := reflect.TypeOf(rule()).String()
				if want && !strings.HasPrefix(got, fmt.Sprintf("method: %s.Rule %s a %s, which ", outer, verb, of)) || !want && got != "" {
					t.Errorf("%s whose Rule %s %s: panic %q, want one: %t", outer, verb, inner, got, want)
				}
			}
		}
	}
}

// panicOf returns the text of the panic of f, or "".
func panicOf(f func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}

// TestRebuilding: what is done to x between two steps stays, but with the Rules that are said to make it anew.
func TestRebuilding(t *testing.T) {
	const moved = 0.25
	for name, r := range map[string]stochopt.Rule{
		"SGD":       &method.SGD{StepSize: 0.01, Momentum: 0.9},
		"Adam":      &stochopt.Adam{},
		"FTML":      &method.FTML{},
		"Prodigy":   &method.Prodigy{},
		"FTRL":      &method.FTRL{},
		"RDA":       &method.RDA{},
		"COCOB":     &method.COCOB{},
		"DAdaptSGD": &method.DAdaptSGD{},
		"Mechanic":  &method.Mechanic{Rule: &method.SGD{StepSize: 0.01}},
	} {
		end := func(by float64) float64 {
			x := []float64{1}
			r.Reset(1)
			for k := range 10 {
				if k == 9 {
					x[0] += by
				}
				r.Step(x, []float64{1 - 0.1*float64(k)})
			}
			return x[0]
		}
		stays := math.Abs(end(moved)-end(0)-moved) < 0.01*moved
		anew := math.Abs(end(moved)-end(0)) < 0.01*moved // FTRL and COCOB look at x in their next step as well
		if refuses := panicOf(func() { (&method.Decay{Rule: r}).Reset(1) }) != ""; stays == anew || refuses != anew {
			t.Errorf("%s: x moved by %v ends by %v elsewhere, and Decay refuses it: %t", name, moved, end(moved)-end(0), refuses)
		}
	}
}
