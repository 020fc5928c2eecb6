package testfuncs

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// bendfoTable has, for each problem in order, the number of its formula, n, m, whether it begins at ten times the standard
// start, f there and the least value that a tight least squares run reaches from there, as computed with the published
// programs and printed to eight digits.
var bendfoTable = []struct {
	problem, n, m, times10 int
	start, end             string
}{
	{1, 9, 45, 0, "72", "36"},
	{1, 9, 45, 1, "1125", "36"},
	{2, 7, 35, 0, "11654195", "8.3802817"},
	{2, 7, 35, 1, "1.1685912e+09", "8.3802817"},
	{3, 7, 35, 0, "4989195", "9.880597"},
	{3, 7, 35, 1, "5.0093564e+08", "9.880597"},
	{4, 2, 2, 0, "24.2", "0"},
	{4, 2, 2, 1, "1795769", "0"},
	{5, 3, 3, 0, "2500", "4.0963624e-62"},
	{5, 3, 3, 1, "10600", "1.192231e-54"},
	{6, 4, 4, 0, "215", "2.5332724e-42"},
	{6, 4, 4, 1, "1615400", "3.6967866e-42"},
	{7, 2, 2, 0, "400.5", "48.984254"},
	{7, 2, 2, 1, "1.5457536e+08", "48.984254"},
	{8, 3, 15, 0, "41.681696", "0.0082148773"},
	{8, 3, 15, 1, "1306.2335", "17.428693"},
	{9, 4, 11, 0, "0.0053131723", "0.0003075056"},
	{10, 3, 16, 0, "1.6936078e+09", "87.945855"},
	{11, 6, 31, 0, "16.430831", "0.0022876701"},
	{11, 6, 31, 1, "2323367.4", "0.0022876701"},
	{11, 9, 31, 0, "26.904166", "1.3997601e-06"},
	{11, 9, 31, 1, "8158876.6", "1.3997601e-06"},
	{11, 12, 31, 0, "73.678205", "4.7223811e-10"},
	{11, 12, 31, 1, "20593837", "4.7223811e-10"},
	{12, 3, 10, 0, "1031.1538", "3.0814879e-32"},
	{13, 2, 10, 0, "4171.3062", "124.36218"},
	{14, 4, 20, 0, "7926693.3", "85822.202"},
	{14, 4, 20, 1, "3.0810643e+11", "85822.202"},
	{15, 6, 6, 0, "0.046428172", "3.9761091e-32"},
	{15, 7, 7, 0, "0.033770638", "7.9824883e-32"},
	{15, 8, 8, 0, "0.038617698", "0.0035168737"},
	{15, 9, 9, 0, "0.02888298", "1.7724648e-32"},
	{15, 10, 10, 0, "0.033763265", "0.0065039548"},
	{15, 11, 11, 0, "0.026740603", "0.0027997616"},
	{16, 10, 10, 0, "273.24805", "0"},
	{17, 5, 33, 0, "16.174113", "5.4648947e-05"},
	{18, 11, 65, 0, "2.0934195", "0.040137736"},
	{18, 11, 65, 1, "199.68468", "1.7898136"},
	{19, 8, 8, 0, "904", "10.238973"},
	{19, 10, 12, 0, "1356", "18.281162"},
	{19, 11, 14, 0, "1582", "22.260592"},
	{19, 12, 16, 0, "1808", "26.272766"},
	{20, 5, 5, 0, "56.5", "0"},
	{20, 6, 6, 0, "70.5625", "0"},
	{20, 8, 8, 0, "98.6875", "0"},
	{21, 5, 5, 0, "2.5390844e+09", "2.5613276e-22"},
	{21, 5, 5, 1, "6.8737953e+12", "2.5613276e-22"},
	{21, 8, 8, 0, "3.3679611e+09", "4.108115e-22"},
	{21, 10, 10, 0, "3.735127e+09", "2.0466985e-22"},
	{21, 12, 12, 0, "3.9910724e+09", "1.2589301e-22"},
	{21, 12, 12, 1, "1.130015e+13", "1.2796096e-22"},
	{22, 8, 8, 0, "9.3856723", "3.4514591e-30"},
	{22, 8, 8, 1, "3.3658151e+10", "2.4671163e-31"},
}

// number is the value of a printed number and half a unit of the last of eight digits.
func number(t *testing.T, s string) (v, half float64) {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v, 0.5 * math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-7)
}

