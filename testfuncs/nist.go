package testfuncs

import (
	"embed"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// NIST returns the sums of squares of the 27 nonlinear regressions in NIST's Statistical Reference Datasets, each from
// both of NIST's starts, in NIST's order: lower, average, higher difficulty.
//
//	F(b) = Σ (y_i - c(b, x_i))²
//
// The curves c are in the comments of the functions of this file and of the data, which have 6 to 250 observations and
// 2 to 9 parameters b. Start 2 is nearer to the minimizer. Minimum is the certified residual sum of squares and the
// Minimizer the certified parameters, both to 11 digits, from arithmetic with more digits than float64 has. Exponentials,
// peaks and cycles under other labels, and signs that cancel, give the same F in Lanczos1-3, Gauss1-3, MGH17, ENSO and
// Eckerle4. The parameters of one set differ by up to 9 orders of magnitude and the Hessians are ill-conditioned: methods
// that step along the gradient need scaled variables here.
//
// At the 11 digits of the Minimizer of Lanczos1, F is 4e-21, far above its Minimum of 1.4e-25. Where a curve is not
// defined or overflows, far from the starts, F is NaN or infinite. MGH09 and MGH10 from start 2 are problems 17 and 18 of
// BenDFO, MGH17 is problem 36 from other starts. The Oracles have no noise; With puts some on.
//
// Source: National Institute of Standards and Technology, Statistical Reference Datasets, nonlinear regression,
// https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml.
func NIST() []Objective {
	var all []Objective
	for _, s := range NISTSets() {
		f := squares{dim: len(s.Certified), count: len(s.Y), residual: func(grad, b []float64, i int) float64 {
			c := s.Curve(grad, b, s.X[i])
			return c - s.Y[i]
		}}
		for k, start := range s.Starts {
			o := Objective{
				Name:       fmt.Sprintf("NIST %s, start %d", s.Name, k+1),
				Start:      start,
				Minimum:    s.RSS,
				Minimizers: [][]float64{slices.Clone(s.Certified)},
			}
			f.set(&o)
			all = append(all, o)
		}
	}
	return all
}

//go:embed nist/*.csv
var nistFiles embed.FS

// NISTSet is one of the data sets of NIST, for programs that need the residuals one by one.
type NISTSet struct {
	Name string
	// Formula is the curve in b1, b2, ... and in x or, of Nelson, x1 and x2, as package formula of the repository reads it:
	// y ~ b1*(1 - exp(-b2*x)).
	Formula string
	// Curve returns c(b, x) and, if grad is not nil, stores the gradient by b in grad. It may be called concurrently.
	Curve  func(grad, b, x []float64) float64
	X      [][]float64
	Y      []float64 // of Nelson the natural logarithms, for which its curve is one
	Starts [2][]float64
	// Certified are the certified parameters, StdDev their certified standard deviations, both to 11 digits.
	Certified, StdDev []float64
	// RSS is the certified residual sum of squares, ResidualSD the certified residual standard deviation √(RSS/DF).
	RSS, ResidualSD float64
}

// NISTSets returns the 27 data sets behind NIST, in the same order.
func NISTSets() []NISTSet {
	var all []NISTSet
	for _, m := range nistModels {
		s := readNIST(m.name)
		s.Name, s.Curve, s.Formula = m.name, m.curve, m.formula
		all = append(all, s)
	}
	return all
}

// readNIST reads a file of nist/: comments with a table of the parameters and the certified sum of squares, the names
// of the columns, and the data.
func readNIST(name string) NISTSet {
	file := "nist/" + strings.ToLower(name) + ".csv"
	data, err := nistFiles.ReadFile(file)
	if err != nil {
		panic(err)
	}
	number := func(word string) float64 {
		v, err := strconv.ParseFloat(word, 64)
		if err != nil {
			panic(fmt.Sprintf("testfuncs: %s: %v", file, err))
		}
		return v
	}
	var s NISTSet
	head := true
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#   b"): // b1 start1 start2 value deviation
			w := strings.Fields(line)[2:]
			for k := range s.Starts {
				s.Starts[k] = append(s.Starts[k], number(w[k]))
			}
			s.Certified, s.StdDev = append(s.Certified, number(w[2])), append(s.StdDev, number(w[3]))
		case strings.HasPrefix(line, "#"):
			if _, after, ok := strings.Cut(line, "Certified residual sum of squares "); ok {
				rss, sd, _ := strings.Cut(after, ", residual standard deviation ")
				s.RSS, s.ResidualSD = number(rss), number(strings.TrimSuffix(sd, ","))
			}
		case head:
			head = false
		default:
			var row []float64
			for w := range strings.SplitSeq(line, ",") {
				row = append(row, number(w))
			}
			last := len(row) - 1
			s.X, s.Y = append(s.X, row[:last]), append(s.Y, row[last])
		}
	}
	if name == "Nelson" { // the curve is one for the logarithm
		for i, y := range s.Y {
			s.Y[i] = math.Log(y)
		}
	}
	return s
}

