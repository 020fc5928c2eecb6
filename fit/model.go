package fit

// Model is a curve f(x; b) with named parameters b. One of Func and Vector must be set.
type Model struct {
	// Parameters are the names of b, in order. Errors and results speak of parameters by these names.
	Parameters []string
	// Func returns f(x; b) and, if grad is not nil, stores ∂f/∂b in grad, of the length of b. It must change neither b
	// nor x and keep none of the slices. A value that is NaN or infinite tells that b is no place to go: the step is
	// taken back and a shorter one tried. Dual and Differences make it of a function without derivatives, and
	// Check tells whether its derivatives are right. It is called without grad, too.
	Func func(grad, b, x []float64) float64
	// Points, if not nil, is Func at many points in one call, and is called in its place wherever curves are fitted and
	// predicted: it stores f(xᵢ; b) in dst[i] and, if jac is not nil, the derivatives in jac, row by row: jac[i*len(b)+j] is
	// ∂f/∂bⱼ at x[i]. The same is asked of it as of Func, and it must give what Func gives, which Check tells; a Model that is
	// given another Func needs another Points, or nil. It pays where points share work, as what depends on b alone, or are
	// computed faster together. Each call has consecutive points of the data, 1 to 512. It is for Func only.
	Points func(dst, jac, b []float64, x [][]float64)
	// Vector stores the Outputs values of a vector-valued curve at x in dst and, if jac is not nil, their derivatives by b
	// in jac, row by row: jac[k*len(b)+j] is ∂f_k/∂b_j. The same is asked of it as of Func. A function that computes all
	// responses at once, such as the solution of a differential equation at the times of the data, is a Vector with one
	// point. VectorDual and VectorDifferences make it of a function without derivatives.
	Vector func(dst, jac, b, x []float64)
	// Outputs is the length of dst. It is for Vector only.
	Outputs int
	// Guess, if not nil, returns parameters with starts, and with bounds where the curve has no meaning beyond them, from a
	// look at the data. It is for the user to call, and the parameters are for him to change before Curve gets them.
	Guess func(d Data) ([]Parameter, error)
}

// Data are the points of one set of data.
type Data struct {
	// X are the predictors: X[i], those of point i, is handed to the Model as it is. All have the same length, which may
	// be 0.
	X [][]float64
	// Y are the responses, one for each of X, or Outputs for each, point by point: Y[i*Outputs+k].
	Y []float64
	// Sigma are the standard deviations of the errors of Y, > 0, one for each of Y. If it is nil, all are 1. They are taken
	// as relative, for a common factor is estimated from the residuals, unless Settings.AbsoluteSigma is set.
	Sigma []float64
}

// Set is a model with the data that it is to describe.
type Set struct {
	Model
	Data
}