// TestBenDFOStarts compares f(x0), to all the digits printed.
func TestBenDFOStarts(t *testing.T) {
	all := BenDFO()
	if len(all) != len(bendfoTable) {
		t.Fatalf("%d problems, want %d", len(all), len(bendfoTable))
	}
	for k, o := range all {
		row := bendfoTable[k]
		want, half := number(t, row.start)
		if f := o.Func(o.Start); !(math.Abs(f-want) <= 1.001*half) {
			t.Errorf("%s: f(x0) = %.10g, want %s", o.Name, f, row.start)
		}
		c := bendfoCases[k]
		if c.problem != row.problem || c.n != row.n || c.m != row.m || c.times10 != (row.times10 == 1) || len(o.Start) != c.n {
			t.Errorf("%s: %v, want %v", o.Name, c, row)
		}
		// Companion: the table is sharp enough to notice one digit.
		x := slices.Clone(o.Start)
		for j, v := range x {
			x[j] += 1e-3 * (1 + math.Abs(v))
		}
		if f := o.Func(x); math.Abs(f-want) <= 1.001*half {
			t.Errorf("%s: f(x0) = %.10g at a wrong start as well", o.Name, f)
		}
	}
}

type bendfoRecord struct {
	Problem, N, M, NS int
	Points            []struct {
		X       []float64
		Smooth  float64
		NonDiff float64
		Wild3   float64
		AbsWild float64
	}
	Minimum   float64
	Minimizer []float64
}

// TestBenDFOGolden compares values at the starts and beside them with those of the published programs.
func TestBenDFOGolden(t *testing.T) {
	var golden []bendfoRecord
	readGolden(t, "bendfo.json", &golden)
	if len(golden) != 53 {
		t.Fatalf("%d records, want 53", len(golden))
	}
	smooth, nonDiff, wild3, absWild := BenDFO(), BenDFOWith(BenDFONonDiff, 0), BenDFOWith(BenDFOWild3, 0), BenDFOWith(BenDFOAbsWild, 0)
	for k, record := range golden {
		for j, p := range record.Points {
			check := func(o Objective, got, want, tol float64) {
				if !(math.Abs(got-want) <= tol) {
					t.Errorf("%s: %.17g at point %d, want %.17g", o.Name, got, j, want)
				}
			}
			tol := 1e-12 * p.Smooth
			check(smooth[k], smooth[k].Func(p.X), p.Smooth, tol)
			check(nonDiff[k], nonDiff[k].Func(p.X), p.NonDiff, 1e-12*p.NonDiff)
			// φ has a slope of the order of 1000 against the norms.
			phi := 1e-13 * (1 + 1000*floats.Norm(p.X, 1))
			v, err := wild3[k].Oracle(nil, p.X, stochopt.Sample{})
			check(wild3[k], v, p.Wild3, tol+1e-3*phi*p.Smooth)
			if err != nil {
				t.Error(err)
			}
			v, err = absWild[k].Oracle(nil, p.X, stochopt.Sample{})
			check(absWild[k], v, p.AbsWild, tol+phi)
			if err != nil {
				t.Error(err)
			}
			if p.Smooth == p.Wild3 || p.Smooth == p.NonDiff && k != 0 {
				t.Errorf("%s: the forms do not differ at point %d", smooth[k].Name, j)
			}
		}
	}
}

// TestBenDFOGradients checks the derivatives written out by hand, in the forms that have some, at the starts and beside.
func TestBenDFOGradients(t *testing.T) {
	var golden []bendfoRecord
	readGolden(t, "bendfo.json", &golden)
	for _, kind := range []BenDFOKind{BenDFOSmooth, BenDFONonDiff, BenDFONoisy3, BenDFORelNormal, BenDFOAbsUniform} {
		sigma := 0.0
		if kind.usesSigma() {
			sigma = 0.3
		}
		for k, o := range BenDFOWith(kind, sigma) {
			for j, p := range golden[k].Points {
				if kind == BenDFONonDiff && j == 0 {
					continue // several starts are on kinks
				}
				r, err := gradient.Check(o.Oracle, p.X, stochopt.Sample{Step: j})
				if err != nil || !r.OK {
					t.Errorf("%s at %v: %v %v", o.Name, p.X, r, err)
				}
			}
		}
	}
}

// TestBenDFOMinima: at the minimizers the values are the least known ones, and the gradient is 0 beside the size of its
// terms.
func TestBenDFOMinima(t *testing.T) {
	var golden []bendfoRecord
	readGolden(t, "bendfo.json", &golden)
	for k, o := range BenDFO() {
		x, f0 := o.Minimizers[0], o.Func(o.Start)
		if f := o.Func(x); !(math.Abs(f-o.Minimum) <= 1e-11*o.Minimum+1e-20*f0) {
			t.Errorf("%s: f = %v at the minimizer, want %v", o.Name, f, o.Minimum)
		}
		if g := golden[k]; g.Minimizer != nil && !(o.Minimum <= g.Minimum*(1+1e-13)) {
			t.Errorf("%s: least value %v, another program finds %v", o.Name, o.Minimum, g.Minimum)
		}
		c := bendfoCases[k]
		grad, gi := make([]float64, c.n), make([]float64, c.n)
		o.Grad(grad, x)
		for j, g := range grad {
			var size float64
			for i := 1; i <= c.m; i++ {
				r := bendfoProblems[c.problem-1].residual(gi, x, i, c.m)
				size += math.Abs(2 * r * gi[j])
			}
			if !(math.Abs(g) <= 1e-8*size+1e-12*math.Sqrt(f0)) {
				t.Errorf("%s: derivative %d is %v at the minimizer, beside terms of %v", o.Name, j+1, g, size)
			}
		}
	}
}

