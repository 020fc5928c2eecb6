package schedule_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/schedule"
)

// far is a step beyond all ends.
const far = math.MaxInt

// TestValues: first, last and beyond-last values, and those at the joints, by the closed forms.
func TestValues(t *testing.T) {
	type values map[int]float64
	half := schedule.Constant(0.5)
	for name, c := range map[string]struct {
		s    func(k int) float64
		want values
	}{
		"Constant":                 {half, values{0: 0.5, 1: 0.5, far: 0.5}},
		"InverseTime":              {schedule.InverseTime(0.5), values{0: 1, 1: 1 / 1.5, 2: 0.5, 198: 0.01, far: 2 / float64(far)}},
		"InverseTime, rate 0":      {schedule.InverseTime(0), values{0: 1, far: 1}},
		"InverseRoot":              {schedule.InverseRoot(0), values{0: 1, 3: 0.5, 99: 0.1}},
		"InverseRoot of 1":         {schedule.InverseRoot(1), values{0: 1, 3: 0.5, 99: 0.1}},
		"InverseRoot, warm-up":     {schedule.InverseRoot(4), values{0: 0.25, 1: 0.5, 2: 0.75, 3: 1, 4: math.Sqrt(0.8), 15: 0.5, 399: 0.1}},
		"Power":                    {schedule.Power(0, 0.5), values{0: 1, 3: 0.5, 99: 0.1}},
		"Power, late":              {schedule.Power(9, 1), values{0: 1, 10: 0.5, 90: 0.1}},
		"Power 0":                  {schedule.Power(3, 0), values{0: 1, far: 1}},
		"Exponential":              {schedule.Exponential(10, 0.25, 0), values{0: 1, 5: 0.5, 10: 0.25, 15: 0.125, far: 0}},
		"Exponential, floor":       {schedule.Exponential(10, 0.25, 0.2), values{0: 1, 5: 0.5, 10: 0.25, 15: 0.2, far: 0.2}},
		"Exponential, growing":     {schedule.Exponential(2, 100, 0), values{0: 1, 1: 10, 2: 100, 4: 1e4}},
		"Staircase":                {schedule.Staircase(10, 0.5, 0), values{0: 1, 9: 1, 10: 0.5, 19: 0.5, 20: 0.25, far: 0}},
		"Staircase, floor":         {schedule.Staircase(10, 0.5, 0.3), values{0: 1, 9: 1, 10: 0.5, 19: 0.5, 20: 0.3, far: 0.3}},
		"Steps":                    {schedule.Steps([]int{3, 5, 6}, []float64{0.5, 0, 2}), values{0: 1, 2: 1, 3: 0.5, 4: 0.5, 5: 0, 6: 0, far: 0}},
		"Steps, up again":          {schedule.Steps([]int{1, 9}, []float64{0.1, 20}), values{0: 1, 1: 0.1, 8: 0.1, 9: 2, far: 2}},
		"Steps, none":              {schedule.Steps(nil, nil), values{0: 1, far: 1}},
		"Polynomial":               {schedule.Polynomial(10, 2, 0.2), values{0: 1, 5: 0.4, 9: 0.208, 10: 0.2, 11: 0.2, far: 0.2}},
		"Polynomial, one step":     {schedule.Polynomial(1, 3, 0), values{0: 1, 1: 0, far: 0}},
		"Linear":                   {schedule.Linear(10, 0.2), values{0: 1, 5: 0.6, 9: 0.28, 10: 0.2, 11: 0.2, far: 0.2}},
		"Linear, growing":          {schedule.Linear(10, 3), values{0: 1, 5: 2, 10: 3, far: 3}},
		"Cosine":                   {schedule.Cosine(12, 0), values{0: 1, 4: 0.75, 6: 0.5, 8: 0.25, 12: 0, 13: 0, 24: 0, far: 0}},
		"Cosine, final":            {schedule.Cosine(12, 0.2), values{0: 1, 4: 0.8, 6: 0.6, 8: 0.4, 12: 0.2, 13: 0.2, 24: 0.2, far: 0.2}},
		"WarmRestarts":             {schedule.WarmRestarts(12, 1, 0.2), values{0: 1, 4: 0.8, 6: 0.6, 12: 1, 18: 0.6, 12e6: 1, 12e6 + 6: 0.6}},
		"WarmRestarts, growing":    {schedule.WarmRestarts(2, 2, 0), values{0: 1, 1: 0.5, 2: 1, 4: 0.5, 6: 1, 10: 0.5, 14: 1, 22: 0.5, 30: 1}},
		"WarmRestarts of one step": {schedule.WarmRestarts(1, 1, 0), values{0: 1, 1: 1, far: 1}},
		"OneCycle":                 {schedule.OneCycle(6, 12, 0.1, 0.01), values{0: 0.1, 3: 0.55, 6: 1, 12: 0.505, 18: 0.01, 19: 0.01, far: 0.01}},
		"Cyclic":                   {schedule.Cyclic(2, 4, 0.2, 1), values{0: 0.2, 1: 0.6, 2: 1, 3: 0.8, 5: 0.4, 6: 0.2, 8: 1, 6e6 + 2: 1}},
		"Cyclic, shrinking":        {schedule.Cyclic(1, 1, 0.2, 0.5), values{0: 0.2, 1: 1, 2: 0.2, 3: 0.6, 5: 0.4, 7: 0.3, 8: 0.2, far: 0.2}},
		"Warmup":                   {schedule.Warmup(4), values{0: 0.25, 1: 0.5, 2: 0.75, 3: 1, 4: 1, far: 1}},
		"Warmup of 0":              {schedule.Warmup(0), values{0: 1, far: 1}},
		"WarmupStableDecay":        {schedule.WarmupStableDecay(2, 3, 4), values{0: 0.5, 1: 1, 2: 1, 4: 1, 5: 1, 6: 0.75, 7: 0.5, 8: 0.25, 9: 0, 10: 0, far: 0}},
		"WarmupStableDecay, bare":  {schedule.WarmupStableDecay(0, 0, 2), values{0: 1, 1: 0.5, 2: 0, far: 0}},
		// Horizons of one step, and beyond what an int can add.
		"InverseRoot, far":       {schedule.InverseRoot(4), values{1<<60 - 1: math.Ldexp(1, -29)}},
		"Power, far":             {schedule.Power(0, 0.5), values{1<<60 - 1: math.Ldexp(1, -30)}},
		"Linear, one step":       {schedule.Linear(1, 0.2), values{0: 1, 1: 0.2, 2: 0.2, far: 0.2}},
		"Linear, the longest":    {schedule.Linear(far, 0), values{0: 1, 1 << 62: 0.5, far: 0}},
		"Cosine, one step":       {schedule.Cosine(1, 0.2), values{0: 1, 1: 0.2, 2: 0.2, far: 0.2}},
		"Cosine, the longest":    {schedule.Cosine(far, 0), values{0: 1, 1 << 62: 0.5, far: 0}},
		"Exponential, one step":  {schedule.Exponential(1, 0.5, 0), values{0: 1, 1: 0.5, 2: 0.25, far: 0}},
		"Staircase, one step":    {schedule.Staircase(1, 0.5, 0), values{0: 1, 1: 0.5, 2: 0.25, far: 0}},
		"OneCycle, two steps":    {schedule.OneCycle(1, 1, 0.1, 0.01), values{0: 0.1, 1: 1, 2: 0.01, 3: 0.01, far: 0.01}},
		"OneCycle, the longest":  {schedule.OneCycle(far, far, 0.1, 0), values{0: 0.1, far: 1}},
		"Cyclic, the longest":    {schedule.Cyclic(1<<62-1, 1<<62, 0, 1), values{0: 0, 1<<62 - 1: 1}},
		"Warmup, one step":       {schedule.Warmup(1), values{0: 1, 1: 1, far: 1}},
		"Warmup, the longest":    {schedule.Warmup(far), values{far - 1: 1, far: 1}},
		"WSD, one step":          {schedule.WarmupStableDecay(0, 0, 1), values{0: 1, 1: 0, far: 0}},
		"WSD, the longest":       {schedule.WarmupStableDecay(far, far, far), values{far: 1}},
		"WarmRestarts, mult 3":   {schedule.WarmRestarts(1, 3, 0), values{0: 1, 1: 1, 2: 0.75, 3: 0.25, 4: 1, 13: 1}},
		"WarmRestarts, one long": {schedule.WarmRestarts(far, 2, 0.2), values{0: 1, 1 << 62: 0.6, far: 1}},
		"Join": {schedule.Join([]int{2, 5}, schedule.Warmup(2), half, schedule.Linear(4, 0)),
			values{0: 0.5, 1: 1, 2: 0.5, 4: 0.5, 5: 1, 6: 0.75, 9: 0, far: 0}},
		"Join of one":   {schedule.Join(nil, schedule.Warmup(2)), values{0: 0.5, 1: 1, far: 1}},
		"Multiply":      {schedule.Multiply(schedule.Warmup(2), half, schedule.Linear(4, 0)), values{0: 0.25, 1: 0.375, 2: 0.25, 4: 0, far: 0}},
		"Multiply none": {schedule.Multiply(), values{0: 1, far: 1}},
	} {
		for k, want := range c.want {
			if got := c.s(k); !(math.Abs(got-want) <= 1e-15*math.Max(1, want)) {
				t.Errorf("%s in step %d: %v, want %v", name, k, got, want)
			}
			if want == 1 || want == 0 {
				if got := c.s(k); got != want {
					t.Errorf("%s in step %d: %v, want %v to the last bit", name, k, got, want)
				}
			}
		}
		all := []int{1 << 20, 1<<31 - 1, 1 << 31, 1 << 53, far / 2, far - 1, far}
		if strings.HasSuffix(name, "growing") && strings.HasPrefix(name, "Exp") {
			all = nil
		}
		for k := range 100 {
			all = append(all, k)
		}
		for _, k := range all {
			if v := c.s(k); !(v >= 0) || v-v != 0 {
				t.Errorf("%s in step %d: %v", name, k, v)
			}
		}
	}
}

