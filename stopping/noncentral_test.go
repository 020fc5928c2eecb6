package stopping

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

func TestNoncentralGolden(t *testing.T) {
	file, err := os.Open("testdata/noncentral.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != 96 {
		t.Fatal(len(rows), "rows,", err)
	}
	for _, row := range rows {
		var v [5]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(row[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		p, q, lambda, level, x := v[0], v[1], v[2], v[3], v[4]
		cdf, quantile := noncentralF{p, q, lambda}.CDF, noncentralF{p, q, lambda}.Quantile
		if row[0] == "chi2" {
			cdf, quantile = noncentralChiSquared{p, lambda}.CDF, noncentralChiSquared{p, lambda}.Quantile
		}
		if got := cdf(x); math.Abs(got/level-1) > 1e-10 {
			t.Errorf("%v: CDF %v, relative error %.2g", row, got, got/level-1)
		}
		if got := quantile(level); math.Abs(got/x-1) > 1e-10 {
			t.Errorf("%v: quantile %v, relative error %.2g", row, got, got/x-1)
		}
	}
}

func TestNoncentralCentral(t *testing.T) {
	for _, x := range []float64{1e-3, 0.5, 1, 7, 40} {
		if got, want := (noncentralF{3, 17, 0}).CDF(x), (distuv.F{D1: 3, D2: 17}).CDF(x); math.Abs(got-want) > 1e-14 {
			t.Errorf("F at %v: %v, want %v", x, got, want)
		}
		if got, want := (noncentralChiSquared{3, 0}).CDF(x), (distuv.ChiSquared{K: 3}).CDF(x); math.Abs(got-want) > 1e-14 {
			t.Errorf("χ² at %v: %v, want %v", x, got, want)
		}
		// One dimension is a normal variable of mean 2, folded.
		want := distuv.UnitNormal.CDF(math.Sqrt(x)-2) - distuv.UnitNormal.CDF(-math.Sqrt(x)-2)
		if got := (noncentralChiSquared{1, 4}).CDF(x); math.Abs(got-want) > 1e-14 {
			t.Errorf("χ² of 2² at %v: %v, want %v", x, got, want)
		}
	}
	// Far tails of a large noncentrality, where most terms of the mixture underflow.
	if got := (noncentralChiSquared{2, 1e4}).CDF(1e-3); !(got >= 0 && got < 1e-300) {
		t.Errorf("lower tail: %v", got)
	}
	for _, x := range []float64{1e5, 1e9, 1e20, 1e300} {
		f, chi := noncentralF{2, 50, 1e4}.CDF(x), noncentralChiSquared{2, 1e4}.CDF(x)
		if math.Abs(f-1) > 1e-11 || math.Abs(chi-1) > 1e-11 {
			t.Errorf("upper tail at %v: F %v, χ² %v", x, f, chi)
		}
	}
	// The noncentralities with which a test of known covariance at 5 % has power 0.8.
	for p, lambda := range map[float64]float64{1: 7.849, 2: 9.635, 5: 12.828, 10: 16.241, 100: 40.556, 1000: 116.68} {
		c := distuv.ChiSquared{K: p}.Quantile(0.95)
		if power := 1 - (noncentralChiSquared{p, lambda}).CDF(c); math.Abs(power-0.8) > 5e-5 {
			t.Errorf("p = %v: power %v", p, power)
		}
	}
}

func BenchmarkNoncentralF(b *testing.B) {
	for b.Loop() {
		noncentralF{16, 3000, 30}.Quantile(0.025)
	}
}