// nistModels are the sets in NIST's order and their curves c(b, x), which store the gradient by b in grad unless it is nil.
var nistModels = []struct {
	name    string
	curve   func(grad, b, x []float64) float64
	formula string
}{
	{"Misra1a", saturation, "y ~ b1*(1 - exp(-b2*x))"},
	{"Chwirut2", chwirut, "y ~ exp(-b1*x)/(b2 + b3*x)"},
	{"Chwirut1", chwirut, "y ~ exp(-b1*x)/(b2 + b3*x)"},
	{"Lanczos3", lanczos, "y ~ b1*exp(-b2*x) + b3*exp(-b4*x) + b5*exp(-b6*x)"},
	{"Gauss1", gauss, "y ~ b1*exp(-b2*x) + b3*exp(-(x - b4)^2/b5^2) + b6*exp(-(x - b7)^2/b8^2)"},
	{"Gauss2", gauss, "y ~ b1*exp(-b2*x) + b3*exp(-(x - b4)^2/b5^2) + b6*exp(-(x - b7)^2/b8^2)"},
	{"DanWood", danwood, "y ~ b1*x^b2"},
	{"Misra1b", misra1b, "y ~ b1*(1 - (1 + b2*x/2)^(-2))"},
	{"Kirby2", kirby, "y ~ (b1 + b2*x + b3*x^2)/(1 + b4*x + b5*x^2)"},
	{"Hahn1", cubicRatio, "y ~ (b1 + b2*x + b3*x^2 + b4*x^3)/(1 + b5*x + b6*x^2 + b7*x^3)"},
	{"Nelson", nelson, "y ~ b1 - b2*x1*exp(-b3*x2)"},
	{"MGH17", mgh17, "y ~ b1 + b2*exp(-x*b4) + b3*exp(-x*b5)"},
	{"Lanczos1", lanczos, "y ~ b1*exp(-b2*x) + b3*exp(-b4*x) + b5*exp(-b6*x)"},
	{"Lanczos2", lanczos, "y ~ b1*exp(-b2*x) + b3*exp(-b4*x) + b5*exp(-b6*x)"},
	{"Gauss3", gauss, "y ~ b1*exp(-b2*x) + b3*exp(-(x - b4)^2/b5^2) + b6*exp(-(x - b7)^2/b8^2)"},
	{"Misra1c", misra1c, "y ~ b1*(1 - (1 + 2*b2*x)^(-1/2))"},
	{"Misra1d", misra1d, "y ~ b1*b2*x/(1 + b2*x)"},
	{"Roszman1", roszman, "y ~ b1 - b2*x - atan(b3/(x - b4))/pi"},
	{"ENSO", enso, "y ~ b1 + b2*cos(2*pi*x/12) + b3*sin(2*pi*x/12) + b5*cos(2*pi*x/b4) + b6*sin(2*pi*x/b4)" +
		" + b8*cos(2*pi*x/b7) + b9*sin(2*pi*x/b7)"},
	{"MGH09", mgh09, "y ~ b1*(x^2 + x*b2)/(x^2 + x*b3 + b4)"},
	{"Thurber", cubicRatio, "y ~ (b1 + b2*x + b3*x^2 + b4*x^3)/(1 + b5*x + b6*x^2 + b7*x^3)"},
	{"BoxBOD", saturation, "y ~ b1*(1 - exp(-b2*x))"},
	{"Rat42", rat42, "y ~ b1/(1 + exp(b2 - b3*x))"},
	{"MGH10", mgh10, "y ~ b1*exp(b2/(x + b3))"},
	{"Eckerle4", eckerle, "y ~ (b1/b2)*exp(-((x - b3)/b2)^2/2)"},
	{"Rat43", rat43, "y ~ b1/(1 + exp(b2 - b3*x))^(1/b4)"},
	{"Bennett5", bennett, "y ~ b1*(b2 + x)^(-1/b3)"},
}

// saturation is b1 (1 - exp(-b2 x)).
func saturation(grad, b, x []float64) float64 {
	c := -math.Expm1(-b[1] * x[0])
	if grad != nil {
		grad[0] = c
		grad[1] = b[0] * x[0] * math.Exp(-b[1]*x[0])
	}
	return b[0] * c
}

