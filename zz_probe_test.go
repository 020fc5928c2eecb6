package stochopt_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"math"
	"os"
	"testing"
)

func TestZZ(t *testing.T) {
	for _, f := range []string{"adam", "sgd", "sgd_dampening"} {
		b, _ := os.ReadFile("testdata/golden/" + f + ".json")
		var file struct {
			Cases []struct {
				Name            string
				Hyper           map[string]float64
				Objective       string
				X0              []float64
				Grads, Iterates [][]float64
			}
		}
		if err := json.Unmarshal(b, &file); err != nil {
			t.Fatal(err)
		}
		for _, c := range file.Cases {
			h := c.Hyper
			for closed := range 2 {
				if closed == 1 && c.Objective == "" {
					continue
				}
				var r stochopt.Rule
				if f == "adam" {
					z := func(v float64) float64 { return cmp.Or(v, stochopt.Zero) }
					r = &stochopt.Adam{StepSize: h["lr"], Beta1: z(h["beta1"]), Beta2: z(h["beta2"]), Epsilon: z(h["eps"])}
				} else {
					r = &method.SGD{StepSize: h["lr"], Momentum: h["momentum"], Dampening: h["dampening"], Nesterov: h["nesterov"] == 1}
				}
				x := append([]float64(nil), c.X0...)
				n := len(x)
				r.Reset(n)
				far := make([]float64, n)
				path := make([]float64, n)
				prev := append([]float64(nil), c.X0...)
				pm := append([]float64(nil), c.X0...)
				var ea, eb, ec, ed, ee float64
				for k := range c.Iterates {
					g := append([]float64(nil), c.Grads[k]...)
					if closed == 1 {
						if c.Objective == "quadratic" {
							s := 1.0
							for i := range g {
								g[i] = s * x[i]
								s *= 10
							}
						} else {
							for i := 0; i < n; i += 2 {
								a, b := x[i], x[i+1]
								g[i] = -400*a*(b-a*a) - 2*(1-a)
								g[i+1] = 200 * (b - a*a)
							}
						}
					}
					r.Step(x, g)
					for i, w := range c.Iterates[k] {
						d := math.Abs(x[i] - w)
						far[i] = max(far[i], math.Abs(w-c.X0[i]))
						path[i] += math.Abs(w - prev[i])
						st := math.Abs((x[i] - pm[i]) - (w - prev[i]))
						if d > 0 {
							ea = max(ea, d/math.Abs(w))
							eb = max(eb, d/far[i])
							ec = max(ec, d/path[i])
							ee = max(ee, d/math.Abs(w-c.X0[i]))
						}
						if st > 0 {
							ed = max(ed, st/math.Abs(w-prev[i]))
						}
						prev[i] = w
						pm[i] = x[i]
					}
				}
				fmt.Printf("%-14s %-48s closed %d  |x| %.1e  |x-x0| %.1e far %.1e  path %.1e  step %.1e\n", f, c.Name, closed, ea, ee, eb, ec, ed)
			}
		}
	}
}
