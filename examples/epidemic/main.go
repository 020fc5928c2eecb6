// Command epidemic estimates the parameters of a stochastic epidemic from the cases reported in each week.
//
// The model is a stochastic differential equation for the susceptible S and the infectious I of n people,
//
//	dS = -λ dt - √λ dV,  dI = (λ - γ I) dt + √λ dV - √(γ I) dW,  λ = β S I/n
//
// and a share ρ of the infections ∫λ dt + √λ dV of a week is reported. The likelihood of the reports is out of reach,
// but the model can be simulated: the estimate is where the mean of simulations comes nearest to the reports (D.
// McFadden, A method of simulated moments, Econometrica 57, 1989).
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/examples/internal/picture"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/infer"
)

const (
	people  = 100_000
	weeks   = 15
	perWeek = 5 // steps
)

// simulate stores the reported cases of one epidemic. x are the logarithms of β and γ, per week, and of ρ.
func simulate(cases *[weeks]float64, x []float64, rnd *rand.Rand) {
	beta, gamma, rho := math.Exp(x[0]), math.Exp(x[1]), math.Exp(x[2])
	const dt = 1. / perWeek
	s, i := people-1000., 1000.
	for w := range cases {
		var sum float64
		for range perWeek {
			rate := beta * s * i / people
			infections := rate*dt + math.Sqrt(rate*dt)*rnd.NormFloat64()
			recoveries := gamma*i*dt + math.Sqrt(gamma*i*dt)*rnd.NormFloat64()
			s = max(s-infections, 0)
			i = max(i+infections-recoveries, 0)
			sum += infections
		}
		cases[w] = rho * sum
	}
}

// misfit is a draw of Σ (E cases - reported)²/reported: in the product of two independent simulations, each less the
// report, the noise has mean 0. Both take their random numbers from the Sample. So draws at different x have them in
// common, and their difference is that of x.
func misfit(reported *[weeks]float64) stochopt.Oracle {
	return func(_, x []float64, s stochopt.Sample) (float64, error) {
		rnd := s.Rand()
		var a, b [weeks]float64
		simulate(&a, x, rnd)
		simulate(&b, x, rnd)
		var sum float64
		for w, r := range reported {
			sum += (a[w] - r) * (b[w] - r) / (r + 10)
		}
		return sum, nil
	}
}

// estimate finds the x nearest to the reports.
func estimate(reported *[weeks]float64, start []float64, seed uint64, draws int) *infer.Result {
	p := stochopt.Problem{Seed: seed, Oracle: gradient.Differences{}.Oracle(misfit(reported))}
	r, err := infer.Estimate(context.Background(), p, start, &infer.Options{
		Rule:       &stochopt.Adam{StepSize: 0.01},
		MaxSamples: draws,
	})
	if err != nil {
		log.Fatal(err)
	}
	if r.Status != infer.Estimated {
		log.Fatal(r.Status, r.Diagnosis)
	}
	return r
}

func main() {
	truth := []float64{math.Log(2), math.Log(1), math.Log(0.3)}
	var reported [weeks]float64
	simulate(&reported, truth, rand.New(rand.NewPCG(1, 2)))
	r := estimate(&reported, []float64{math.Log(3), math.Log(2), math.Log(0.5)}, 1, 6000)

	// The error bars of r are those of the draws. That of the data is seen from epidemics simulated at the estimate.
	const epidemics = 10
	var spread [3]float64
	for k := range epidemics {
		var other [weeks]float64
		simulate(&other, r.X, rand.New(rand.NewPCG(uint64(k), 3)))
		q := estimate(&other, r.X, uint64(k+2), 3000)
		for j, v := range q.X {
			spread[j] += (v - r.X[j]) * (v - r.X[j]) / epidemics
		}
	}
	for j, name := range []string{"beta", "gamma", "rho"} {
		b := math.Exp(r.X[j])
		fmt.Printf("%-5s = %.3f, error of the data %.3f, of the simulations %.4f, true %.3f\n",
			name, b, b*math.Sqrt(spread[j]), b*r.StdErr[j], math.Exp(truth[j]))
	}
	fmt.Printf("after %d draws of two epidemics and their gradient\n", r.Counts.Total())

	week, mean, low, high := make([]float64, weeks), make([]float64, weeks), make([]float64, weeks), make([]float64, weeks)
	const n = 500
	for k := range n {
		var c [weeks]float64
		simulate(&c, r.X, rand.New(rand.NewPCG(uint64(k), 4)))
		for w, v := range c {
			mean[w] += v / n
			high[w] += v * v / n
		}
	}
	for w := range week {
		sd := math.Sqrt(high[w] - mean[w]*mean[w])
		week[w], low[w], high[w] = float64(w+1), mean[w]-2*sd, mean[w]+2*sd
	}
	p := picture.New("week", "reported cases")
	p.Band(0, week, low, high)
	p.Line("mean of simulations ± 2 standard deviations", 0, week, mean)
	p.Points("reported", week, reported[:], nil)
	p.Save("epidemic.png")
}
