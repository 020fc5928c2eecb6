package method_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// supports are ways to draw the variables of a gradient.
var supports = []struct {
	name string
	draw func(r *rand.Rand, dim, n int) []int // increasing
}{
	{"the same", func(r *rand.Rand, dim, n int) []int {
		index := make([]int, n)
		for j := range index {
			index[j] = j*(dim/n) + 7
		}
		return index
	}},
	{"Zipf", func(r *rand.Rand, dim, n int) []int { // of rank k with probability in proportion to 1/k
		return distinct(n, func() int {
			rank := int(math.Exp(r.Float64()*math.Log(float64(dim)))) - 1 // has the density 1/x
			return int(uint64(rank) * 0x9e3779b97f4a7c15 % uint64(dim))   // somewhere
		})
	}},
	{"uniform", func(r *rand.Rand, dim, n int) []int { return distinct(n, func() int { return r.IntN(dim) }) }},
}

// distinct draws n different variables.
func distinct(n int, draw func() int) []int {
	seen := map[int]bool{}
	index := make([]int, 0, n)
	for len(index) < n {
		if i := draw(); !seen[i] {
			seen[i] = true
			index = append(index, i)
		}
	}
	slices.Sort(index)
	return index
}

// BenchmarkSparse measures CatchUp and StepSparse for gradients with 100 of a million components, after so many steps that the rare
// ones have been seen. The metrics are medians over short rounds in turn: dense is the time of Step for the gradient filled up with
// zeros, in units of that, and kernel the same without the time of filling up. They are measured once, however often a benchmark
// is to run.
func BenchmarkSparse(b *testing.B) {
	const dim, n, warm, per = 1000000, 100, 40000, 100
	type sparser interface {
		stochopt.Rule
		StepSparse(x, grad []float64, index []int)
		CatchUp(x []float64, index []int)
	}
	for _, c := range []struct {
		name string
		make func() sparser
	}{
		{"Adam", func() sparser { return &stochopt.Adam{StepSize: 1e-3} }},
		{"Adam lazy", func() sparser { return &stochopt.Adam{StepSize: 1e-3, Lazy: true} }},
		{"AdaGrad", func() sparser { return &method.AdaGrad{StepSize: 1e-2} }},
		{"RMSProp", func() sparser { return &method.RMSProp{StepSize: 1e-3} }},
		{"RMSProp lazy", func() sparser { return &method.RMSProp{StepSize: 1e-3, Momentum: 0.9, Lazy: true} }},
		{"SGD", func() sparser { return &method.SGD{StepSize: 1e-2} }},
		{"SGD momentum", func() sparser { return &method.SGD{StepSize: 1e-2, Momentum: 0.9} }},
		{"FTRL", func() sparser { return &method.FTRL{StepSize: 1e-2} }},
	} {
		for _, s := range supports {
			var sparse, toFilled, toKernel []float64
			measure := func() {
				r := rand.New(rand.NewPCG(1, 2))
				m, dense := c.make(), c.make()
				m.Reset(dim)
				dense.Reset(dim)
				x, y, full := make([]float64, dim), make([]float64, dim), make([]float64, dim)
				for i := range x {
					x[i] = r.NormFloat64()
				}
				copy(y, x)
				grad := make([]float64, n)
				for j := range grad {
					grad[j] = r.NormFloat64()
				}
				index := make([][]int, per)
				round := func() time.Duration {
					for k := range index {
						index[k] = s.draw(r, dim, n)
					}
					begin := time.Now()
					for _, i := range index {
						m.CatchUp(x, i)
						m.StepSparse(x, grad, i)
					}
					return time.Since(begin) / per
				}
				for range warm / per {
					round()
				}
				const few = 3
				filled := func() time.Duration {
					begin := time.Now()
					for _, i := range index[:few] {
						clear(full)
						for j, i := range i {
							full[i] = grad[j]
						}
						dense.Step(y, full)
					}
					return time.Since(begin) / few
				}
				kernel := func() time.Duration {
					begin := time.Now()
					for range few {
						dense.Step(y, full)
					}
					return time.Since(begin) / few
				}
				for range 15 {
					t := round()
					sparse = append(sparse, float64(t))
					toFilled = append(toFilled, float64(filled())/float64(t))
					toKernel = append(toKernel, float64(kernel())/float64(t))
				}
			}
			b.Run(c.name+"/"+s.name, func(b *testing.B) {
				if sparse == nil {
					measure()
				}
				median := func(v []float64) float64 { slices.Sort(v); return v[len(v)/2] }
				b.ReportMetric(0, "ns/op") // of the rounds, which means nothing
				b.ReportMetric(median(sparse)/1000, "µs/step")
				b.ReportMetric(median(toFilled), "dense")
				b.ReportMetric(median(toKernel), "kernel")
			})
		}
	}
}
