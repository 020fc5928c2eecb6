package fit

// Loss is a function ρ of the squared standardized residual z = (r/(c s))² that is minimized in place of z itself, where s
// is the standard deviation of the residuals and c the tuning constant.
type Loss interface {
	// Rho returns ρ(z) and its first two derivatives, for z >= 0.
	Rho(z float64) (rho, d1, d2 float64)
}
