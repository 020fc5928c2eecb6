package models

import "math"

// A scan looks for the least squares Σ w² (Σ_k c_k φ_k(x; θ) - y)² over a grid of θ, with the best c for each θ.
type scan struct {
	grid  [][]float64                             // values of each component of θ, ascending
	terms int                                     // number of φ
	basis func(phi, theta []float64, x float64)   // stores φ(x; θ) in phi
	valid func(theta []float64, c []float64) bool // if not nil, tells which are allowed
}

// thinned is the number of points that a scan is content with.
const thinned = 200

// best returns the best θ, refined between the points of the grid, its c, and the sum of squares.
func (s scan) best(p points) (theta, c []float64, rss float64) {
	l := newLinear(p, s.terms)
	here := make([]float64, len(s.grid))
	rss = math.Inf(1)
	grid := s.grid
	for range 6 {
		s.over(grid, here, 0, func() {
			l.fill(s.basis, here)
			trial, r := l.solve()
			if r < rss && (s.valid == nil || s.valid(here, trial)) {
				theta, c, rss = append(theta[:0], here...), append(c[:0], trial...), r
			}
		})
		if theta == nil {
			return here, make([]float64, s.terms), rss
		}
		grid = finer(grid, theta)
	}
	return theta, c, rss
}

// over calls f at each point of the grid.
func (s scan) over(grid [][]float64, theta []float64, j int, f func()) {
	if j == len(grid) {
		f()
		return
	}
	for _, v := range grid[j] {
		theta[j] = v
		s.over(grid, theta, j+1, f)
	}
}

// finer is a grid of five values a component, from the neighbour of theta on the left to that on the right.
func finer(grid [][]float64, theta []float64) [][]float64 {
	fine := make([][]float64, len(grid))
	for j, g := range grid {
		at := 0
		for i, v := range g {
			if math.Abs(v-theta[j]) < math.Abs(g[at]-theta[j]) {
				at = i
			}
		}
		left, right := g[max(at-1, 0)], g[min(at+1, len(g)-1)]
		if left == right {
			fine[j] = []float64{left}
			continue
		}
		for _, t := range []float64{2. / 3, 1. / 3} {
			fine[j] = append(fine[j], g[at]+t*(left-g[at]))
		}
		fine[j] = append(fine[j], g[at])
		for _, t := range []float64{1. / 3, 2. / 3} {
			fine[j] = append(fine[j], g[at]+t*(right-g[at]))
		}
	}
	return fine
}

// linear is a linear least-squares problem of few columns, solved by Gram-Schmidt.
type linear struct {
	p      points
	column [][]float64 // weighted φ, then orthogonal to those before
	y      []float64   // weighted, then what is left of it
	r      [][]float64 // the triangle
	c      []float64
	phi    []float64
}

func newLinear(p points, terms int) *linear {
	l := &linear{p: p, y: make([]float64, len(p.x)), c: make([]float64, terms), phi: make([]float64, terms)}
	for range terms {
		l.column, l.r = append(l.column, make([]float64, len(p.x))), append(l.r, make([]float64, terms))
	}
	return l
}

func (l *linear) fill(basis func(phi, theta []float64, x float64), theta []float64) {
	for i, x := range l.p.x {
		basis(l.phi, theta, x)
		for k, v := range l.phi {
			l.column[k][i] = l.p.w[i] * v
		}
	}
}

// solve returns the coefficients and the sum of squares, which is +Inf where a column is not finite. A column that
// depends on those before has coefficient 0.
func (l *linear) solve() (c []float64, rss float64) {
	for i, y := range l.p.y {
		l.y[i] = l.p.w[i] * y
	}
	for k, q := range l.column {
		before := norm(q)
		if !(before <= math.MaxFloat64) {
			return l.c, math.Inf(1)
		}
		for j, e := range l.column[:k] {
			l.r[j][k] = dot(e, q)
			subtract(q, l.r[j][k], e)
		}
		l.r[k][k] = norm(q)
		if l.r[k][k] <= 1e-10*before {
			l.r[k][k] = 0
			clear(q)
		} else {
			for i := range q {
				q[i] /= l.r[k][k]
			}
		}
		l.c[k] = dot(q, l.y)
		subtract(l.y, l.c[k], q)
	}
	for k := len(l.c) - 1; k >= 0; k-- {
		if l.r[k][k] == 0 {
			l.c[k] = 0
			continue
		}
		for j := k + 1; j < len(l.c); j++ {
			l.c[k] -= l.r[k][j] * l.c[j]
		}
		l.c[k] /= l.r[k][k]
	}
	return l.c, dot(l.y, l.y)
}

func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += float64(v * b[i])
	}
	return sum
}

func norm(a []float64) float64 { return math.Sqrt(dot(a, a)) }

// subtract sets a to a - c b.
func subtract(a []float64, c float64, b []float64) {
	for i, v := range b {
		a[i] -= float64(c * v)
	}
}

// even are n values from lo to hi.
func even(lo, hi float64, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = lo + (hi-lo)*float64(i)/float64(n-1)
	}
	return v
}

// geometric are n values from lo to hi in equal ratios.
func geometric(lo, hi float64, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = lo * math.Pow(hi/lo, float64(i)/float64(n-1))
	}
	return v
}

// negative are -v, ascending, for ascending v.
func negative(v []float64) []float64 {
	n := make([]float64, len(v))
	for i, u := range v {
		n[len(v)-1-i] = -u
	}
	return n
}

// bothSigns are -v and v, ascending, for ascending v > 0.
func bothSigns(v []float64) []float64 { return append(negative(v), v...) }
