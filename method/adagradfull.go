package method

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// AdaGradFull is AdaGrad with the matrix of all products of gradient components in place of their squares.
//
//	G ← G + g gᵀ
//	x ← x - α (√G + ε)⁻¹ g
//
// √G is the symmetric root of the matrix, and G starts at 0. Along directions that no gradient has had a part in, x stays.
// With n variables, a step keeps 2n² numbers and costs the eigenvalues and eigenvectors of G, some 10 n³ operations:
// n should be a few hundred at most.
//
// The first step has the length |Δx| = α whatever the gradient, and no step is longer. Turning the variables turns the iterates,
// where AdaGrad depends on the axes; scaling them does change the iterates. The eigenvalues of G are known to 1e-16 of the
// largest: what the gradient does in directions where it is 1e7 times smaller than elsewhere is lost and makes no steps.
// Scale the variables so that their gradients are alike.
//
// Prefer it to AdaGrad for few variables that are strongly correlated.
//
// Reference: J. Duchi, E. Hazan, Y. Singer, Adaptive subgradient methods for online learning and stochastic optimization, JMLR 12,
// 2011, Algorithm 1 with full matrices. Some texts have (G + ε)^(-1/2).
type AdaGradFull struct {
	// StepSize is α, in units of x. If it is 0, 1 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has none.
	StepSize float64
	// Epsilon is ε, in units of the gradient, outside the root; δ in the paper. If it is 0, 1e-10 is used; for none set
	// stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	n          int       // number of variables
	g          []float64 // G, row by row; only j >= i is used

	values, vectors, part, work []float64 // for the eigenvalues
}

// Init implements optimize.Method.
func (r *AdaGradFull) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AdaGradFull) Reset(dim int) {
	hyper.Dim("method: AdaGradFull.Reset", dim)
	hyper.NonNegative("method: AdaGradFull.StepSize", r.StepSize)
	hyper.NonNegative("method: AdaGradFull.Epsilon", r.Epsilon)
	r.k, r.g = 0, make([]float64, dim*dim)
	r.allocate(dim)
}

// allocate gets the workspace for n variables.
func (r *AdaGradFull) allocate(n int) {
	r.n = n
	r.values, r.vectors, r.part = make([]float64, n), make([]float64, n*n), make([]float64, n)
	size := []float64{0}
	lapack64.Syev(lapack.EVCompute, r.symmetric(r.vectors), r.values, size, -1)
	r.work = make([]float64, int(size[0]))
}

func (r *AdaGradFull) symmetric(data []float64) blas64.Symmetric {
	return blas64.Symmetric{N: r.n, Stride: max(r.n, 1), Data: data, Uplo: blas.Upper}
}

// Step implements stochopt.Rule.
func (r *AdaGradFull) Step(x, grad []float64) {
	hyper.Lengths("method: AdaGradFull.Step", x, grad, r.n)
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 1), r.Schedule, r.k)
	eps := hyper.Or(r.Epsilon, 1e-10)
	n := r.n
	for i, g := range grad {
		for j := i; j < n; j++ {
			r.g[i*n+j] += float64(g * grad[j])
		}
	}
	r.k++

	// G = Q Λ Qᵀ. The eigenvectors, columns of Q, replace the copy of G.
	copy(r.vectors, r.g)
	if !lapack64.Syev(lapack.EVCompute, r.symmetric(r.vectors), r.values, r.work, len(r.work)) {
		panic("method: AdaGradFull.Step: no eigenvalues found")
	}
	clear(r.part)
	for i, g := range grad { // Qᵀ g
		for j, q := range r.vectors[i*n : (i+1)*n] {
			r.part[j] += float64(q * g)
		}
	}
	rounding := float64(n) * 0x1p-52 * r.values[n-1] // of the eigenvalues, which stand in ascending order
	for j, lambda := range r.values {
		if lambda > rounding {
			r.part[j] *= alpha / (math.Sqrt(lambda) + eps)
		} else {
			r.part[j] = 0 // and nothing of g, by the definition of G
		}
	}
	for i := range x {
		step := 0.0
		for j, q := range r.vectors[i*n : (i+1)*n] {
			step += float64(q * r.part[j])
		}
		x[i] -= step
	}
}

func (r *AdaGradFull) state() state.State {
	return state.State{Counters: []int{r.k, r.n}, Vectors: [][]float64{r.g}}
}

// MarshalBinary returns the state: k, the number of variables and G. The exported fields are not part of it.
func (r *AdaGradFull) MarshalBinary() ([]byte, error) {
	return state.Marshal("AdaGradFull", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AdaGradFull) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("AdaGradFull", data, r.state())
	if err != nil {
		return err
	}
	k, n, g := s.Counters[0], s.Counters[1], s.Vectors[0]
	if n < 0 || n > len(g) || n*n != len(g) {
		return fmt.Errorf("stochopt: state of AdaGradFull: %d numbers are no matrix of %d variables", len(g), n)
	}
	r.k, r.g = k, g
	r.allocate(n)
	return nil
}
