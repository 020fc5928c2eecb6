package profile

import (
	"fmt"
	"math"

	"golang.org/x/exp/stats"
)

// Band is a curve over the seeds: its median and the quantiles Low and High at each X.
type Band struct {
	X                 []float64
	Low, Median, High []float64
}

// The quantiles of a Band.
const (
	Low  = 0.1
	High = 0.9
)

// Data returns the data profile of each method: the share of the problems that it has solved at a cost of at most k (n+1)
// draws, n being the number of variables.
//
//	d(k) = share of problems with t <= k (n+1)
//
// A run has solved its problem at the cost t of the first announced point with f(x) <= f* + tau (f(x0) - f*), where f* is the
// Minimum of the Objective or, where that is not known, the least value of all runs. k runs to the largest budget of a
// problem in these units.
//
// Reference: J. J. Moré, S. M. Wild, Benchmarking derivative-free optimization algorithms, SIAM Journal on Optimization
// 20(1), 2009, section 2.
func (r *Results) Data(tau float64) []Band {
	top := 0.0
	for _, p := range r.Problems {
		top = max(top, float64(r.Budget)/float64(len(p.Start)+1))
	}
	t := r.times(tau)
	return r.bands(top, func(m, p, seed int) float64 {
		return t[r.at(m, p, seed)] / float64(len(r.Problems[p].Start)+1)
	})
}

// Performance returns the performance profile of each method: the share of the problems that it has solved at no more than
// a times the cost of the best method with the same seed.
//
//	ρ(a) = share of problems with t <= a min over the methods of t
//
// See Data for what solved means.
//
// Reference: E. D. Dolan, J. J. Moré, Benchmarking optimization software with performance profiles, Mathematical
// Programming 91, 2002.
func (r *Results) Performance(tau float64) []Band {
	t := r.times(tau)
	top := 1.0
	ratio := func(m, p, seed int) float64 {
		least := math.Inf(1)
		for k := range r.Methods {
			least = min(least, t[r.at(k, p, seed)])
		}
		if math.IsInf(least, 1) {
			return least
		}
		return t[r.at(m, p, seed)] / least
	}
	for m := range r.Methods {
		for p := range r.Problems {
			for seed := range r.Seeds {
				if a := ratio(m, p, seed); !math.IsInf(a, 1) {
					top = max(top, a)
				}
			}
		}
	}
	return r.bands(top, ratio)
}

// bands counts, for each method, at a hundred X from 1 to top, the problems whose score is at most X.
func (r *Results) bands(top float64, score func(m, p, seed int) float64) []Band {
	const points = 100
	bands := make([]Band, len(r.Methods))
	for m := range bands {
		b := &bands[m]
		scores := make([][]float64, r.Seeds)
		for seed := range scores {
			for p := range r.Problems {
				scores[seed] = append(scores[seed], score(m, p, seed))
			}
		}
		shares := make([]float64, r.Seeds)
		for i := range points {
			x := math.Pow(top, float64(i)/(points-1))
			for seed, s := range scores {
				n := 0
				for _, v := range s {
					if v <= x*(1+1e-12) { // x is rounded
						n++
					}
				}
				shares[seed] = float64(n) / float64(len(s))
			}
			q := stats.Quantiles(shares, Low, 0.5, High)
			b.X = append(b.X, x)
			b.Low, b.Median, b.High = append(b.Low, q[0]), append(b.Median, q[1]), append(b.High, q[2])
		}
	}
	return bands
}

// Gap returns the gap that method m leaves on problem p at the end of its budget, the median over the seeds of
//
//	(f(x) - f*) / (f(x0) - f*)
//
// for the last point x that it has announced; see Data for f*. It is +Inf where the value at x is not finite in half of the runs or
// more.
func (r *Results) Gap(m, p int) float64 {
	gaps := make([]float64, r.Seeds)
	start, least := r.Problems[p].Func(r.Problems[p].Start), r.least(p)
	for seed := range gaps {
		gaps[seed] = max(0, r.runs[r.at(m, p, seed)].final-least) / (start - least)
		if math.IsNaN(gaps[seed]) {
			gaps[seed] = math.Inf(1)
		}
	}
	return stats.Median(gaps)
}

// Failures returns the runs that have ended with an error, one line each.
func (r *Results) Failures() []string {
	var lines []string
	for m, name := range r.Methods {
		for p, o := range r.Problems {
			for seed := range r.Seeds {
				if err := r.runs[r.at(m, p, seed)].err; err != nil {
					lines = append(lines, fmt.Sprintf("%s on %s, seed %d: %v", name, o.Name, seed+1, err))
				}
			}
		}
	}
	return lines
}

func (r *Results) at(m, p, seed int) int { return (m*len(r.Problems)+p)*r.Seeds + seed }

// least returns f* of problem p.
func (r *Results) least(p int) float64 {
	o := r.Problems[p]
	if !math.IsNaN(o.Minimum) {
		return o.Minimum
	}
	least := o.Func(o.Start)
	for m := range r.Methods {
		for seed := range r.Seeds {
			run := r.runs[r.at(m, p, seed)]
			for _, f := range run.best {
				least = min(least, f)
			}
		}
	}
	return least
}

// times returns the cost at which each run has solved its problem, +Inf if it has not.
func (r *Results) times(tau float64) []float64 {
	t := make([]float64, len(r.runs))
	for p, o := range r.Problems {
		least := r.least(p)
		target := least + tau*(o.Func(o.Start)-least)
		for m := range r.Methods {
			for seed := range r.Seeds {
				k := r.at(m, p, seed)
				t[k] = math.Inf(1)
				for i, f := range r.runs[k].best {
					if f <= target {
						t[k] = float64(r.costs[i])
						break
					}
				}
			}
		}
	}
	return t
}
