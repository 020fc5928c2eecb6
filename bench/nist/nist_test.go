package main

import (
	"bytes"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/testfuncs"
)

// TestCurves: the programs of the peers have the same curves and derivatives, here at the second starts.
func TestCurves(t *testing.T) {
	python := "python3"
	if exec.Command(python, "-c", "import scipy").Run() != nil {
		python = "/usr/bin/python3" // of the system, where another comes first in the path
	}
	_, check, absent, cleanup, err := peers(t.Context(), python)
	defer cleanup()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range absent {
		t.Logf("not tested: %s", a)
	}
	if len(check) == 0 {
		t.Skip("no peer is installed")
	}
	sets := testfuncs.NISTSets()
	for _, p := range check {
		answers, err := p.fit(t.Context(), sets)
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		for i, s := range sets {
			got, start := answers[2*i+1].estimate, s.Starts[1]
			if want := len(s.Y) * (1 + len(start)); len(got) != want {
				t.Errorf("%s, %s: %d values, want %d", p.name, s.Name, len(got), want)
				continue
			}
			for k, x := range s.X {
				g := make([]float64, len(start))
				want := append([]float64{s.Curve(g, start, x)}, g...)
				for j, v := range want {
					v := math.Abs(got[k*len(want)+j] - v)
					if j > 0 {
						v *= math.Abs(start[j-1])
					}
					if !(v <= 1e-11*math.Abs(want[0])) {
						t.Errorf("%s, %s at %v: %v, want %v", p.name, s.Name, x, got[k*len(want):(k+1)*len(want)], want)
						break
					}
				}
			}
		}
	}
}

// TestCurve counts the digits of package fit, with derivatives in Go and from formulas.
func TestCurve(t *testing.T) {
	sets := testfuncs.NISTSets()
	for _, p := range library()[:2] {
		answers, err := p.fit(t.Context(), sets)
		if err != nil {
			t.Fatal(err)
		}
		p.take(answers)
		if p.count(sets, 6) != 54 || p.count(sets, 8) < 50 {
			t.Errorf("%s: %d fits with 6 digits, %d with 8, want 54, 50", p.name, p.count(sets, 6), p.count(sets, 8))
		}
	}
}

func TestDigits(t *testing.T) {
	sets := testfuncs.NISTSets()[:1]
	b := sets[0].Certified
	p := &peer{answers: []answer{{estimate: []float64{b[0] * (1 + 1e-5), b[1]}}, {}}}
	if d := p.digits(sets, 0); d < 4.99 || d > 5.01 {
		t.Errorf("%v digits, want 5", d)
	}
	if d := p.digits(sets, 1); d != 0 {
		t.Errorf("%v digits of no estimate, want 0", d)
	}
	if n := p.count(sets, 4); n != 1 {
		t.Errorf("%d fits with 4 digits, want 1", n)
	}
}

func TestRelabel(t *testing.T) {
	for _, c := range []struct {
		name    string
		b, want []float64
	}{
		{"Lanczos1", []float64{1, 9, 2, 5, 3, 7}, []float64{2, 5, 3, 7, 1, 9}},
		{"MGH17", []float64{1, 2, 3, 5, 4}, []float64{1, 3, 2, 4, 5}},
		{"Gauss1", []float64{1, 2, 3, 9, -5, 6, 7, 8}, []float64{1, 2, 6, 7, 8, 3, 9, 5}},
		{"ENSO", []float64{1, 2, 3, 26, 5, 6, -44, 8, 9}, []float64{1, 2, 3, 44, 8, -9, 26, 5, 6}},
		{"Eckerle4", []float64{-1, -2, 3}, []float64{1, 2, 3}},
		{"Misra1a", []float64{2, 1}, []float64{2, 1}},
	} {
		got := relabel(c.name, c.b)
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v is %v, want %v", c.name, c.b, got, c.want)
				break
			}
		}
	}
}

func TestPage(t *testing.T) {
	sets := testfuncs.NISTSets()
	p := &peer{name: "fit.Curve", setting: "defaults"}
	for _, s := range sets {
		for range s.Starts {
			p.answers = append(p.answers, answer{s.Certified, 1e6})
		}
	}
	var b bytes.Buffer
	if err := page(&b, sets, []*peer{p, p}, []string{"GSL (no)"}, 3); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| fit.Curve | this | defaults | 54 | 54 | 54 | 1.00 |", "fit.Curve with derivatives written in Go, 54.0 ms", "left out: GSL (no)", "| Bennett5 | 11.0, 11.0 |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in the page", want)
		}
	}
}

// BenchmarkCurve are all 54 fits with default settings, with derivatives in Go and from formulas.
func BenchmarkCurve(b *testing.B) {
	sets := testfuncs.NISTSets()
	for _, p := range library()[:2] {
		b.Run(p.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := p.fit(b.Context(), sets); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGSL are all 54 fits, in turn by GSL tuned, in another process, from formulas, and with derivatives in Go. The
// metrics are medians over the rounds: gsl-ms is the processor time of GSL for one round, formula/gsl and go/gsl are those
// of fit.Curve as multiples of it in the same round. It wants rounds: -bench GSL -benchtime 15x.
func BenchmarkGSL(b *testing.B) {
	found, _, _, cleanup, err := peers(b.Context(), "python3")
	defer cleanup()
	if err != nil {
		b.Fatal(err)
	}
	at := slices.IndexFunc(found, func(p *peer) bool { return p.name == "GSL tuned" })
	if at < 0 {
		b.Skip("GSL or a C compiler is not installed")
	}
	sets := testfuncs.NISTSets()
	seconds := func(p *peer) float64 {
		answers, err := p.fit(b.Context(), sets)
		if err != nil {
			b.Fatal(err)
		}
		return (&peer{answers: answers}).total().Seconds()
	}
	var gsl, text, code []float64
	for b.Loop() {
		t := seconds(found[at])
		gsl = append(gsl, 1e3*t)
		code = append(code, seconds(library()[0])/t)
		text = append(text, seconds(library()[1])/t)
	}
	b.ReportMetric(median(gsl), "gsl-ms")
	b.ReportMetric(median(text), "formula/gsl")
	b.ReportMetric(median(code), "go/gsl")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return (v[len(v)/2] + v[(len(v)-1)/2]) / 2
}