// chwirut is exp(-b1 x) / (b2 + b3 x).
func chwirut(grad, b, x []float64) float64 {
	d := b[1] + b[2]*x[0]
	f := math.Exp(-b[0]*x[0]) / d
	if grad != nil {
		grad[0] = -x[0] * f
		grad[1] = -f / d
		grad[2] = -x[0] * f / d
	}
	return f
}

// lanczos is a sum of three exponentials, b1 exp(-b2 x) + b3 exp(-b4 x) + b5 exp(-b6 x).
func lanczos(grad, b, x []float64) float64 {
	var f float64
	for k := 0; k < 6; k += 2 {
		e := math.Exp(-b[k+1] * x[0])
		f += b[k] * e
		if grad != nil {
			grad[k] = e
			grad[k+1] = -b[k] * x[0] * e
		}
	}
	return f
}

// gauss is an exponential and two peaks, b1 exp(-b2 x) + b3 exp(-((x-b4)/b5)²) + b6 exp(-((x-b7)/b8)²).
func gauss(grad, b, x []float64) float64 {
	e := math.Exp(-b[1] * x[0])
	f := b[0] * e
	if grad != nil {
		grad[0] = e
		grad[1] = -b[0] * x[0] * e
	}
	for k := 2; k < 8; k += 3 {
		u := (x[0] - b[k+1]) / b[k+2]
		e := math.Exp(-u * u)
		f += b[k] * e
		if grad != nil {
			grad[k] = e
			grad[k+1] = b[k] * e * 2 * u / b[k+2]
			grad[k+2] = b[k] * e * 2 * u * u / b[k+2]
		}
	}
	return f
}

// danwood is b1 x^b2.
func danwood(grad, b, x []float64) float64 {
	p := math.Pow(x[0], b[1])
	if grad != nil {
		grad[0] = p
		grad[1] = b[0] * p * math.Log(x[0])
	}
	return b[0] * p
}

// misra1b is b1 (1 - (1 + b2 x/2)^-2).
func misra1b(grad, b, x []float64) float64 {
	q := 1 + b[1]*x[0]/2
	if grad != nil {
		grad[0] = 1 - 1/(q*q)
		grad[1] = b[0] * x[0] / (q * q * q)
	}
	return b[0] * (1 - 1/(q*q))
}

// misra1c is b1 (1 - (1 + 2 b2 x)^-1/2).
func misra1c(grad, b, x []float64) float64 {
	q := 1 + 2*b[1]*x[0]
	r := math.Sqrt(q)
	if grad != nil {
		grad[0] = 1 - 1/r
		grad[1] = b[0] * x[0] / (q * r)
	}
	return b[0] * (1 - 1/r)
}

// misra1d is b1 b2 x / (1 + b2 x).
func misra1d(grad, b, x []float64) float64 {
	q := 1 + b[1]*x[0]
	if grad != nil {
		grad[0] = b[1] * x[0] / q
		grad[1] = b[0] * x[0] / (q * q)
	}
	return b[0] * b[1] * x[0] / q
}

// ratio is a polynomial with n coefficients over one with constant term 1 and the remaining coefficients.
func ratio(grad, b, x []float64, n int) float64 {
	var num, den float64
	for i := n - 1; i >= 0; i-- {
		num = num*x[0] + b[i]
	}
	for i := len(b) - 1; i >= n; i-- {
		den = (den + b[i]) * x[0]
	}
	den++
	f := num / den
	if grad != nil {
		p := 1.0
		for i := range n {
			grad[i] = p / den
			p *= x[0]
		}
		p = x[0]
		for i := n; i < len(b); i++ {
			grad[i] = -f * p / den
			p *= x[0]
		}
	}
	return f
}

// kirby is (b1 + b2 x + b3 x²) / (1 + b4 x + b5 x²).
func kirby(grad, b, x []float64) float64 { return ratio(grad, b, x, 3) }

// cubicRatio is (b1 + b2 x + b3 x² + b4 x³) / (1 + b5 x + b6 x² + b7 x³).
func cubicRatio(grad, b, x []float64) float64 { return ratio(grad, b, x, 4) }

// nelson is b1 - b2 x1 exp(-b3 x2), a curve for log y.
func nelson(grad, b, x []float64) float64 {
	e := math.Exp(-b[2] * x[1])
	if grad != nil {
		grad[0] = 1
		grad[1] = -x[0] * e
		grad[2] = b[1] * x[0] * x[1] * e
	}
	return b[0] - b[1]*x[0]*e
}

