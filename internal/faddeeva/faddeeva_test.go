package faddeeva

import (
	"bufio"
	"math"
	"math/cmplx"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestGolden compares with mpmath (testdata/golden.py).
func TestGolden(t *testing.T) {
	f, err := os.Open("testdata/w.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var worst [3]float64
	points := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		var v [6]float64
		for i, s := range strings.Split(sc.Text(), ",") {
			if v[i], err = strconv.ParseFloat(s, 64); err != nil {
				t.Fatal(err)
			}
		}
		points++
		w, d := W(complex(v[0], v[1]))
		wantW, wantD := complex(v[2], v[3]), complex(v[4], v[5])
		var e [3]float64
		if v[1] >= 0 {
			e[0], e[1] = relative(real(w), real(wantW)), relative(imag(w), imag(wantW))
		} else {
			e[0] = cmplx.Abs(w-wantW) / cmplx.Abs(wantW)
		}
		e[2] = cmplx.Abs(d-wantD) / cmplx.Abs(wantD)
		if cmplx.Abs(wantD) < 1e-290 {
			e[2] = 0
		}
		for k, limit := range []float64{2e-14, 2e-14, 2e-14} {
			worst[k] = max(worst[k], e[k])
			if !(e[k] <= limit) {
				t.Errorf("z = %v: w = %v, want %v; derivative %v, want %v: relative errors %.1e", complex(v[0], v[1]), w, wantW, d, wantD, e)
				break
			}
		}
	}
	if points < 780 {
		t.Errorf("%d points in the file", points)
	}
	t.Logf("largest relative error of Re w %.1e, Im w %.1e, w' %.1e", worst[0], worst[1], worst[2])
}

func relative(got, want float64) float64 {
	if got == want || math.Abs(want) < 1e-307 && math.Abs(got) < 1e-307 {
		return 0
	}
	return math.Abs(got-want) / math.Abs(want)
}

// TestAxes: closed forms on the axes.
func TestAxes(t *testing.T) {
	for _, x := range []float64{-30, -2.5, -1e-5, 0, 0.3, 1, 7, 26} {
		if w, _ := W(complex(x, 0)); relative(real(w), math.Exp(-x*x)) > 1e-13 {
			t.Errorf("Re w(%v) = %v, want %v", x, real(w), math.Exp(-x*x))
		}
	}
	for _, y := range []float64{-5, -0.2, 0, 0.1, 1, 4} {
		if w, _ := W(complex(0, y)); relative(real(w), math.Exp(y*y)*math.Erfc(y)) > 1e-13 || imag(w) != 0 {
			t.Errorf("w(%vi) = %v, want %v", y, w, math.Exp(y*y)*math.Erfc(y))
		}
	}
	if w, _ := W(complex(math.NaN(), 1)); !math.IsNaN(real(w)) {
		t.Errorf("w(NaN) = %v", w)
	}
}

func BenchmarkW(b *testing.B) {
	x := 0.0
	for b.Loop() {
		W(complex(x, 0.4))
		if x += 0.01; x > 8 {
			x = 0
		}
	}
}
