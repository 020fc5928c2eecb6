package fit

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
)

// responses are the values of all sets at parameters b, in the order of the sets, points and outputs.
type responses struct {
	f     []float64
	y     []float64
	sigma []float64
	point []int     // the number of the point of each response, counted over all sets
	jac   []float64 // ∂f/∂b by all parameters, a row for each response; nil if not asked for
}

// respond evaluates the sets at b, the values of all parameters in the order of r.Parameters.
func (r *Result) respond(sets []Set, b []float64, derivatives bool) *responses {
	r.needData()
	n := 0
	for _, s := range sets {
		n += len(s.Y)
	}
	v := &responses{f: make([]float64, n), y: make([]float64, n), sigma: make([]float64, n), point: make([]int, n)}
	if derivatives {
		v.jac = make([]float64, n*len(b))
	}
	first, points := 0, 0
	for _, s := range sets {
		end, outputs := first+len(s.Y), max(1, s.Outputs)
		var jac []float64
		if derivatives {
			jac = v.jac[first*len(b) : end*len(b)]
		}
		r.values(v.f[first:end], jac, s.Model, s.X, b)
		copy(v.y[first:end], s.Y)
		for i := range s.Y {
			v.sigma[first+i], v.point[first+i] = s.sigma(i), points+i/outputs
		}
		first, points = end, points+len(s.X)
	}
	return v
}

// needData panics if the data of the fit are not kept.
func (r *Result) needData() {
	if r.passed != nil {
		panic("fit: this needs the data of the fit, which Passes does not keep")
	}
}

// values stores the responses of m at the predictors x in f and, if jac is not nil, their derivatives by all parameters of
// r in jac, which is 0.
func (r *Result) values(f, jac []float64, m Model, x [][]float64, b []float64) {
	n, outputs := len(m.Parameters), max(1, m.Outputs)
	index, own := make([]int, n), make([]float64, n)
	for j, name := range m.Parameters {
		index[j] = slices.Index(r.Parameters, name)
		own[j] = b[index[j]]
	}
	var grad []float64
	if jac != nil {
		grad = make([]float64, min(len(x), blockSize)*outputs*n)
	}
	for first := 0; first < len(f); { // first response of a block
		block := x[first/outputs : min(first/outputs+blockSize, len(x))]
		var rows []float64
		if jac != nil {
			rows = grad[:len(block)*outputs*n]
		}
		done := outputs * m.evaluate(f[first:first+len(block)*outputs], rows, own, block) // up to a point that is not finite
		for k := 0; jac != nil && k < done; k++ {
			row := jac[(first+k)*len(b):]
			for j, p := range index {
				row[p] = rows[k*n+j]
			}
		}
		first += done
	}
}

// rss is the sum of the squares of (f-y)/σ.
func (v *responses) rss() float64 {
	var sum float64
	for i, f := range v.f {
		z := (f - v.y[i]) / v.sigma[i]
		sum += float64(z * z)
	}
	return sum
}

// scale is s, the factor of Sigma: 1 with AbsoluteSigma, else ResidualSD, which is NaN where there are no degrees of
// freedom.
func (r *Result) scale() float64 {
	if r.settings.AbsoluteSigma {
		return 1
	}
	return r.ResidualSD
}

// spread stores rootᵀ g in dst, which has a length of s⁻¹ √(gᵀ Cov g), and returns that length. Through the root, half of
// the digits are not lost that gᵀ Cov g would cancel where parameters are correlated.
func (r *Result) spread(dst, g []float64) float64 {
	root := r.root.RawMatrix()
	clear(dst)
	for j, d := range g {
		if d == 0 {
			continue // where the variance may be infinite
		}
		blas64.Axpy(d, blas64.Vector{N: root.Cols, Inc: 1, Data: root.Data[j*root.Stride:]},
			blas64.Vector{N: root.Cols, Inc: 1, Data: dst})
	}
	return blas64.Nrm2(blas64.Vector{N: root.Cols, Inc: 1, Data: dst})
}

// known reports whether the error of a response with the gradient g is determined by the data, though those of parameters
// may be not: the response must not change along the directions that the data do not determine.
func (r *Result) known(g []float64) bool {
	infinite := false
	for j, d := range g {
		switch {
		case d == 0 || finite(r.StdErr[j]):
		case math.IsNaN(r.StdErr[j]) || r.settings.Loss != nil:
			return false
		default:
			infinite = true
		}
	}
	if infinite {
		root := r.root.RawMatrix()
		var size float64 // with the errors of the parameters where they are known
		for j, v := range g {
			size = math.Hypot(size, v*blas64.Nrm2(blas64.Vector{N: root.Cols, Inc: 1, Data: root.Data[j*root.Stride:]}))
		}
		for _, d := range r.null {
			var sum float64
			for j, v := range g {
				sum += v * d[j]
			}
			if math.Abs(sum) > 1e-6*size {
				return false
			}
		}
	}
	return true
}

// hat are the leverages hᵢ = gᵢᵀ Cov gᵢ / (s σᵢ)² by which residuals are short. With a Loss residuals do not follow from
// them, and all are taken for 0; without a minimum they are NaN.
func (r *Result) hat() []float64 {
	h := make([]float64, r.N)
	switch {
	case r.settings.Loss != nil:
	case r.leverage == nil:
		for i := range h {
			h[i] = math.NaN()
		}
	default:
		copy(h, r.leverage)
	}
	return h
}
