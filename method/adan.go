package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// Adan is Adam with Nesterov's momentum, which it makes from the differences of successive gradients.
//
//	δ ← g - g of the step before, 0 in the first
//	m ← β₁ m + (1-β₁) g
//	d ← β₂ d + (1-β₂) δ
//	v ← β₃ v + (1-β₃) (g + β₂ δ)²
//	x ← (x - α (m/c₁ + β₂ d/c₂) / (√(v/c₃) + ε)) / (1 + αλ)
//
// All operations are component by component; m, d and v start at 0 and are kept with the last gradient, four vectors
// of the length of x. c₁, c₂ and c₃ are Adam's bias corrections. Where root and ε are 0, only the decay moves x.
//
// The first step has the length α, as in Adam, and a steady gradient moves x by α a step. In independent noise δ has
// twice the variance of g: prefer Adan for exact gradients, for large samples, and where successive evaluations share
// their random numbers.
//
// Reference: X. Xie, P. Zhou, H. Li, Z. Lin, S. Yan, Adan: adaptive Nesterov momentum algorithm for faster optimizing
// deep models, IEEE TPAMI 2024 (arXiv 2208.06677), Algorithm 1, whose β are 1 minus those here, with another default
// for α. Some programs weigh δ by 1-β₂ instead of β₂.
type Adan struct {
	// StepSize is α, in units of x. If it is 0, 0.03 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has 0.001, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.98 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of d and the weight of δ. If it is 0, 0.92 is used; for neither set stochopt.Zero.
	Beta2 float64
	// Beta3 is β₃ in [0, 1), the memory of v. If it is 0, 0.99 is used; for no memory set stochopt.Zero.
	Beta3 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// WeightDecay is λ, in units of 1/x; 0 is none.
	WeightDecay float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	c1, c2, c3 float64   // running means of 1
	m, d, v    []float64 // running means of g, δ and (g + β₂ δ)²
	last       []float64 // the last gradient
}

// Init implements optimize.Method.
func (r *Adan) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *Adan) Reset(dim int) {
	hyper.Dim("method: Adan.Reset", dim)
	hyper.NonNegative("method: Adan.StepSize", r.StepSize)
	hyper.Unit("method: Adan.Beta1", r.Beta1)
	hyper.Unit("method: Adan.Beta2", r.Beta2)
	hyper.Unit("method: Adan.Beta3", r.Beta3)
	hyper.NonNegative("method: Adan.Epsilon", r.Epsilon)
	hyper.NonNegative("method: Adan.WeightDecay", r.WeightDecay)
	r.k, r.c1, r.c2, r.c3 = 0, 0, 0, 0
	r.m, r.d, r.v, r.last = make([]float64, dim), make([]float64, dim), make([]float64, dim), make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *Adan) Step(x, grad []float64) {
	hyper.Lengths("method: Adan.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.03), r.Schedule, r.k)
	b1, b2, b3 := hyper.Or(r.Beta1, 0.98), hyper.Or(r.Beta2, 0.92), hyper.Or(r.Beta3, 0.99)
	eps, lambda := hyper.Or(r.Epsilon, 1e-8), r.WeightDecay
	r.c1 = float64(b1*r.c1) + (1 - b1)
	r.c2 = float64(b2*r.c2) + (1 - b2)
	r.c3 = float64(b3*r.c3) + (1 - b3)
	if r.k == 0 {
		copy(r.last, grad)
	}
	n1, n2, n3, shrink := 1-b1, 1-b2, 1-b3, 1/(1+float64(alpha*lambda))
	root := math.Sqrt(r.c3) // numerator and denominator are multiplied by it, which costs less than dividing v by c₃
	wm, wd := alpha*(root/r.c1), alpha*(root*b2/r.c2)
	eps *= root
	m, d, v, last := r.m[:len(x)], r.d[:len(x)], r.v[:len(x)], r.last[:len(x)]
	for i, g := range grad[:len(x)] {
		delta := g - last[i]
		last[i] = g
		m[i] = float64(b1*m[i]) + float64(n1*g)
		d[i] = float64(b2*d[i]) + float64(n2*delta)
		ahead := g + float64(b2*delta)
		v[i] = float64(b3*v[i]) + float64(n3*ahead*ahead)
		next := x[i]
		if q := math.Sqrt(v[i]) + eps; q > 0 {
			next -= (float64(wm*m[i]) + float64(wd*d[i])) / q
		}
		x[i] = next * shrink
	}
	r.k++
}

func (r *Adan) state() state.State {
	return state.State{Counters: []int{r.k}, Scalars: []float64{r.c1, r.c2, r.c3}, Vectors: [][]float64{r.m, r.d, r.v, r.last}}
}

// MarshalBinary returns the state: k, c₁, c₂, c₃, m, d, v and the last gradient. The exported fields are not part of it.
func (r *Adan) MarshalBinary() ([]byte, error) { return state.Marshal("Adan", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Adan) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("Adan", data, r.state())
	if err == nil {
		r.k, r.c1, r.c2, r.c3 = s.Counters[0], s.Scalars[0], s.Scalars[1], s.Scalars[2]
		r.m, r.d, r.v, r.last = s.Vectors[0], s.Vectors[1], s.Vectors[2], s.Vectors[3]
	}
	return err
}
