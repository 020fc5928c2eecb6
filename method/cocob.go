package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// COCOB bets on the sign of the gradient and moves as far as its winnings allow, without any step size.
//
//	L ← max(L, |g|)
//	A ← A + |g|
//	R ← max(0, R - g (x - x₀))
//	C ← C - g
//	x = x₀ + C/(L max(A + L, aL)) (L + R)
//
// All operations are component by component. L starts at ε, the rest at 0, and x₀ is the iterate of the first Step after Reset.
// It keeps x₀, L, A, R and C, five vectors. Where L is 0, x stays. x is a function of the state: a projection from
// outside has no lasting effect on it, other than through the winnings R.
//
// The first step has the length 1/a in every component, if |g| >= ε, and the scale of the gradient does not matter; that of
// x does, through a. Where the gradient keeps its sign, x moves exponentially fast; in a balance of signs it stays near x₀. A huge
// gradient fixes L for good and makes all later bets small. Prefer it where step sizes cannot be tuned and variables are of order 1; average in noise.
//
// Reference: F. Orabona, T. Tommasi, Training deep networks without learning rates through coin betting, NeurIPS 2017,
// Algorithm 2.
type COCOB struct {
	// Alpha is a, in units of 1/x: bets are at most 1/a of the winnings until Σ|g| is a times the greatest |g|. If it is 0, 100 is used.
	Alpha float64
	// Epsilon is the least L, in units of the gradient. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64

	sequential                 // optimize.Method
	k                int       // steps taken
	x0, l, a, won, c []float64 // the start, L, A, R, C
}

// Init implements optimize.Method.
func (r *COCOB) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *COCOB) Reset(dim int) {
	hyper.Dim("method: COCOB.Reset", dim)
	hyper.NonNegative("method: COCOB.Alpha", r.Alpha)
	hyper.NonNegative("method: COCOB.Epsilon", r.Epsilon)
	r.k, r.x0, r.l = 0, make([]float64, dim), make([]float64, dim)
	r.a, r.won, r.c = make([]float64, dim), make([]float64, dim), make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *COCOB) Step(x, grad []float64) {
	hyper.Lengths("method: COCOB.Step", x, grad, len(r.x0))
	alpha, eps := hyper.Or(r.Alpha, 100), hyper.Or(r.Epsilon, 1e-8)
	if r.k == 0 {
		copy(r.x0, x)
	}
	x0, l, a, won, c := r.x0[:len(x)], r.l[:len(x)], r.a[:len(x)], r.won[:len(x)], r.c[:len(x)]
	for i, g := range grad[:len(x)] {
		l[i] = max(l[i], eps, math.Abs(g))
		a[i] += math.Abs(g)
		won[i] = max(0, won[i]-float64(g*(x[i]-x0[i])))
		c[i] -= g
		if l[i] > 0 {
			x[i] = x0[i] + float64(c[i]/max(a[i]+l[i], alpha*l[i])*(1+won[i]/l[i]))
		}
	}
	r.k++
}

func (r *COCOB) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.x0, r.l, r.a, r.won, r.c}}
}

// MarshalBinary returns the state: k, x₀, L, A, R and C. The exported fields are not part of it.
func (r *COCOB) MarshalBinary() ([]byte, error) { return state.Marshal("COCOB", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *COCOB) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("COCOB", data, r.state())
	if err == nil {
		r.k, r.x0, r.l = s.Counters[0], s.Vectors[0], s.Vectors[1]
		r.a, r.won, r.c = s.Vectors[2], s.Vectors[3], s.Vectors[4]
	}
	return err
}
