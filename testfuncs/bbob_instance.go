package testfuncs

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// The generator and the transformations with which the programs of 2009 make the instances of BBOB functions. They are
// part of the definition of the functions; noise is drawn from the Sample.

// bbobUniforms returns n uniform numbers in (0, 1) for a positive seed: the generator of Park and Miller, s ← 16807 s mod
// 2³¹-1, whose numbers are shuffled in a table of 32 (C. Bays, S. D. Durham).
func bbobUniforms(n, seed int) []float64 {
	const modulus = 1<<31 - 1
	s := int64(seed)
	next := func() int64 {
		s = 16807 * s % modulus
		return s
	}
	var table [32]int64
	for i := 39; i >= 0; i-- {
		if v := next(); i < len(table) {
			table[i] = v
		}
	}
	u := make([]float64, n)
	last := table[0]
	for i := range u {
		v := next()
		k := last / 67108865
		last, table[k] = table[k], v
		u[i] = float64(last) / modulus
	}
	return u
}

// bbobNormals returns n normal numbers, √(-2 ln u_i) cos(2π u_(n+i)) (Box and Muller).
func bbobNormals(n, seed int) []float64 {
	u := bbobUniforms(2*n, seed)
	g := make([]float64, n)
	for i := range g {
		g[i] = math.Sqrt(-2*math.Log(u[i])) * math.Cos(2*math.Pi*u[n+i])
	}
	return g
}

// bbobPoint returns x*, uniform in [-4, 4] with four decimals.
func bbobPoint(dim, seed int) []float64 {
	x := bbobUniforms(dim, seed)
	for i, u := range x {
		x[i] = 8*math.Floor(1e4*u)/1e4 - 4
		if x[i] == 0 {
			x[i] = -1e-5
		}
	}
	return x
}

// bbobOffset returns f*, a ratio of normal numbers with two decimals in [-1000, 1000].
func bbobOffset(seed int) float64 {
	g, h := bbobNormals(1, seed)[0], bbobNormals(1, seed+1)[0]
	return min(1000, max(-1000, math.Floor(100*100*g/h+0.5)/100))
}

// bbobPermutation returns the order of n uniform numbers: the index of the smallest, of the next, ...
func bbobPermutation(n, seed int) []int {
	u := bbobUniforms(n, seed)
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	slices.SortFunc(p, func(a, b int) int { return cmp.Compare(u[a], u[b]) })
	return p
}

// bbobPowersOf returns c^(i/(dim-1)), i = 0, ..., dim-1.
func bbobPowersOf(c float64, dim int) []float64 {
	v := make([]float64, dim)
	for i := range v {
		v[i] = math.Pow(c, float64(i)/float64(dim-1))
	}
	return v
}

// bbobOscillate is the transformation T_osz, sign(x) exp(h + 0.049 (sin c₁h + sin c₂h)) with h = ln|x| and
// (c₁, c₂) = (10, 7.9) for x > 0 and (5.5, 3.1) for x < 0, and its derivative, 0 at 0.
func bbobOscillate(x float64) (y, slope float64) {
	if x == 0 {
		return 0, 0
	}
	c1, c2 := 10.0, 7.9
	if x < 0 {
		c1, c2 = 5.5, 3.1
	}
	h := math.Log(math.Abs(x))
	s1, k1 := math.Sincos(c1 * h)
	s2, k2 := math.Sincos(c2 * h)
	y = math.Copysign(math.Exp(h+float64(0.049*(s1+s2))), x)
	return y, y / x * (1 + float64(0.049*(float64(c1*k1)+float64(c2*k2))))
}

// bbobBasis is a rotation. Its element i is the image of the unit vector i.
type bbobBasis [][]float64

// bbobRotation returns the rotation that the Gram-Schmidt process makes of normal numbers.
func bbobRotation(dim, seed int) bbobBasis {
	g := bbobNormals(dim*dim, seed)
	b := make(bbobBasis, dim)
	for i := range b {
		b[i] = g[i*dim : (i+1)*dim]
		for _, e := range b[:i] {
			floats.AddScaled(b[i], -floats.Dot(b[i], e), e)
		}
		floats.Scale(1/math.Sqrt(floats.Dot(b[i], b[i])), b[i])
	}
	return b
}

// rotate stores R x in dst.
func (b bbobBasis) rotate(dst, x []float64) {
	clear(dst)
	for i, e := range b {
		floats.AddScaled(dst, x[i], e)
	}
}

// back stores R'z in dst: it turns a gradient by R x into that by x.
func (b bbobBasis) back(dst, z []float64) {
	for i, e := range b {
		dst[i] = floats.Dot(e, z)
	}
}
