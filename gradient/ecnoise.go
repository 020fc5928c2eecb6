package gradient

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/floats"
)

// NoiseStatus says whether a noise level has been found, and if not, why.
type NoiseStatus int

const (
	// NoiseFound: three successive estimates agree within a factor 4.
	NoiseFound NoiseStatus = iota + 1
	// SpacingTooSmall: half of the values equal their neighbours.
	SpacingTooSmall
	// SpacingTooLarge: the values differ by more than a tenth, or the estimates do not agree, because the trend of the
	// function is larger than its noise.
	SpacingTooLarge
	// NoiseFree: there is no noise to be found, not even rounding: all values are equal at the largest spacing that was
	// tried, or their second or third differences are all 0. It is a status of NoiseMeter, not of ECNoise.
	NoiseFree
)

// String returns the status in words.
func (s NoiseStatus) String() string {
	switch s {
	case NoiseFound:
		return "noise found"
	case SpacingTooSmall:
		return "spacing too small"
	case SpacingTooLarge:
		return "spacing too large"
	case NoiseFree:
		return "free of noise"
	}
	return fmt.Sprintf("NoiseStatus(%d)", int(s))
}

// ECNoise returns the standard deviation of the noise in values of a function at equally spaced points, at least 4; 7
// or 9 are advised.
//
//	σ_k² = (1/C(2k,k)) mean_i (Δᵏf_i)²,  k = 1, ..., m for m + 1 values
//
// estimates the variance of the noise, as the variance of Δᵏ of independent noise is C(2k,k) σ² and Δᵏ of a smooth
// function is small if the spacing h is: it is O(hᵏ), and 0 for a polynomial of degree less than k. The noise is the
// σ_k of least k <= m-2 for which the largest of σ_k, σ_(k+1) and σ_(k+2) is at most 4 times the least, and the k-th
// differences have both signs. The status is
//
//   - SpacingTooLarge if max f - min f > 0.1 max|f|, and if there is no such k;
//   - SpacingTooSmall if no fewer than (m+1)/2 of the m first differences are 0;
//   - NoiseFound otherwise.
//
// sigma is 0 unless noise is found. For cos t + sin t with spacing 0.01 at t = 0 and normal noise of 1e-3, noise is
// found from 7 values in 99.9 % of cases, within a factor 2 in 87 % and a factor 4 in 98.9 %; from 9 values in 100, 92
// and 99.7 %. The first test asks for noise that is small in proportion to f: it is not invariant if a constant is
// added to f.
//
// ECNoise panics if there are fewer than 4 values. If one is not finite, the status is SpacingTooLarge. NoiseMeter
// evaluates the function, and tries other spacings.
//
// Reference: J. J. Moré, S. M. Wild, Estimating computational noise, SIAM Journal on Scientific Computing
// 33(3):1292-1314, 2011, with the tests and constants of the authors' program ECnoise.
func ECNoise(values []float64) (sigma float64, status NoiseStatus) {
	if len(values) < 4 {
		panic(fmt.Sprintf("gradient: ECNoise of %d values, want at least 4", len(values)))
	}
	if !(spread(values) <= 0.1) {
		return 0, SpacingTooLarge
	}
	return differenceTable(values)
}

// spread returns (max f - min f)/max|f|, which is not a number if a value is not finite.
func spread(values []float64) float64 {
	for _, v := range values {
		if v-v != 0 {
			return math.NaN()
		}
	}
	low, high := floats.Min(values), floats.Max(values)
	if low == high {
		return 0
	}
	size := max(-low, high)
	return high/size - low/size
}

