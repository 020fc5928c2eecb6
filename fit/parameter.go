package fit

// Parameter is what is known of a parameter before the fit. Name and Start are enough.
type Parameter struct {
	// Name is as in Model.Parameters. A name that several Sets have is one parameter, shared by them.
	Name string
	// Start is where the search begins. It should have the right sign and order of magnitude.
	Start float64
	// Lower and Upper bound the parameter, Lower <= b <= Upper; infinities are allowed. If both are 0 there is no bound,
	// so Lower: 0 alone is none: for b >= 0 write Lower: 0, Upper: math.Inf(1).
	// The estimate may be at a bound, exactly; Result.AtBound tells.
	Lower, Upper float64
	// Fixed leaves the parameter at Start.
	Fixed bool
	// Tied, if not nil, makes the parameter a function of others: it returns the value and, if grad is not nil, stores the
	// derivatives by all parameters in grad. b and grad are in the order of the parameters handed to Curve. Start and
	// bounds are not used. It may depend on parameters that are in no model, but not on tied ones. Its derivatives by the
	// free parameters are checked against differences at the start.
	Tied func(grad, b []float64) float64
	// Scale is a change of the parameter that matters, > 0, in its units. If it is 0, |Start| is used, and where that is 0,
	// the change that moves the curve by the length of the residuals; for a parameter with a Transform a change of u by 1.
	Scale float64
	// Transform is the coordinate u in which the search runs, and in which the intervals are symmetric. The zero value is
	// Identity.
	Transform Transform
}

// Transform is a coordinate of a parameter.
type Transform int

const (
	Identity Transform = iota // u = b
	Log                       // u = log b, for b > 0
	Logit                     // u = log((b-Lower)/(Upper-b)), for Lower < b < Upper
)