// TestMonotone: what falls falls in every step, and what rises rises.
func TestMonotone(t *testing.T) {
	for name, c := range map[string]struct {
		s        func(k int) float64
		from, to int
		sign     float64
	}{
		"InverseTime":       {schedule.InverseTime(0.1), 0, 1000, -1},
		"InverseRoot, up":   {schedule.InverseRoot(100), 0, 99, 1},
		"InverseRoot, down": {schedule.InverseRoot(100), 99, 1000, -1},
		"Power":             {schedule.Power(10, 0.6), 0, 1000, -1},
		"Exponential":       {schedule.Exponential(100, 0.5, 0), 0, 1000, -1},
		"Polynomial":        {schedule.Polynomial(1000, 1.5, 0.1), 0, 1000, -1},
		"Linear":            {schedule.Linear(1000, 0.1), 0, 1000, -1},
		"Cosine":            {schedule.Cosine(1000, 0.1), 0, 1000, -1},
		"OneCycle, up":      {schedule.OneCycle(300, 700, 0.04, 4e-6), 0, 300, 1},
		"OneCycle, down":    {schedule.OneCycle(300, 700, 0.04, 4e-6), 300, 1000, -1},
		"Warmup":            {schedule.Warmup(1000), 0, 999, 1},
		"WSD, decay":        {schedule.WarmupStableDecay(10, 90, 900), 100, 1000, -1},
	} {
		for k := c.from; k < c.to; k++ {
			if !(c.sign*(c.s(k+1)-c.s(k)) > 0) {
				t.Fatalf("%s: %v in step %d, then %v", name, c.s(k), k, c.s(k+1))
			}
		}
	}
	// The companion: one that goes both ways does not pass as either.
	s, up, down := schedule.OneCycle(300, 700, 0.04, 4e-6), 0, 0
	for k := range 1000 {
		if s(k+1) > s(k) {
			up++
		} else {
			down++
		}
	}
	if up != 300 || down != 700 {
		t.Errorf("OneCycle rises in %d steps and falls in %d", up, down)
	}
}

