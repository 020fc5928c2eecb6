package method_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
	"gonum.org/v1/gonum/optimize"
)

// Programs that are widely used have mistakes, or variants that are not said to be any. In this file they are typed, in one
// variable, beside the formula of the paper; a method must agree with the latter and be told from the former. Others are told
// elsewhere: a bound of α for Adam's steps by TestAdamPublishedBound; m taken up before Lion's direction by TestLionBetas; ε that adds up
// in AdaBelief also by TestAdaBeliefSteadyGradient; a step counter off by one by the golden trajectories and TestScheduleCounts; value
// and gradient of different draws by TestOneDraw of the root, points of a difference by gradient's TestDifferencesCommonRandomNumbers.

// A formula makes a run of a method: a function from iterate and gradient to the next iterate, with a state of its own. Steps count
// from 1.
type formula func() func(x, g float64) float64

// adamLike is a run with Adam's running means.
func adamLike(b1, b2 float64, step func(k, m, v, c1, c2, g float64) float64) func(x, g float64) float64 {
	var k, m, v float64
	return func(x, g float64) float64 {
		k++
		m = b1*m + (1-b1)*g
		v = b2*v + (1-b2)*g*g
		return x - step(k, m, v, 1-math.Pow(b1, k), 1-math.Pow(b2, k), g)
	}
}

// adaBelief with the deviation of g from m, before or after m has taken up g.
func adaBelief(after bool, inside, outside float64) formula {
	return func() func(x, g float64) float64 {
		var k, m, s float64
		return func(x, g float64) float64 {
			k++
			e := g - m
			m = 0.9*m + 0.1*g
			if after {
				e = g - m
			}
			s = 0.999*s + 0.001*e*e + inside
			return x - 0.1*m/(1-math.Pow(0.9, k))/(math.Sqrt((s+outside)/(1-math.Pow(0.999, k)))+inside+outside)
		}
	}
}

// amsGrad with the maximum of v or of v/c₂, and a last line.
func amsGrad(ofCorrected bool, step func(m, w, c1, c2 float64) float64) formula {
	return func() func(x, g float64) float64 {
		var w float64
		return adamLike(0.9, 0.9, func(k, m, v, c1, c2, g float64) float64 {
			if ofCorrected {
				v /= c2
			}
			w = max(w, v)
			return step(m, w, c1, c2)
		})
	}
}

// rAdam at β₂ = 0.99 takes the divisor from ρ = threshold on.
func rAdam(threshold float64) formula {
	return func() func(x, g float64) float64 {
		return adamLike(0.9, 0.99, func(k, m, v, c1, c2, g float64) float64 {
			inf := 2/(1-0.99) - 1
			rho := inf - 2*k*(1-c2)/c2
			if rho > threshold {
				r := math.Sqrt((rho - 4) * (rho - 2) * inf / ((inf - 4) * (inf - 2) * rho))
				return 0.1 * r * m / c1 / (math.Sqrt(v/c2) + 1e-8)
			}
			return 0.1 * m / c1
		})
	}
}

// nAdam with momentum μ(k), whose product so far is multiplied by twice(μ) in the weight of m.
func nAdam(psi float64, twice func(mu float64) float64) formula {
	return func() func(x, g float64) float64 {
		p := 1.0
		mu := func(k float64) float64 { return 0.9 * (1 - 0.5*math.Pow(0.96, k*psi)) }
		return adamLike(0.9, 0.999, func(k, m, v, c1, c2, g float64) float64 {
			p *= mu(k)
			n := mu(k+1)*m/(1-p*twice(mu(k))*mu(k+1)) + (1-mu(k))*g/(1-p)
			return 0.1 * n / (math.Sqrt(v/c2) + 1e-8)
		})
	}
}

// adan with weight of the difference of gradients.
func adan(weight float64) formula {
	return func() func(x, g float64) float64 {
		var k, m, d, n, last float64
		return func(x, g float64) float64 {
			k++
			delta := g - last
			if k == 1 {
				delta = 0
			}
			last = g
			m = 0.98*m + 0.02*g
			d = 0.92*d + 0.08*delta
			n = 0.99*n + 0.01*math.Pow(g+weight*delta, 2)
			up := m/(1-math.Pow(0.98, k)) + weight*d/(1-math.Pow(0.92, k))
			return x - 0.1*up/(math.Sqrt(n/(1-math.Pow(0.99, k)))+1e-8)
		}
	}
}