// TestBenDFODescent: a tight Levenberg-Marquardt run from the start ends at the published local minimum.
func TestBenDFODescent(t *testing.T) {
	for k, o := range BenDFO() {
		c := bendfoCases[k]
		f := levenbergMarquardt(c, o.Start)
		want, half := number(t, bendfoTable[k].end)
		if want < 1e-20 {
			want, half = 0, 1e-20
		}
		f0 := o.Func(o.Start)
		t.Logf("%-55s %.10g, published %s, least %.10g", o.Name, f, bendfoTable[k].end, o.Minimum)
		if !(math.Abs(f-want) <= 1.001*half+1e-18*f0) {
			t.Errorf("%s: descent ends at %.10g, published is %s", o.Name, f, bendfoTable[k].end)
		}
	}
}

// levenbergMarquardt returns the least sum of squares found from x.
func levenbergMarquardt(c bendfoCase, x []float64) float64 {
	residual := bendfoProblems[c.problem-1].residual
	x = slices.Clone(x)
	a := mat.NewDense(c.m+c.n, c.n, nil) // the Jacobian over damping D
	b := mat.NewVecDense(c.m+c.n, nil)
	scale := make([]float64, c.n)
	sum := func(x []float64) (f float64) {
		for i := 1; i <= c.m; i++ {
			r := residual(nil, x, i, c.m)
			f += r * r
		}
		return f
	}
	f, damping := sum(x), 1e-2
	for range 5000 {
		a.Zero()
		for i := range c.m {
			b.SetVec(i, -residual(a.RawRowView(i), x, i+1, c.m))
		}
		for j := range scale {
			scale[j] = max(scale[j], mat.Norm(a.Slice(0, c.m, j, j+1), 2))
		}
		improved := false
		for ; damping < 1e20; damping *= 4 {
			for j, s := range scale {
				a.Set(c.m+j, j, math.Sqrt(damping)*max(s, 1e-300))
			}
			var step mat.VecDense
			if err := step.SolveVec(a, b); err != nil {
				if _, poor := err.(mat.Condition); !poor {
					continue
				}
			}
			next := slices.Clone(x)
			floats.Add(next, step.RawVector().Data)
			if g := sum(next); g < f {
				x, f, improved = next, g, true
				damping = max(damping/10, 1e-20)
				break
			}
		}
		if !improved {
			break
		}
	}
	return f
}

// TestBenDFONoise compares mean and variance of draws, of value and gradient, with their closed forms, to 5 standard
// errors. The published size of the noise hides the shift of the mean; 0.5 shows it.
func TestBenDFONoise(t *testing.T) {
	const n = 4000
	for _, k := range []int{0, 14, 36} {
		smooth := BenDFO()[k]
		c := bendfoCases[k]
		x := smooth.Start
		f := smooth.Func(x)
		g := make([]float64, c.n)
		smooth.Grad(g, x)
		var fourth float64 // Σ F_i⁴
		for i := 1; i <= c.m; i++ {
			fourth += math.Pow(bendfoProblems[c.problem-1].residual(nil, x, i, c.m), 4)
		}
		m, s2 := float64(c.m), 0.25
		for _, law := range []struct {
			kind           BenDFOKind
			sigma          float64
			mean, slope    float64 // E value, and E gradient / ∇f
			variance       float64
			wrong          float64 // a mean that should not be seen
			wrongDeviation float64
		}{
			// Var (1+z)² = 4σ² + Var z², Var (F+z)² = 4F²σ² + Var z², Var z² = 2σ⁴ or 0.8σ⁴.
			{BenDFORelNormal, 0.5, (1 + s2) * f, 1 + s2, (4*s2 + 2*s2*s2) * fourth, f, 1.2},
			{BenDFORelUniform, 0.5, (1 + s2) * f, 1 + s2, (4*s2 + 0.8*s2*s2) * fourth, f, 1.2},
			{BenDFOAbsNormal, 0.5, f + m*s2, 1, 4*f*s2 + m*2*s2*s2, f, 1.2},
			{BenDFOAbsUniform, 0.5, f + m*s2, 1, 4*f*s2 + m*0.8*s2*s2, f, 1.2},
			// Its shift of f/3 millionths cannot be seen; that its deviation is not that of a normal u of 0.001 can.
			{BenDFONoisy3, 0, (1 + 1e-6/3) * f, 1, 4e-6 / 3 * fourth, 1.01 * f, math.Sqrt(3)},
		} {
			o := BenDFOWith(law.kind, law.sigma)[k]
			var mean, square float64
			along := make([]float64, n)
			grad := make([]float64, c.n)
			draws := make([]float64, n)
			for i := range n {
				v, err := o.Oracle(grad, x, stochopt.Sample{Seed: 11, Step: i})
				if err != nil {
					t.Fatal(err)
				}
				draws[i], along[i] = v, floats.Dot(grad, g)/floats.Dot(g, g)
				mean += v / n
			}
			for _, v := range draws {
				square += (v - mean) * (v - mean) / n
			}
			se := math.Sqrt(law.variance / n)
			if !(math.Abs(mean-law.mean) <= 5*se) {
				t.Errorf("%s: mean %v, want %v ± %v", o.Name, mean, law.mean, se)
			}
			if math.Abs(mean-law.wrong) <= 5*se {
				t.Errorf("%s: the mean %v ± %v could as well be %v", o.Name, mean, se, law.wrong)
			}
			// The kurtosis of a sum of a few terms is below 10 here.
			deviation, rel := math.Sqrt(square), math.Sqrt(law.variance)
			if tol := 5 * rel * math.Sqrt(9./4/n); !(math.Abs(deviation-rel) <= tol) || math.Abs(deviation-law.wrongDeviation*rel) <= tol {
				t.Errorf("%s: deviation %v, want %v ± %v", o.Name, deviation, rel, tol/5)
			}
			a, sd := meanDeviation(along)
			if se := sd / math.Sqrt(n); !(math.Abs(a-law.slope) <= 5*se) {
				t.Errorf("%s: the gradient is %v times ∇f along it, want %v ± %v", o.Name, a, law.slope, se)
			}
		}
	}
}