// TestPeriods: Cyclic and WarmRestarts repeat themselves, after no less than their period.
func TestPeriods(t *testing.T) {
	for name, c := range map[string]struct {
		s func(k int) float64
		n int
	}{
		"Cyclic":       {schedule.Cyclic(7, 5, 0.1, 1), 12},
		"WarmRestarts": {schedule.WarmRestarts(12, 1, 0.1), 12},
	} {
		for period := 1; period <= c.n; period++ {
			same := true
			for k := range 200 {
				same = same && c.s(k) == c.s(k+period)
			}
			if same != (period == c.n) {
				t.Errorf("%s: repeats after %d steps: %t", name, period, same)
			}
		}
	}
}

// TestRelations: the functions agree where they overlap.
func TestRelations(t *testing.T) {
	for name, c := range map[string][2]func(k int) float64{
		"Polynomial 1 is Linear":          {schedule.Polynomial(40, 1, 0.2), schedule.Linear(40, 0.2)},
		"Power 1 is InverseTime":          {schedule.Power(9, 1), schedule.InverseTime(0.1)},
		"Power 1/2 is InverseRoot":        {schedule.Power(0, 0.5), schedule.InverseRoot(0)},
		"Staircase is Steps":              {schedule.Staircase(20, 0.5, 0.2), schedule.Steps([]int{20, 40, 60}, []float64{0.5, 0.5, 0.8})},
		"Staircase of 1 is Exponential":   {schedule.Staircase(1, 0.9, 0), schedule.Exponential(1, 0.9, 0)},
		"WarmRestarts starts as Cosine":   {schedule.WarmRestarts(100, 2, 0.2), schedule.Cosine(100, 0.2)},
		"OneCycle is two Cosines":         {schedule.Join([]int{40}, rising(schedule.Cosine(40, 0)), schedule.Cosine(60, 0.1)), schedule.OneCycle(40, 60, 0, 0.1)},
		"WarmupStableDecay is a Join":     {schedule.WarmupStableDecay(20, 30, 40), schedule.Join([]int{50}, schedule.Warmup(20), schedule.Linear(40, 0))},
		"Warmup times InverseRoot is not": {schedule.Multiply(schedule.Warmup(20), schedule.InverseRoot(0)), schedule.InverseRoot(20)},
	} {
		var worst float64
		for k := range 100 {
			worst = max(worst, math.Abs(c[0](k)-c[1](k)))
		}
		if strings.HasSuffix(name, " not") != (worst > 1e-3) || worst > 1e-14 && worst < 1e-3 {
			t.Errorf("%s: off by %v", name, worst)
		}
	}
}