// lion with the memory of m.
func lion(memory float64) formula {
	return func() func(x, g float64) float64 {
		var m float64
		return func(x, g float64) float64 {
			c := 0.9*m + 0.1*g
			m = memory*m + (1-memory)*g
			return x - 0.01*math.Copysign(1, c)
		}
	}
}

// ftml as in its paper, by z and d, with a counter of steps that starts after late.
func ftml(late float64) formula {
	return func() func(x, g float64) float64 {
		var v, z, d float64
		k := late
		return func(x, g float64) float64 {
			k++
			v = 0.999*v + 0.001*g*g
			before := d
			d = (1 - math.Pow(0.6, k)) / 0.1 * (math.Sqrt(v/(1-math.Pow(0.999, k))) + 1e-8)
			z = 0.6*z + 0.4*g - (d-0.6*before)*x
			return -z / d
		}
	}
}

// dAdaptAdam multiplies the step size by factor of the bias corrections.
func dAdaptAdam(factor func(c1, c2 float64) float64) formula {
	return func() func(x, g float64) float64 {
		b3 := math.Sqrt(0.999)
		d, r, s, m, v, k := 0.01, 0.0, 0.0, 0.0, 0.0, 0.0
		return func(x, g float64) float64 {
			k++
			a := d * factor(1-math.Pow(0.9, k), 1-math.Pow(0.999, k))
			r = b3*r + (1-b3)*a*g*s/(math.Sqrt(v)+1e-8)
			m = 0.9*m + 0.1*a*g
			v = 0.999*v + 0.001*g*g
			s = b3*s + (1-b3)*a*g
			d = max(d, r/((1-b3)*math.Abs(s)))
			return x - m/(math.Sqrt(v)+1e-8)
		}
	}
}

// prodigy likewise.
func prodigy(factor func(c1, c2 float64) float64) formula {
	return func() func(x, g float64) float64 {
		const d0 = 0.01
		b3, first := math.Sqrt(0.999), true
		var x0, r, s, m, v, k float64
		d := d0
		return func(x, g float64) float64 {
			if first {
				x0, first = x, false
			}
			k++
			old := d
			a := d * factor(1-math.Pow(0.9, k), 1-math.Pow(0.999, k))
			r = b3*r + d/d0*a*g*(x0-x)
			s = b3*s + d/d0*a*g
			m = 0.9*m + 0.1*old*g
			v = 0.999*v + 0.001*old*old*g*g
			d = max(d, r/math.Abs(s))
			return x - a*m/(math.Sqrt(v)+d*1e-8)
		}
	}
}

// mechanic around gradient descent, with s₀, and with h cut to [-M, M] where it enters R.
func mechanic(s0 float64, cut bool) formula {
	return func() func(x, g float64) float64 {
		var m, v, r, s [6]float64
		var x0, d, total float64
		first := true
		return func(x, g float64) float64 {
			if first {
				x0, first = x, false
			}
			h := (g + 0.01*total*math.Abs(g)/math.Abs(x)*x) * d
			d -= 0.01 * g
			total = 0
			for i := range s {
				rho := 1 - math.Pow(10, -float64(i+1))
				used := h
				if cut {
					used = min(max(h, -m[i]), m[i])
				}
				m[i] = max(rho*m[i], math.Abs(h))
				v[i] = rho*rho*v[i] + h*h
				r[i] = max(0, rho*r[i]-s[i]*used)
				s[i] = (s0/6*m[i] + r[i]) / (math.Sqrt(v[i]) + 1e-8)
				total += s[i]
			}
			return x0 + total*d
		}
	}
}

func none(c1, c2 float64) float64      { return 1 }
func corrected(c1, c2 float64) float64 { return math.Sqrt(c2) / c1 }

