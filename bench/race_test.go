package main

import (
	"math"
	"testing"
	"time"
)

func nan() float64 { return math.NaN() }

// TestRace: the rounds interleave, every side goes first and last, and there are seven at least.
func TestRace(t *testing.T) {
	var order []int
	r := make(race, 3)
	for i := range r {
		r[i] = func(steps int) float64 {
			order = append(order, i)
			return 1e6 * float64(i+1) // so that a step is a turn
		}
	}
	l := r.run(0)
	for i, times := range l {
		if len(times) != fewest || l.time(i) != 1e6*float64(i+1) {
			t.Errorf("side %d: %v", i, times)
		}
	}
	order = order[len(order)-3*fewest:]
	first, last := map[int]bool{}, map[int]bool{}
	for k := 0; k < len(order); k += 3 {
		if order[k] == order[k+1] || order[k+1] == order[k+2] || order[k] == order[k+2] {
			t.Errorf("round %v, want each side once", order[k:k+3])
		}
		first[order[k]], last[order[k+2]] = true, true
	}
	if len(first) != 3 || len(last) != 3 {
		t.Errorf("first are %v, last %v, want all sides", first, last)
	}
}

// TestOutcome: medians and quartiles are those of the ratios of the rounds, the ratio that of the lower deciles.
func TestOutcome(t *testing.T) {
	o := laps{{1, 20, 3, 40, 5}, {1, 10, 1, 10, 1}}.outcome(0, 1)
	if math.Abs(o.ratio-1.8) > 1e-15 || o.median != 3 || o.rounds != 5 { // 1 + 0.4 (3 - 1) to 1
		t.Errorf("%+v, want the ratio 1.8 and the median 3", o)
	}
	if o.low != 2 || o.high != 4 {
		t.Errorf("quartiles %v and %v of 1, 2, 3, 4, 5, want 2 and 4", o.low, o.high)
	}
	for p, want := range map[float64]float64{0: 1, 0.1: 1.3, 0.5: 2.5, 1: 4} {
		if q := quantile(p, []float64{3, 1, 4, 2}); math.Abs(q-want) > 1e-15 {
			t.Errorf("the quantile %v of 3, 1, 4, 2 is %v, want %v", p, q, want)
		}
	}
}

// TestSteps: a step of a length is found whatever a start costs.
func TestSteps(t *testing.T) {
	for _, ns := range []float64{0.5, 30, 1e3, 1e6, 1e9} {
		got := steps(func(int) float64 { return ns }, time.Millisecond)
		if want := max(1, int(math.Round(1e6/ns))); got != want {
			t.Errorf("steps of %v ns: %d, want %d", ns, got, want)
		}
	}
}