// differenceTable is ECNoise without its first test.
func differenceTable(values []float64) (sigma float64, status NoiseStatus) {
	m := len(values) - 1
	d := slices.Clone(values)
	levels, signs := make([]float64, m+1), make([]bool, m+1)
	gamma := 1.0 // 1/C(2k,k)
	for k := 1; k <= m; k++ {
		zeros := 0
		for i := range m + 1 - k {
			d[i] = d[i+1] - d[i]
			if d[i] == 0 {
				zeros++
			}
		}
		d = d[:m+1-k]
		if k == 1 && 2*zeros >= m+1 {
			return 0, SpacingTooSmall
		}
		gamma *= float64(k) / float64(2*(2*k-1))
		levels[k] = floats.Norm(d, 2) * math.Sqrt(gamma/float64(len(d)))
		signs[k] = floats.Min(d) < 0 && floats.Max(d) > 0
	}
	for k := 1; k <= m-2; k++ {
		if three := levels[k : k+3]; floats.Max(three) <= 4*floats.Min(three) && signs[k] {
			return levels[k], NoiseFound
		}
	}
	return 0, SpacingTooLarge
}

// polynomial reports whether finite values are those of a polynomial of degree 1 or 2 to the last bit: the second or
// third differences, of which there are at least three, are all 0.
func polynomial(values []float64) bool {
	d := slices.Clone(values)
	for k := 1; k <= 3 && len(d) > 3; k++ {
		zeros := 0
		for i := range len(d) - 1 {
			d[i] = d[i+1] - d[i]
			if d[i] == 0 {
				zeros++
			}
		}
		d = d[:len(d)-1]
		if k >= 2 && zeros == len(d) {
			return true
		}
	}
	return false
}

// NoiseMeter measures the noise of an Oracle by ECNoise, from values at the points
//
//	x + j h p,  j = -⌊m/2⌋, ..., m - ⌊m/2⌋
//
// on a line through x with direction p. Which noise that is depends on the Samples, so there are two methods, OneSample
// and FreshSamples. A spacing h costs m + 1 = Points values. If it is too small, 100 h is tried; if it is too large,
// h/100; between one that is too small and one that is too large, the geometric mean; Retries times at most. So values
// up to ⌈m/2⌉ 100^Retries Spacing |p| away from x may be asked for.
//
// Near a zero of f, noise and trend are large in proportion to f at any spacing. Where (max f - min f)/max|f| is above
// 0.1 and has not fallen to a tenth when h is divided by 100, ECNoise's test of it is therefore left out. The reference
// does not provide for that.
type NoiseMeter struct {
	// Points is m+1, the number of values for one spacing, at least 4. If it is 0, 7 is used.
	Points int
	// Spacing is the first h, > 0, in units of x/p. If it is 0, 1e-6 max(‖x‖∞, 1)/‖p‖∞ is used.
	Spacing float64
	// Retries is how many other spacings are tried at most. If it is 0, 3 is used; -1 is none.
	Retries int
}

// NoiseReport is what a NoiseMeter has found.
type NoiseReport struct {
	Status      NoiseStatus
	Sigma       float64 // standard deviation of the noise of one value; 0 unless Status is NoiseFound
	Spacing     float64 // the last h that was tried
	Evaluations int     // how many values were asked for
}

// OneSample measures the noise that f has as a function of x for the Sample s: rounding, tolerances of inner
// iterations, jumps of simulations that count and compare, and all of the noise of an Oracle that does not obey its
// Sample. It is the noise that limits differences of values with one and the same Sample, such as those of Differences.
// Noise that depends on the Sample but is smooth in x is not part of it. The jumps of a fixed Sample look like noise
// only over spacings that are larger than the distances between them, and then depend on the spacing: look at Spacing.
//
// A report without a noise level is no error; see its Status. The error is that of f, or tells that f at x is not
// finite; other values that are not finite mean too large a spacing. OneSample panics if f is nil, a field is out of
// its range or p is not a finite direction of the length of x.
func (n NoiseMeter) OneSample(f stochopt.Oracle, x, p []float64, s stochopt.Sample) (NoiseReport, error) {
	return n.measure(f, x, p, func(int) stochopt.Sample { return s })
}

