package stochopt

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt/internal/freelist"
)

// Sparse is an objective of very many variables each of whose draws depends on few of them: regression on words, ratings of
// many things by many people, embeddings. Its gradient is 0 for all other variables, and is neither stored nor
// added up for them.
//
// In Minimize, a step then takes a time in proportion to the number of variables in the draw, whatever the number of all, if the
// method has CatchUp, CatchUpBefore and StepSparse (see Rule), and nobody looks at all of X or of the gradient meanwhile:
//
//   - Settings.Converger is nil or optimize.NeverTerminate{}, Settings.Recorder nil and
//     Settings.GradientThreshold 0, and
//   - Samples is 0 or 1, and Project and PerPoint are not set.
//
// Otherwise, and in whatever else a Problem is given to, the gradient is filled up with zeros, and a step takes the time of all
// variables. The Result and its counts are the same to the last bit, but for a variable that momentum alone moves beyond the
// range of a float64: the run fails when it is read next, or at its end with an X that is not finite, and not at once.
//
// To look now and then, run Minimize for some MajorIterations at a time, each from the Result of the last with Warm in the
// method, and with FirstStep moved on by the evaluations less one. That gives the bits of a single run, and takes
// the time of all variables once a look.
//
// What a step saves depends on the method. Without a gradient a variable stands still with AdaGrad, FTRL, SGD and RMSProp
// without momentum, and a lazy Adam or RMSProp: these pay from ten to a hundred variables for each in a draw. With momentum
// a variable that is read first takes the steps that it has missed, up to some hundreds: that pays from some hundred to a
// thousand variables for each in a draw. Of a million variables, 100 in a draw, a step of the former takes about a hundredth
// of the time of a gradient filled up with zeros. One of Adam or of SGD with momentum takes about a tenth of it where the variables
// of a draw are all rare, a fifteenth to a twentieth where they are as frequent as words, and a five-hundredth where they are
// the same again and again (BenchmarkSparse of package method).
//
// An L2 term in the objective makes every draw depend on all variables. What keeps draws sparse is to put into each of them
// the share of the penalty that belongs to its own variables,
//
//	(λ/2) Σ x_j²/p_j   over the variables j of the draw
//
// where p_j is the probability that a draw depends on variable j: its mean over draws is (λ/2)|x|² (F. Niu, B. Recht, C. Ré, S. J.
// Wright, Hogwild!: a lock-free approach to parallelizing stochastic gradient descent, NIPS 2011, for support vector machines).
// Decay in the method, as in method.AdamW, moves all variables in every step and is not sparse either.
//
// Support and Draw must be functions of their arguments alone, and safe for concurrent use if Samples and Concurrent call for
// several evaluations at once. gradient.CheckSparse finds out whether they keep to what is said here; gradient.SparseSum
// makes a Sparse of a sum of terms.
type Sparse struct {
	// Support appends to dst the variables on which draw s depends, in strictly increasing order, and returns it. It is called
	// before each Draw. Variables on which it does not depend after all cost time only. An error ends the run.
	Support func(dst []int, s Sample) ([]int, error)
	// Draw returns draw s of the objective at x and, if grad is not nil, stores in grad[k] the derivative by variable index[k]:
	// every element. index is what Support has returned for s. It must read x at index only: other components
	// may be those of an earlier iterate. It must not modify or keep index or x. An error ends the run.
	Draw func(grad []float64, index []int, x []float64, s Sample) (float64, error)
}

// sparseDraw is the memory of a draw of a Sparse.
type sparseDraw struct {
	index []int
	grad  []float64 // at index
	x     []float64 // at index, of the iterate before a step
}

// support stores the variables of draw s, of n.
func (d *sparseDraw) support(p *Sparse, n int, s Sample) error {
	index := d.index[:0]
	d.index = index // of a draw without variables, should it fail
	index, err := p.Support(index, s)
	if err != nil {
		return err
	}
	last := -1
	for k, j := range index {
		if j <= last || j >= n {
			return badSupport(index, k, n)
		}
		last = j
	}
	d.index = index
	if cap(d.grad) < len(index) || d.grad == nil {
		d.grad = make([]float64, len(index), cap(index)+1)
		d.x = make([]float64, 0, cap(index)+1)
	}
	d.grad = d.grad[:len(index)]
	return nil
}

// badSupport is the error of a Support whose element k is wrong.
func badSupport(index []int, k, n int) error {
	if index[k] < 0 || index[k] >= n {
		return fmt.Errorf("Sparse.Support: index[%d] is %d, want one of the variables 0 to %d", k, index[k], n-1)
	}
	return fmt.Errorf("Sparse.Support: index[%d] is %d after %d, want strictly increasing variables", k, index[k], index[k-1])
}

// draw evaluates draw s at x, and its gradient if that is wanted.
func (d *sparseDraw) draw(p *Sparse, wanted bool, x []float64, s Sample) (float64, error) {
	if !wanted {
		return p.Draw(nil, d.index, x, s)
	}
	nans(d.grad)
	return p.Draw(d.grad, d.index, x, s)
}

// keep stores x at the variables of the draw.
func (d *sparseDraw) keep(x []float64) {
	d.x = d.x[:0]
	for _, j := range d.index {
		d.x = append(d.x, x[j])
	}
}

// restore stores in x what keep has kept.
func (d *sparseDraw) restore(x []float64) {
	for k, v := range d.x {
		x[d.index[k]] = v
	}
}

// dense returns the gradient by all n variables.
func (d *sparseDraw) dense(n int) []float64 {
	grad := make([]float64, n)
	d.scatter(grad)
	return grad
}

// scatter stores the gradient in grad, which has an element for every variable.
func (d *sparseDraw) scatter(grad []float64) {
	clear(grad)
	for k, j := range d.index {
		grad[j] = d.grad[k]
	}
}

// oracle returns p as an Oracle, with zeros for the variables on which a draw does not depend.
func (p *Sparse) oracle() Oracle {
	var free freelist.List[*sparseDraw]
	return func(grad, x []float64, s Sample) (float64, error) {
		d := free.Take()
		if d == nil {
			d = &sparseDraw{}
		}
		defer free.Put(d)
		if err := d.support(p, len(x), s); err != nil {
			return math.NaN(), err
		}
		f, err := d.draw(p, grad != nil, x, s)
		if grad != nil && err == nil {
			d.scatter(grad)
		}
		return f, err
	}
}

// check panics if a function of p is missing.
func (p *Sparse) check() {
	if p.Support == nil || p.Draw == nil {
		panic("stochopt: Problem.Sparse needs both Support and Draw")
	}
}