func rising(s func(k int) float64) func(k int) float64 {
	return func(k int) float64 { return 1 - s(k) }
}

// TestCopies: a schedule does not notice what becomes of the slices that it was made from.
func TestCopies(t *testing.T) {
	at, by := []int{10}, []float64{0.5}
	parts := []func(k int) float64{schedule.Constant(3), schedule.Constant(4)}
	steps, join, product := schedule.Steps(at, by), schedule.Join(at, parts...), schedule.Multiply(parts...)
	at[0], by[0], parts[0], parts[1] = 1, 7, nil, nil
	if steps(9) != 1 || steps(10) != 0.5 || join(9) != 3 || join(10) != 4 || product(0) != 12 {
		t.Errorf("Steps %v %v, Join %v %v, Multiply %v", steps(9), steps(10), join(9), join(10), product(0))
	}
}

func TestNoAllocation(t *testing.T) {
	s := schedule.Join([]int{5, 30}, schedule.Multiply(schedule.Warmup(5), schedule.Steps([]int{2}, []float64{0.5})),
		schedule.WarmRestarts(3, 2, 0), schedule.Exponential(5, 0.5, 0.1))
	k := 0
	if n := testing.AllocsPerRun(100, func() { s(k); k++ }); n != 0 {
		t.Errorf("a call allocates %v times", n)
	}
}