// FreshSamples measures the whole noise of one draw of f: every value has a Sample of its own, s with Replicate N
// s.Replicate + k in evaluation k = 0, 1, ... of at most N = Points (Retries + 1). It is the noise of a run that draws
// anew in every step, and of differences without common random numbers. For the rest it is OneSample.
func (n NoiseMeter) FreshSamples(f stochopt.Oracle, x, p []float64, s stochopt.Sample) (NoiseReport, error) {
	points, retries := n.sizes()
	first := s.Replicate * points * (retries + 1)
	return n.measure(f, x, p, func(k int) stochopt.Sample {
		s.Replicate = first + k
		return s
	})
}

// sizes returns Points and Retries, checked.
func (n NoiseMeter) sizes() (points, retries int) {
	switch {
	case n.Points != 0 && n.Points < 4:
		panic(fmt.Sprintf("gradient: NoiseMeter.Points = %d, want >= 4", n.Points))
	case n.Retries < -1:
		panic(fmt.Sprintf("gradient: NoiseMeter.Retries = %d, want >= -1", n.Retries))
	}
	return cmp.Or(n.Points, 7), max(0, cmp.Or(n.Retries, 3))
}

// measure is OneSample with the Sample sample(k) in evaluation k.
func (n NoiseMeter) measure(f stochopt.Oracle, x, p []float64, sample func(k int) stochopt.Sample) (NoiseReport, error) {
	points, retries := n.sizes()
	switch {
	case f == nil:
		panic("gradient: NoiseMeter with a nil Oracle")
	case !(n.Spacing >= 0) || math.IsInf(n.Spacing, 1):
		panic(fmt.Sprintf("gradient: NoiseMeter.Spacing = %v, want finite and >= 0", n.Spacing))
	case len(x) == 0:
		panic("gradient: NoiseMeter at an x without variables")
	case len(p) != len(x):
		panic(fmt.Sprintf("gradient: NoiseMeter: len(p) = %d, len(x) = %d", len(p), len(x)))
	}
	length := floats.Norm(p, math.Inf(1))
	if !(length > 0) || math.IsInf(length, 1) || floats.HasNaN(p) {
		panic(fmt.Sprintf("gradient: NoiseMeter: p = %v is not a direction", p))
	}
	h := n.Spacing
	if h == 0 {
		h = 1e-6 * max(floats.Norm(x, math.Inf(1)), 1) / length
	}
	var r NoiseReport
	var small, large float64 // the largest h that is too small, the least that is too large, or 0
	before := math.Inf(1)    // the spread at 100 h
	values, at := make([]float64, points), make([]float64, len(x))
	for {
		r.Spacing = h
		for i := range values {
			j := i - (points-1)/2
			for k, d := range p {
				at[k] = x[k] + float64(float64(j)*h*d)
			}
			v, err := f(nil, at, sample(r.Evaluations))
			r.Evaluations++
			switch {
			case err != nil:
				return r, err
			case j == 0 && v-v != 0:
				return r, fmt.Errorf("gradient: NoiseMeter: f = %v at x", v)
			}
			values[i] = v
		}
		now := spread(values)
		if now <= 0.1 || now > before/10 {
			r.Sigma, r.Status = differenceTable(values)
		} else {
			r.Status = SpacingTooLarge
		}
		if r.Status == SpacingTooLarge && now-now == 0 && polynomial(values) {
			r.Status = NoiseFree
		}
		before = math.Inf(1)
		next := h
		switch r.Status {
		case NoiseFound, NoiseFree:
			return r, nil
		case SpacingTooSmall:
			small, next = h, 100*h
		case SpacingTooLarge:
			large, next = h, h/100
			before = now
		}
		if small > 0 && large > 0 {
			next, before = math.Sqrt(small)*math.Sqrt(large), math.Inf(1)
		}
		if r.Evaluations == points*(retries+1) {
			if now == 0 && large == 0 {
				r.Status = NoiseFree
			}
			return r, nil
		}
		h = next
	}
}
