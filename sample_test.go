package stochopt_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
)

// TestSampleGolden locks the streams to testdata/golden/sample.py.
func TestSampleGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/golden/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Samples []struct {
			Sample stochopt.Sample
			Uint64 []uint64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil || len(golden.Samples) < 8 {
		t.Fatal(err, len(golden.Samples))
	}
	for _, g := range golden.Samples {
		r, pcg := g.Sample.Rand(), g.Sample.PCG()
		for i, want := range g.Uint64 {
			if a, b := r.Uint64(), pcg.Uint64(); a != want || b != want {
				t.Errorf("%+v: number %d is %d by Rand and %d by PCG, want %d", g.Sample, i, a, b, want)
			}
		}
	}
}

// TestSampleNormal locks what becomes of the stream in math/rand/v2: a change there would change every noisy run.
func TestSampleNormal(t *testing.T) {
	r := stochopt.Sample{Seed: 42, Step: 7}.Rand()
	got := fmt.Sprint(r.NormFloat64(), r.Float64(), r.IntN(1000))
	if want := "-2.0036364272337357 0.16036647746529686 194"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestSampleStreams: streams of different Samples are uncorrelated, those of equal ones equal.
func TestSampleStreams(t *testing.T) {
	const n = 20000
	for name, next := range map[string]func(i int) stochopt.Sample{
		"Seed":      func(i int) stochopt.Sample { return stochopt.Sample{Seed: uint64(i)} },
		"Step":      func(i int) stochopt.Sample { return stochopt.Sample{Step: i} },
		"Probe":     func(i int) stochopt.Sample { return stochopt.Sample{Probe: i} },
		"Replicate": func(i int) stochopt.Sample { return stochopt.Sample{Replicate: i} },
		"Step as Seed": func(i int) stochopt.Sample {
			return stochopt.Sample{Seed: uint64(i / 2), Step: i % 2}
		},
	} {
		var sum, sq, lag, last float64
		for i := range n {
			v := next(i).Rand().NormFloat64()
			if v != next(i).Rand().NormFloat64() {
				t.Fatalf("%s %d: two streams of one Sample", name, i)
			}
			sum, sq, lag, last = sum+v, sq+v*v, lag+v*last, v
		}
		se := 1 / math.Sqrt(n)
		if abs(sum/n) > 5*se || abs(sq/n-1) > 5*math.Sqrt2*se || abs(lag/n) > 5*se {
			t.Errorf("%s: first numbers have mean %.4f, variance %.4f, covariance of neighbours %.4f", name, sum/n, sq/n, lag/n)
		}
	}
}

func TestZero(t *testing.T) {
	if stochopt.Zero != hyper.Zero {
		t.Errorf("stochopt.Zero = %v, hyper.Zero = %v", stochopt.Zero, hyper.Zero)
	}
}