func TestTraps(t *testing.T) {
	rms := func(divisor func(k, v float64) float64) formula {
		return func() func(x, g float64) float64 {
			return adamLike(0, 0.9, func(k, m, v, c1, c2, g float64) float64 { return 0.1 * g / divisor(k, v) })
		}
	}
	adaGrad := func(start float64, divisor func(s float64) float64) formula {
		return func() func(x, g float64) float64 {
			s := start
			return func(x, g float64) float64 {
				s += g * g
				return x - 0.1*g/divisor(s)
			}
		}
	}
	like := func(b1, b2 float64, step func(k, m, v, c1, c2, g float64) float64) formula {
		return func() func(x, g float64) float64 { return adamLike(b1, b2, step) }
	}
	of := func(step func(x, g float64) float64) formula {
		return func() func(x, g float64) float64 { return step }
	}
	heavyBall := func(iterate float64) formula {
		return func() func(x, g float64) float64 {
			b := 0.0
			return func(x, g float64) float64 {
				b = 0.9*b + g
				return iterate*x - 0.1*b
			}
		}
	}
	for _, test := range []struct {
		rule  stochopt.Rule
		right formula
		wrong map[string]formula
	}{
		{
			&method.AMSGrad{StepSize: 0.1, Beta2: 0.9, Epsilon: 0.1},
			amsGrad(false, func(m, w, c1, c2 float64) float64 { return 0.1 * m / (math.Sqrt(w) + 0.1) }),
			map[string]formula{
				"m and v corrected":            amsGrad(false, func(m, w, c1, c2 float64) float64 { return 0.1 * m / c1 / (math.Sqrt(w/c2) + 0.1) }),
				"the maximum of v/c₂":          amsGrad(true, func(m, w, c1, c2 float64) float64 { return 0.1 * m / c1 / (math.Sqrt(w) + 0.1) }),
				"ε inside":                     amsGrad(false, func(m, w, c1, c2 float64) float64 { return 0.1 * m / math.Sqrt(w+0.1) }),
				"ε before the correction":      amsGrad(false, func(m, w, c1, c2 float64) float64 { return 0.1 * math.Sqrt(c2) / c1 * m / (math.Sqrt(w) + 0.1) }),
				"m corrected, the maximum not": amsGrad(false, func(m, w, c1, c2 float64) float64 { return 0.1 * m / c1 / (math.Sqrt(w) + 0.1) }),
			},
		},
		{
			&method.AMSGrad{StepSize: 0.1, Beta2: 0.9, Epsilon: 0.1, Corrected: true},
			amsGrad(false, func(m, w, c1, c2 float64) float64 { return 0.1 * m / c1 / (math.Sqrt(w/c2) + 0.1) }),
			map[string]formula{
				"the maximum of v/c₂":     amsGrad(true, func(m, w, c1, c2 float64) float64 { return 0.1 * m / c1 / (math.Sqrt(w) + 0.1) }),
				"ε before the correction": amsGrad(false, func(m, w, c1, c2 float64) float64 { return 0.1 * math.Sqrt(c2) / c1 * m / (math.Sqrt(w) + 0.1) }),
			},
		},
		{
			&method.RMSProp{StepSize: 0.1, Epsilon: 0.1},
			rms(func(k, v float64) float64 { return math.Sqrt(v) + 0.1 }),
			map[string]formula{
				"ε inside the root": rms(func(k, v float64) float64 { return math.Sqrt(v + 0.1) }),
				"corrected":         rms(func(k, v float64) float64 { return math.Sqrt(v/(1-math.Pow(0.9, k))) + 0.1 }),
			},
		},
		{
			&method.AdaGrad{StepSize: 0.1, Epsilon: 0.1},
			adaGrad(0, func(s float64) float64 { return math.Sqrt(s) + 0.1 }),
			map[string]formula{
				"ε inside the root": adaGrad(0, func(s float64) float64 { return math.Sqrt(s + 0.1) }),
				"s starts at 0.1":   adaGrad(0.1, func(s float64) float64 { return math.Sqrt(s) + 0.1 }),
				"s without the newest gradient": func() func(x, g float64) float64 {
					s := 0.0
					return func(x, g float64) float64 {
						x -= 0.1 * g / (math.Sqrt(s) + 0.1)
						s += g * g
						return x
					}
				},
			},
		},
		{
			&method.AdaBelief{StepSize: 0.1, Epsilon: 1e-3},
			adaBelief(true, 1e-3, 0),
			map[string]formula{
				"ε not in the recursion": adaBelief(true, 0, 1e-3),
				"m before it takes up g": adaBelief(false, 1e-3, 0),
			},
		},
		{
			&method.RAdam{StepSize: 0.1, Beta2: 0.99, MomentumStart: true},
			rAdam(4),
			map[string]formula{"five steps without divisor": rAdam(5)},
		},
		{
			&method.NAdam{StepSize: 0.1, MomentumDecay: 0.004},
			nAdam(0.004, func(float64) float64 { return 1 }),
			map[string]formula{
				"μ twice in the product": nAdam(0.004, func(mu float64) float64 { return mu }),
				"without ψ":              nAdam(0, func(float64) float64 { return 1 }),
			},
		},
		{
			&method.NAdam{StepSize: 0.1},
			like(0.9, 0.999, func(k, m, v, c1, c2, g float64) float64 {
				return 0.1 * (0.9*m/(1-math.Pow(0.9, k+1)) + 0.1*g/c1) / (math.Sqrt(v/c2) + 1e-8)
			}),
			map[string]formula{
				"a first step of α": like(0.9, 0.999, func(k, m, v, c1, c2, g float64) float64 {
					return 0.1 * (0.9*m + 0.1*g) / (1 - math.Pow(0.9, k)) / (math.Sqrt(v/c2) + 1e-8)
				}),
				"β₂ v/c₂, of the report": like(0.9, 0.999, func(k, m, v, c1, c2, g float64) float64 {
					return 0.1 * (0.9*m/(1-math.Pow(0.9, k+1)) + 0.1*g/c1) / (math.Sqrt(0.999*v/c2) + 1e-8)
				}),
				"β₂ = .99": like(0.9, 0.99, func(k, m, v, c1, c2, g float64) float64 {
					return 0.1 * (0.9*m/(1-math.Pow(0.9, k+1)) + 0.1*g/c1) / (math.Sqrt(v/c2) + 1e-8)
				}),
			},
		},
		{&method.Adan{StepSize: 0.1}, adan(0.92), map[string]formula{"1-β₂": adan(0.08)}},
		{
			&method.Lion{StepSize: 0.01},
			lion(0.99),
			map[string]formula{"β₂ and 1-β₂ exchanged": lion(0.01)},
		},
		{
			&method.QHAdam{StepSize: 0.1, Nu1: 0.7, Nu2: 0.8},
			like(0.995, 0.999, func(k, m, v, c1, c2, g float64) float64 {
				return 0.1 * (0.3*g + 0.7*m/c1) / (math.Sqrt(0.2*g*g+0.8*v/c2) + 1e-8)
			}),
			map[string]formula{
				"(1 - β₂g²) for (1-β₂)g²": func() func(x, g float64) float64 {
					var k, m, v float64
					return func(x, g float64) float64 {
						k++
						m = 0.995*m + 0.005*g
						v = max(0, 0.999*v+(1-0.999*g*g))
						return x - 0.1*(0.3*g+0.7*m/(1-math.Pow(0.995, k)))/(math.Sqrt(0.2*g*g+0.8*v/(1-math.Pow(0.999, k)))+1e-8)
					}
				},
				"g not mixed into the root": like(0.995, 0.999, func(k, m, v, c1, c2, g float64) float64 {
					return 0.1 * (0.3*g + 0.7*m/c1) / (math.Sqrt(v/c2) + 1e-8)
				}),
			},
		},
		{
			&method.Padam{StepSize: 0.1, Power: 0.125, Epsilon: 1e-3, Beta2: 0.9},
			amsGrad(false, func(m, w, c1, c2 float64) float64 { return 0.1 * m / c1 / math.Pow(math.Sqrt(w/c2)+1e-3, 0.25) }),
			map[string]formula{
				"Adam's √c₂ at every p": amsGrad(false, func(m, w, c1, c2 float64) float64 {
					return 0.1 * math.Sqrt(c2) / c1 * m / math.Pow(w+1e-3, 0.125)
				}),
				"p for 2p": amsGrad(false, func(m, w, c1, c2 float64) float64 { return 0.1 * m / c1 / math.Pow(math.Sqrt(w/c2)+1e-3, 0.125) }),
			},
		},
		{&method.FTML{StepSize: 0.1}, ftml(0), map[string]formula{"a counter from 1": ftml(1), "a counter from 7": ftml(7)}},
		{
			&method.SGD{StepSize: 0.1, Momentum: 0.9},
			heavyBall(1),
			map[string]formula{"the momentum multiplies the iterate": heavyBall(0.9)},
		},
		{&method.DAdaptAdam{InitialDistance: 0.01}, dAdaptAdam(none), map[string]formula{"bias factor": dAdaptAdam(corrected)}},
		{&method.Prodigy{InitialDistance: 0.01}, prodigy(none), map[string]formula{"bias factor": prodigy(corrected)}},
		{
			&method.Mechanic{Rule: &method.SGD{StepSize: 0.01}},
			mechanic(1e-8, false),
			map[string]formula{"s₀ = 1e-6": mechanic(1e-6, false), "h cut to ±M": mechanic(1e-8, true)},
		},
		{ // the value is g²/2
			&method.PolyakStep{Minimum: -1, Factor: 0.7},
			of(func(x, g float64) float64 { return x - 0.7*(g*g/2+1)/g }),
			map[string]formula{"the factor below the line": of(func(x, g float64) float64 { return x - (g*g/2+1)/g/0.7 })},
		},
		{
			&method.SPS{Minimum: -1, MaxStep: 3, Divisor: 0.7},
			of(func(x, g float64) float64 { return x - min((g*g/2+1)/(0.7*g*g), 3)*g }),
			map[string]formula{
				"the divisor above the line": of(func(x, g float64) float64 { return x - min(0.7*(g*g/2+1)/(g*g), 3)*g }),
				"no bound":                   of(func(x, g float64) float64 { return x - (g*g/2+1)/(0.7*g) }),
			},
		},
	} {
		const steps = 60
		run := func(step func(x, g float64) float64) []float64 {
			rnd := rand.New(rand.NewPCG(1, 2))
			x, all := 0.5, []float64{}
			for range steps {
				x = step(x, 0.5+rnd.NormFloat64())
				all = append(all, x-0.5)
			}
			return all
		}
		test.rule.Reset(1)
		got := run(func(x, g float64) float64 {
			if o, ok := test.rule.(interface{ Observe(f float64) }); ok {
				o.Observe(g * g / 2)
			}
			at := []float64{x}
			test.rule.Step(at, []float64{g})
			return at[0]
		})
		off := func(f formula) (worst float64) {
			far := 0.0
			for k, want := range run(f()) {
				far = max(far, math.Abs(want), math.Abs(got[k]))
				if d := math.Abs(got[k] - want); d > 0 {
					worst = max(worst, d/far)
				}
			}
			return worst
		}
		if d := off(test.right); !(d <= 1e-11) {
			t.Errorf("%T: %.2g from its formula", test.rule, d)
		}
		for name, f := range test.wrong {
			if d := off(f); !(d > 1e-4) {
				t.Errorf("%T: %s: only %.2g apart", test.rule, name, d)
			}
		}
	}
}

