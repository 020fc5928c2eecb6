package testfuncs

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// TestNISTCertified: at the certified parameters F is the certified sum of squares and its gradient is 0, both as far as
// they can be: the parameters have errors δ of up to half a unit of their eleventh digit, so that J'r = J'J δ and
// F - F* = |J δ|² where J has the derivatives of the curve.
func TestNISTCertified(t *testing.T) {
	all := NIST()
	if len(all) != 54 {
		t.Fatalf("%d objectives, want 27 sets with two starts each", len(all))
	}
	for k := 0; k < len(all); k += 2 {
		o, s := all[k], readNIST(nistModels[k/2].name)
		b := o.Minimizers[0]
		column, gi := make([]float64, len(b)), make([]float64, len(b)) // |J_j|
		for _, x := range s.X {
			nistModels[k/2].curve(gi, b, x)
			for j, d := range gi {
				column[j] = math.Hypot(column[j], d)
			}
		}
		var shift float64 // at least |J δ|
		for j, v := range b {
			shift += column[j] * 0.5 * math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-10)
		}
		tol := s.RSS*0.5e-10 + shift*shift
		if f := o.Func(b); !(math.Abs(f-s.RSS) <= tol) || o.Minimum != s.RSS {
			t.Errorf("%s: F = %.11e at the certified parameters, certified %.11e", o.Name, f, s.RSS)
		}
		grad := make([]float64, len(b))
		o.Grad(grad, b)
		for j, g := range grad {
			if !(math.Abs(g) <= 2*column[j]*shift) {
				t.Errorf("%s: derivative %d is %v at the certified parameters, want at most %v", o.Name, j, g, 2*column[j]*shift)
			}
		}
		wrong := slices.Clone(b)
		wrong[0] *= 1 + 1e-5
		if f := o.Func(wrong); f-s.RSS <= tol {
			t.Errorf("%s: F does not feel an error in the fifth digit of b1: %v", o.Name, f)
		}
	}
}

// TestNISTAndBenDFO compares the problems that are in both collections.
func TestNISTAndBenDFO(t *testing.T) {
	published := BenDFO()
	for _, o := range NIST() {
		k := 0
		for name, number := range map[string]int{"MGH09": 17, "MGH10": 18, "MGH17": 36} {
			if strings.Contains(o.Name, name) {
				k = number
			}
		}
		if k == 0 {
			continue
		}
		p := published[k-1]
		if got, want := o.Func(p.Start), p.Func(p.Start); !(math.Abs(got-want) <= 1e-13*want) {
			t.Errorf("%s is %v, %s is %v", o.Name, got, p.Name, want)
		}
		if strings.Contains(o.Name, "start 2") && slices.Equal(o.Start, p.Start) != (k != 36) {
			t.Errorf("%s begins at %v, %s at %v", o.Name, o.Start, p.Name, p.Start)
		}
		if !(math.Abs(o.Minimum-p.Minimum) <= 1e-10*p.Minimum) {
			t.Errorf("%s has the minimum %v, %s %v", o.Name, o.Minimum, p.Name, p.Minimum)
		}
	}
}

// TestNISTGradients checks the derivatives written out by hand.
func TestNISTGradients(t *testing.T) {
	for _, o := range NIST() {
		r, err := gradient.Check(o.Oracle, o.Start, stochopt.Sample{})
		if err != nil || !r.OK {
			t.Errorf("%s: %v %v", o.Name, r, err)
		}
	}
}

func TestNISTDraws(t *testing.T) {
	for _, o := range NIST() {
		testDraws(t, o, false)
	}
}

// TestNISTFiles compares nist/ with NIST's own files, number by number.
func TestNISTFiles(t *testing.T) {
	dir := filepath.Join("..", "..", "shared", "data", "nist")
	if d := os.Getenv("STOCHOPT_DATA"); d != "" {
		dir = filepath.Join(d, "nist")
	}
	if _, err := os.Stat(filepath.Join(dir, "Misra1a.dat")); err != nil {
		t.Skipf("no NIST StRD files in %s; set STOCHOPT_DATA to a folder that has them in nist/", dir)
	}
	for _, m := range nistModels {
		got, want := readNIST(m.name), readDat(t, filepath.Join(dir, m.name+".dat"), m.name == "Nelson")
		equal := slices.EqualFunc(got.X, want.X, slices.Equal) && slices.Equal(got.Y, want.Y) && len(got.Y) > 0 &&
			slices.Equal(got.Certified, want.Certified) && slices.Equal(got.StdDev, want.StdDev) && got.ResidualSD == want.ResidualSD && got.RSS == want.RSS && got.RSS != 0 && got.ResidualSD != 0
		for k := range got.Starts {
			equal = equal && slices.Equal(got.Starts[k], want.Starts[k]) && len(got.Starts[k]) > 0
		}
		if !equal {
			t.Errorf("%s: %v, NIST's file has %v", m.name, got, want)
		}
	}
}

var datParameter = regexp.MustCompile(`^ *b[0-9]+ *=`)

// readDat reads one of NIST's files: starts, certified values, and from line 61 on the data, the response first.
func readDat(t *testing.T, path string, logarithm bool) (s NISTSet) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	numbers := func(text string) (v []float64) {
		for _, w := range strings.Fields(text) {
			x, err := strconv.ParseFloat(w, 64)
			if err != nil {
				t.Fatal(err)
			}
			v = append(v, x)
		}
		return v
	}
	sc := bufio.NewScanner(f)
	for line := 1; sc.Scan(); line++ {
		text := sc.Text()
		_, right, _ := strings.Cut(text, "=")
		switch {
		case line > 60:
			if v := numbers(text); len(v) > 0 {
				if logarithm {
					v[0] = math.Log(v[0])
				}
				s.Y, s.X = append(s.Y, v[0]), append(s.X, v[1:])
			}
		case datParameter.MatchString(text):
			v := numbers(right)
			s.Starts[0], s.Starts[1] = append(s.Starts[0], v[0]), append(s.Starts[1], v[1])
			s.Certified, s.StdDev = append(s.Certified, v[2]), append(s.StdDev, v[3])
		case strings.HasPrefix(text, "Residual Sum of Squares:"):
			s.RSS = numbers(strings.SplitAfter(text, ":")[1])[0]
		case strings.HasPrefix(text, "Residual Standard Deviation:"):
			s.ResidualSD = numbers(strings.SplitAfter(text, ":")[1])[0]
		}
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

func ExampleNIST() {
	o := NIST()[0]
	fmt.Println(o.Name)
	fmt.Printf("F = %.4g at %v, least %.4g at %.4g\n", o.Func(o.Start), o.Start, o.Minimum, o.Minimizers[0])
	// Output:
	// NIST Misra1a, start 1
	// F = 1.078e+04 at [500 0.0001], least 0.1246 at [238.9 0.0005502]
}