// TestMisuse: senseless arguments panic when the schedule is made, with its name.
func TestMisuse(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	one := schedule.Constant(1)
	for want, f := range map[string]func(){
		"Constant: factor = NaN, want finite and >= 0":                           func() { schedule.Constant(nan) },
		"InverseTime: rate = -1, want finite and >= 0":                           func() { schedule.InverseTime(-1) },
		"InverseRoot: w = -1, want >= 0":                                         func() { schedule.InverseRoot(-1) },
		"Power: t0 = -1, want finite and >= 0":                                   func() { schedule.Power(-1, 1) },
		"Power: p = +Inf, want finite and >= 0":                                  func() { schedule.Power(1, inf) },
		"Exponential: n = 0, want >= 1":                                          func() { schedule.Exponential(0, 0.5, 0) },
		"Exponential: rate = 0, want finite and > 0":                             func() { schedule.Exponential(1, 0, 0) },
		"Exponential: floor = -1, want finite and >= 0":                          func() { schedule.Exponential(1, 0.5, -1) },
		"Staircase: n = -1, want >= 1":                                           func() { schedule.Staircase(-1, 0.5, 0) },
		"Staircase: rate = NaN, want finite and > 0":                             func() { schedule.Staircase(1, nan, 0) },
		"Staircase: floor = NaN, want finite and >= 0":                           func() { schedule.Staircase(1, 0.5, nan) },
		"Steps: 2 boundaries, 1 factors, want as many":                           func() { schedule.Steps([]int{1, 2}, []float64{1}) },
		"Steps: boundaries[0] = 0, want > 0":                                     func() { schedule.Steps([]int{0}, []float64{1}) },
		"Steps: boundaries[1] = 2, want > 2":                                     func() { schedule.Steps([]int{2, 2}, []float64{1, 1}) },
		"Steps: factors[1] = -1, want finite and >= 0":                           func() { schedule.Steps([]int{1, 2}, []float64{1, -1}) },
		"Polynomial: n = 0, want >= 1":                                           func() { schedule.Polynomial(0, 1, 0) },
		"Polynomial: p = 0, want finite and > 0":                                 func() { schedule.Polynomial(1, 0, 0) },
		"Polynomial: final = NaN, want finite and >= 0":                          func() { schedule.Polynomial(1, 1, nan) },
		"Linear: n = 0, want >= 1":                                               func() { schedule.Linear(0, 0) },
		"Linear: final = -1, want finite and >= 0":                               func() { schedule.Linear(1, -1) },
		"Cosine: n = 0, want >= 1":                                               func() { schedule.Cosine(0, 0) },
		"Cosine: final = +Inf, want finite and >= 0":                             func() { schedule.Cosine(1, inf) },
		"WarmRestarts: n = 0, want >= 1":                                         func() { schedule.WarmRestarts(0, 1, 0) },
		"WarmRestarts: mult = 0, want >= 1":                                      func() { schedule.WarmRestarts(1, 0, 0) },
		"WarmRestarts: final = NaN, want finite and >= 0":                        func() { schedule.WarmRestarts(1, 1, nan) },
		"OneCycle: up = 0, want >= 1":                                            func() { schedule.OneCycle(0, 1, 0, 0) },
		"OneCycle: down = 0, want >= 1":                                          func() { schedule.OneCycle(1, 0, 0, 0) },
		"OneCycle: initial = NaN, want finite and >= 0":                          func() { schedule.OneCycle(1, 1, nan, 0) },
		"OneCycle: final = -1, want finite and >= 0":                             func() { schedule.OneCycle(1, 1, 0, -1) },
		"Cyclic: up = 0, want >= 1":                                              func() { schedule.Cyclic(0, 1, 0, 1) },
		"Cyclic: down = -2, want >= 1":                                           func() { schedule.Cyclic(1, -2, 0, 1) },
		fmt.Sprintf("Cyclic: up = %d, down = 1, want a sum that is an int", far): func() { schedule.Cyclic(far, 1, 0, 1) },
		"Cyclic: low = NaN, want in [0, 1]":                                      func() { schedule.Cyclic(1, 1, nan, 1) },
		"Cyclic: shrink = 0, want finite and > 0":                                func() { schedule.Cyclic(1, 1, 0, 0) },
		"Warmup: w = -1, want >= 0":                                              func() { schedule.Warmup(-1) },
		"WarmupStableDecay: w = -1, want >= 0":                                   func() { schedule.WarmupStableDecay(-1, 1, 1) },
		"WarmupStableDecay: stable = -1, want >= 0":                              func() { schedule.WarmupStableDecay(1, -1, 1) },
		"WarmupStableDecay: decay = 0, want >= 1":                                func() { schedule.WarmupStableDecay(1, 1, 0) },
		"Join: 1 boundaries, 1 schedules, want one more than boundaries":         func() { schedule.Join([]int{1}, one) },
		"Join: boundaries[1] = 1, want > 2":                                      func() { schedule.Join([]int{2, 1}, one, one, one) },
		"Join: schedules[1] is nil":                                              func() { schedule.Join([]int{2}, one, nil) },
		"Multiply: schedules[0] is nil":                                          func() { schedule.Multiply(nil) },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != "schedule: "+want {
					t.Errorf("%q, want %q", got, "schedule: "+want)
				}
			}()
			f()
		}()
	}
}