// mgh17 is b1 + b2 exp(-x b4) + b3 exp(-x b5).
func mgh17(grad, b, x []float64) float64 {
	e, h := math.Exp(-x[0]*b[3]), math.Exp(-x[0]*b[4])
	if grad != nil {
		grad[0], grad[1], grad[2] = 1, e, h
		grad[3] = -x[0] * b[1] * e
		grad[4] = -x[0] * b[2] * h
	}
	return b[0] + b[1]*e + b[2]*h
}

// roszman is b1 - b2 x - atan(b3/(x-b4))/π.
func roszman(grad, b, x []float64) float64 {
	d := x[0] - b[3]
	if grad != nil {
		q := math.Pi * (d*d + b[2]*b[2])
		grad[0] = 1
		grad[1] = -x[0]
		grad[2] = -d / q
		grad[3] = -b[2] / q
	}
	return b[0] - b[1]*x[0] - math.Atan(b[2]/d)/math.Pi
}

// enso is a mean, a yearly cycle and two cycles of unknown period b4 and b7,
// b1 + b2 cos(2πx/12) + b3 sin(2πx/12) + b5 cos(2πx/b4) + b6 sin(2πx/b4) + b8 cos(2πx/b7) + b9 sin(2πx/b7).
func enso(grad, b, x []float64) float64 {
	s, c := math.Sincos(2 * math.Pi * x[0] / 12)
	f := b[0] + b[1]*c + b[2]*s
	if grad != nil {
		grad[0], grad[1], grad[2] = 1, c, s
	}
	for k := 3; k < 9; k += 3 {
		w := 2 * math.Pi * x[0] / b[k]
		s, c := math.Sincos(w)
		f += b[k+1]*c + b[k+2]*s
		if grad != nil {
			grad[k] = (b[k+1]*s - b[k+2]*c) * w / b[k]
			grad[k+1], grad[k+2] = c, s
		}
	}
	return f
}

// mgh09 is b1 (x² + x b2) / (x² + x b3 + b4).
func mgh09(grad, b, x []float64) float64 {
	t := x[0]
	num, den := t*t+t*b[1], t*t+t*b[2]+b[3]
	f := b[0] * num / den
	if grad != nil {
		grad[0] = num / den
		grad[1] = b[0] * t / den
		grad[2] = -f * t / den
		grad[3] = -f / den
	}
	return f
}

// rat42 is b1 / (1 + exp(b2 - b3 x)).
func rat42(grad, b, x []float64) float64 {
	e := math.Exp(b[1] - b[2]*x[0])
	f := b[0] / (1 + e)
	if grad != nil {
		q := 1 / (1 + 1/e) // e/(1+e), right when e overflows
		grad[0] = 1 / (1 + e)
		grad[1] = -f * q
		grad[2] = f * q * x[0]
	}
	return f
}

// mgh10 is b1 exp(b2 / (x + b3)).
func mgh10(grad, b, x []float64) float64 {
	d := x[0] + b[2]
	e := math.Exp(b[1] / d)
	if grad != nil {
		grad[0] = e
		grad[1] = b[0] * e / d
		grad[2] = -b[0] * e * b[1] / (d * d)
	}
	return b[0] * e
}

// eckerle is (b1/b2) exp(-((x-b3)/b2)²/2).
func eckerle(grad, b, x []float64) float64 {
	u := (x[0] - b[2]) / b[1]
	e := math.Exp(-u * u / 2)
	f := b[0] / b[1] * e
	if grad != nil {
		grad[0] = e / b[1]
		grad[1] = f * (u*u - 1) / b[1]
		grad[2] = f * u / b[1]
	}
	return f
}

// rat43 is b1 / (1 + exp(b2 - b3 x))^(1/b4).
func rat43(grad, b, x []float64) float64 {
	e := math.Exp(b[1] - b[2]*x[0])
	l := math.Log1p(e)
	p := math.Exp(-l / b[3])
	f := b[0] * p
	if grad != nil {
		q := 1 / (1 + 1/e)
		grad[0] = p
		grad[1] = -f * q / b[3]
		grad[2] = f * q * x[0] / b[3]
		grad[3] = f * l / (b[3] * b[3])
	}
	return f
}

// bennett is b1 (b2 + x)^(-1/b3).
func bennett(grad, b, x []float64) float64 {
	d := b[1] + x[0]
	p := math.Pow(d, -1/b[2])
	if grad != nil {
		grad[0] = p
		grad[1] = -b[0] * p / (b[2] * d)
		grad[2] = b[0] * p * math.Log(d) / (b[2] * b[2])
	}
	return b[0] * p
}