// TestMeansNotSums: the gradient of several samples is their mean, so that neither SGD's step nor Adam's, which does not know the scale of
// the gradient, depends on their number. With sums SGD's would grow, and a step size divided by the number of samples, which
// mends that, would shrink Adam's.
func TestMeansNotSums(t *testing.T) {
	const n = 8
	step := func(m optimize.Method, samples int, sum bool) float64 {
		p := stochopt.Problem{Samples: samples, Oracle: func(grad, x []float64, _ stochopt.Sample) (float64, error) {
			if grad != nil {
				grad[0] = 3
				if sum {
					grad[0] *= n
				}
			}
			return 3 * x[0], nil
		}}
		s := &optimize.Settings{MajorIterations: 2, Converger: optimize.NeverTerminate{}}
		r, err := stochopt.Minimize(context.Background(), p, []float64{0}, s, m)
		if err != nil {
			t.Fatal(err)
		}
		return -r.X[0]
	}
	for _, samples := range []int{1, n} {
		if d := step(&method.SGD{StepSize: 0.1}, samples, false); !near(d, 0.3, 1e-15) {
			t.Errorf("SGD, %d samples: step %v, want 0.3", samples, d)
		}
		if d := step(&stochopt.Adam{StepSize: 0.1}, samples, false); !near(d, 0.1, 1e-8) {
			t.Errorf("Adam, %d samples: step %v, want 0.1", samples, d)
		}
	}
	if d := step(&method.SGD{StepSize: 0.1}, 1, true); near(d, 0.3, 0.5) {
		t.Errorf("SGD, sums: step %v cannot be told from that of means", d)
	}
	if d := step(&method.SGD{StepSize: 0.1 / n}, 1, true); !near(d, 0.3, 1e-15) {
		t.Errorf("SGD, sums, a smaller step size: %v, want 0.3", d)
	}
	if d := step(&stochopt.Adam{StepSize: 0.1 / n}, 1, true); near(d, 0.1, 0.5) {
		t.Errorf("Adam, sums, a smaller step size: %v cannot be told from 0.1", d)
	}
}

// TestWarmupFirstStep: the first step of a warm-up over w steps is 1/w of the whole and not wasted on 0, and the whole is
// reached in step w.
func TestWarmupFirstStep(t *testing.T) {
	const w = 5
	for name, c := range map[string]struct {
		s     func(k int) float64
		right bool
	}{
		"Warmup":         {schedule.Warmup(w), true},
		"counted from 0": {func(k int) float64 { return min(1, float64(k)/w) }, false},
	} {
		r := &method.SGD{StepSize: 1, Schedule: c.s}
		r.Reset(1)
		ok := true
		for k := 1; k <= 2*w; k++ {
			ok = ok && near(stepped(r, 1)[0], min(1, float64(k)/w), 1e-15)
		}
		if ok != c.right {
			t.Errorf("%s: k/w in step k: %t, want %t", name, ok, c.right)
		}
	}
}