// TestGolden compares with another implementation, whose rounding errors grow from step to step. The companions are the same
// schedules one step late.
func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Source   string
		Versions map[string]string
		Cases    []struct {
			Function string
			Args     []float64
			Factors  []float64
		}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil || len(file.Cases) == 0 {
		t.Fatalf("%d cases, %v", len(file.Cases), err)
	}
	const tol = 1e-12
	var worst float64
	for _, c := range file.Cases {
		a := c.Args
		n := func(i int) int { return int(a[i]) }
		var s func(k int) float64
		switch c.Function {
		case "Exponential":
			s = schedule.Exponential(n(0), a[1], a[2])
		case "Staircase":
			s = schedule.Staircase(n(0), a[1], a[2])
		case "Steps .3":
			s = schedule.Steps([]int{n(0), n(1), n(2)}, []float64{0.3, 0.3, 0.3})
		case "Linear":
			s = schedule.Linear(n(0), a[1])
		case "Polynomial":
			s = schedule.Polynomial(n(0), a[1], a[2])
		case "Cosine":
			s = schedule.Cosine(n(0), a[1])
		case "WarmRestarts":
			s = schedule.WarmRestarts(n(0), n(1), a[2])
		case "OneCycle":
			s = schedule.OneCycle(n(0), n(1), a[2], a[3])
		case "Cyclic":
			s = schedule.Cyclic(n(0), n(1), a[2], a[3])
		default:
			t.Fatalf("no function %s", c.Function)
		}
		var late float64
		for k, want := range c.Factors {
			d := math.Abs(s(k) - want)
			worst = max(worst, d)
			late = max(late, math.Abs(s(k+1)-want))
			if !(d <= tol) {
				t.Errorf("%s%v in step %d: %v, want %v", c.Function, a, k, s(k), want)
			}
		}
		if late < 1e6*tol {
			t.Errorf("%s%v: a step late is off by %v only", c.Function, a, late)
		}
	}
	t.Logf("off by %.2g at most", worst)
}