func meanDeviation(v []float64) (mean, deviation float64) {
	n := float64(len(v))
	mean = floats.Sum(v) / n
	for _, x := range v {
		deviation += (x - mean) * (x - mean) / (n - 1)
	}
	return mean, math.Sqrt(deviation)
}

func TestBenDFODraws(t *testing.T) {
	for k := range bendfoKinds {
		kind := BenDFOKind(k)
		noisy := kind >= BenDFONoisy3
		wild := kind == BenDFOWild3 || kind == BenDFORelWild || kind == BenDFOAbsWild
		for _, o := range BenDFOWith(kind, 0) {
			if wild {
				if _, err := o.Oracle(slices.Clone(o.Start), o.Start, stochopt.Sample{}); err == nil || !strings.Contains(err.Error(), "no gradient") {
					t.Errorf("%s: the gradient of a draw: %v", o.Name, err)
				}
				o.Grad = nil
			}
			testDraws(t, o, noisy)
		}
	}
}

// TestBenDFOWild: φ is in [-1, 1] and reaches far into both sides.
func TestBenDFOWild(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	low, high := 0.0, 0.0
	for range 2000 {
		phi := bendfoWild([]float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()})
		low, high = min(low, phi), max(high, phi)
	}
	if !(-1 <= low && low < -0.99 && 0.99 < high && high <= 1) {
		t.Errorf("φ is in [%v, %v], want nearly all of [-1, 1]", low, high)
	}
}

func TestBenDFOPanics(t *testing.T) {
	for _, c := range []struct {
		kind  BenDFOKind
		sigma float64
	}{{-1, 0}, {10, 0}, {BenDFORelNormal, -1}, {BenDFORelNormal, math.NaN()}, {BenDFORelNormal, math.Inf(1)}, {BenDFOSmooth, 0.1}, {BenDFONoisy3, 0.1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic with %v", c)
				}
			}()
			BenDFOWith(c.kind, c.sigma)
		}()
	}
}

func ExampleBenDFO() {
	o := BenDFO()[13]
	fmt.Println(o.Name)
	fmt.Printf("f = %.5g at %v, least %v at %v\n", o.Func(o.Start), o.Start, o.Minimum, o.Minimizers)
	// Output:
	// BenDFO 14, Freudenstein and Roth, n = 2, 10 x start
	// f = 1.5458e+08 at [5 -20], least 0 at [[5 4]]
}

func ExampleBenDFOWith() {
	o := BenDFOWith(BenDFORelNormal, 0.1)[3]
	fmt.Println(o.Name)
	draw, err := o.Oracle(nil, o.Start, stochopt.Sample{Seed: 1})
	if err != nil {
		panic(err)
	}
	fmt.Printf("f = %.4g, a draw %.4g\n", o.Func(o.Start), draw)
	// Output:
	// BenDFO 4, linear rank 1, n = 7, 10 x start, relnormal
	// f = 1.169e+09, a draw 1.272e+09
}
