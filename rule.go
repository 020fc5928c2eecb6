package stochopt

// A Rule is the arithmetic of a sequential first-order method: how the next iterate follows from the gradient at the
// present one. It knows nothing of objectives, stopping or gonum, and can be driven by a plain loop:
//
//	r.Reset(len(x))
//	for range n {
//		grad(g, x)
//		r.Step(x, g)
//	}
//
// Every Rule of this module is an optimize.Method as well. A Rule of your own becomes one in a Sequential.
//
// Four optional interfaces extend a Rule. A Rule that wraps another forwards the first two, and shows the other by a method
// Unwrap() Rule.
//
//	Observe(f float64)         // called before Step with the value at x
//	Estimate(dst, x []float64) // stores the answer that belongs to the iterate x, where that is not x itself
//	Draw(next Sample) (Sample, error) // called before each evaluation at an iterate: which draw it is to be
//
// Three methods together are for the draws of a Sparse. They give the bits that Step gives for gradients filled up with zeros, in a
// time in proportion to the length of index: variables that Step would move though their gradient is 0, as momentum does,
// stay behind, and are brought up to date when they are read.
//
//	StepSparse(x, grad []float64, index []int) // the step for a gradient that is grad[k] by x[index[k]], and 0 by the others
//	CatchUp(x []float64, index []int)          // brings x at index to the present iterate; at all variables if index is nil
//	CatchUpBefore(x []float64, index []int)    // the same to the iterate before the last step; what is further on stays as it is
//
// index is strictly increasing, and x at index of the present iterate when StepSparse is called and when it returns.
// CatchUpBefore is for the Result of a run whose next draw fails; a StepSparse that panics must not have counted the step. Step catches
// up by itself first, and MarshalBinary keeps what is left to catch up with. A Rule that wraps another does not forward the
// three, for its own Step is more than that of the other; one that embeds a method of these must not have them from it.
// Gradients and iterates are finite, as Minimize sees to: a variable that has become infinite or NaN may differ.
//
// Draw is for Rules that need a certain draw, such as that of the last gradient at another point. next is the first
// Sample of the run that has not been used; to use it Draw returns it, otherwise it remains the next. An error
// ends the run. An answer that is not the iterate is evaluated on the draw of the iterate.
type Rule interface {
	// Reset forgets everything, checks the hyperparameters and gets ready for dim variables. It panics if a
	// hyperparameter is out of its range or dim is not positive.
	Reset(dim int)

	// Step moves x to the next iterate; grad is the gradient at x. It changes x only, keeps neither slice and does not
	// allocate. It panics if the lengths are not those of Reset.
	Step(x, grad []float64)
}

// observer is a Rule that uses the value of the objective.
type observer interface{ Observe(f float64) }

// estimator is a Rule whose answer is not the point where the gradient is taken.
type estimator interface{ Estimate(dst, x []float64) }

// drawer is a Rule that chooses its draws.
type drawer interface {
	Draw(next Sample) (Sample, error)
}

// sparser is a Rule that takes steps along sparse gradients in a time in proportion to their length.
type sparser interface {
	StepSparse(x, grad []float64, index []int)
	CatchUp(x []float64, index []int)
	CatchUpBefore(x []float64, index []int)
}

// chooser returns the Rule in r that chooses its draws, or nil.
func chooser(r Rule) drawer {
	for r != nil {
		if d, ok := r.(drawer); ok {
			return d
		}
		u, ok := r.(interface{ Unwrap() Rule })
		if !ok {
			break
		}
		r = u.Unwrap()
	}
	return nil
}

// Zero is a hyperparameter that acts as 0 where 0 selects the default (Beta1, Beta2, Rho, Epsilon).
const Zero = 1e-200
