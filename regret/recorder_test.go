package regret_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/project"
	"github.com/stochopt/stochopt/regret"
	"github.com/stochopt/stochopt/schedule"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/optimize"
)

// record runs m on the losses of q for so many rounds, by the driver of gonum or of here.
func record(t *testing.T, q testfuncs.Sequence, seed uint64, rounds int, x0 []float64, m optimize.Method, host bool, rec optimize.Recorder) {
	t.Helper()
	p := stochopt.Problem{Oracle: q.Loss, Project: q.Project, Seed: seed}
	// gonum does not record the iteration that a limit ends.
	s := &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: rounds + 1, Recorder: rec}
	var err error
	if host {
		o := p.Optimize()
		m.(*stochopt.Adam).Project = q.Project
		_, err = optimize.Minimize(o, x0, s, m)
		m.(*stochopt.Adam).Project = nil
	} else {
		_, err = stochopt.Minimize(context.Background(), p, x0, s, m)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRecorderIsRegret: the Recorder finds from the gradients alone what Sequence.Regret finds from the losses. The
// companion knows a wrong curvature or box.
func TestRecorderIsRegret(t *testing.T) {
	const rounds = 300
	for _, q := range slices.Concat(testfuncs.LinearLosses(3), testfuncs.StronglyConvexLosses(3, 0.7), []testfuncs.Sequence{testfuncs.CounterexampleA(3)}) {
		for _, host := range []bool{false, true} {
			m := &stochopt.Adam{StepSize: 0.3, Schedule: schedule.InverseRoot(0)}
			x0 := []float64{0.5, -0.2, 1}[:q.Dim]
			rec := q.Recorder()
			record(t, q, 7, rounds, x0, m, host, rec)
			m.Reset(q.Dim)
			want, err := q.Regret(7, rounds, slices.Clone(x0), m.Step)
			if err != nil {
				t.Fatal(err)
			}
			off := func(got []float64) (worst float64) {
				if len(got) != len(want) {
					t.Fatalf("%s: %d rounds, want %d", q.Name, len(got), len(want))
				}
				scale := 1.0
				for k, w := range want {
					scale = max(scale, math.Abs(w))
					worst = max(worst, math.Abs(got[k]-w)/scale)
				}
				return worst
			}
			if d := off(rec.Regret()); !(d <= 1e-11) {
				t.Errorf("%s, gonum %t: off by %.2g of the regret", q.Name, host, d)
			}
			for k, c := range rec.Certificate() {
				if r := rec.Regret()[k]; !(r <= c*(1+1e-9)+1e-9) || math.IsInf(c, 1) {
					t.Fatalf("%s: the regret is %v after %d rounds, the certificate %v", q.Name, r, k+1, c)
				}
			}
			other := q.Recorder()
			other.Mu += 0.1
			record(t, q, 7, rounds, x0, m, host, other)
			if d := off(other.Regret()); d < 1e-3 {
				t.Errorf("%s: with another curvature off by %.2g only", q.Name, d)
			}
			other = q.Recorder()
			other.Lower[0], other.Upper[0] = -2, 2
			record(t, q, 7, rounds, x0, m, host, other)
			if d := off(other.Regret()); q.Mu == 0 && d < 1e-3 {
				t.Errorf("%s: with another box off by %.2g only", q.Name, d)
			}
		}
	}
}

// logistic is a stream of logistic losses, log(1 + e^-a'x): own losses, which are neither linear nor quadratic.
func logistic(grad, x []float64, s stochopt.Sample) (float64, error) {
	pcg := s.PCG()
	r := rand.New(&pcg)
	var z float64
	a := make([]float64, len(x))
	for i, v := range x {
		a[i] = r.NormFloat64() + 0.5
		z += a[i] * v
	}
	for i := range grad {
		grad[i] = -a[i] / (1 + math.Exp(z))
	}
	return math.Log1p(math.Exp(-z)), nil
}

// TestComparator: regret to a given point is exact with Loss, and bounded without it, with and without a projection.
func TestComparator(t *testing.T) {
	const rounds = 400
	star := []float64{0.8, -0.3}
	for _, box := range []bool{false, true} {
		exact := &regret.Recorder{Comparator: star, Loss: logistic, Seed: 3}
		linear := &regret.Recorder{Comparator: star, Beta1: 0.5}
		p := stochopt.Problem{Oracle: logistic, Seed: 3}
		if box {
			linear.Lower, linear.Upper = []float64{-1, -0.3}, []float64{0.8, 1} // whose corner star is
			p.Project = project.Box(linear.Lower, linear.Upper)
		}
		run := func(rec optimize.Recorder) {
			_, err := stochopt.Minimize(context.Background(), p, []float64{-0.5, 0.5}, &optimize.Settings{
				Converger: optimize.NeverTerminate{}, MajorIterations: rounds + 1, Recorder: rec}, &stochopt.Adam{StepSize: 0.2, Beta1: 0.5})
			if err != nil {
				t.Fatal(err)
			}
		}
		run(exact)
		run(linear)
		// By definition.
		m, x, grad, sum := &stochopt.Adam{StepSize: 0.2, Beta1: 0.5}, []float64{-0.5, 0.5}, make([]float64, 2), 0.0
		m.Reset(2)
		below := 0
		for k := range rounds {
			s := stochopt.Sample{Seed: 3, Step: k}
			f, _ := logistic(grad, x, s)
			best, _ := logistic(nil, star, s)
			sum += f - best
			m.Step(x, grad)
			if box {
				p.Project(x)
			}
			if r := exact.Regret()[k]; math.Abs(r-sum) > 1e-12*(1+math.Abs(sum)) {
				t.Fatalf("box %t: regret %v after %d rounds, want %v", box, r, k+1, sum)
			}
			r, c := linear.Regret()[k], linear.Certificate()[k]
			if !(sum <= r+1e-9 && r <= c*(1+1e-9)+1e-9) || math.IsInf(c, 1) {
				t.Fatalf("box %t: regret %v after %d rounds, linear %v, certificate %v", box, sum, k+1, r, c)
			}
			if sum < r-1e-3 {
				below++
			}
		}
		if below < rounds/2 {
			t.Errorf("box %t: the linear bound is the regret in all but %d rounds", box, below)
		}
	}
}

// TestCertificateForm: a step uphill, or a method of another form, has no certificate; neither has a wrong β₁, mostly.
func TestCertificateForm(t *testing.T) {
	q := testfuncs.LinearLosses(2)[0]
	for name, c := range map[string]struct {
		m     optimize.Method
		b1    float64
		valid bool
	}{
		"Adam":                    {&stochopt.Adam{StepSize: 0.01}, 0.9, true},
		"SGD momentum":            {&method.SGD{StepSize: 0.001, Momentum: 0.7}, 0.7, true},
		"Adam of another β₁":      {&stochopt.Adam{StepSize: 0.01}, 0.5, false},
		"uphill":                  {&stochopt.Sequential{Rule: wrong{&stochopt.Adam{StepSize: 0.01}}}, 0.9, false},
		"Adan, of another form":   {&method.Adan{StepSize: 0.01}, 0.9, false},
		"memoryless, wrongly 0.9": {&method.AdaGrad{StepSize: 0.1}, 0.9, false},
	} {
		rec := q.Recorder()
		rec.Beta1 = c.b1
		record(t, q, 1, 200, []float64{0, 0}, c.m, false, rec)
		if last := rec.Certificate()[199]; math.IsInf(last, 1) == c.valid {
			t.Errorf("%s: certificate %v", name, last)
		}
		if !(rec.Regret()[199] < 1000) {
			t.Errorf("%s: regret %v", name, rec.Regret()[199])
		}
	}
}

// TestRecorderMisuse: panics name the field, and errors are those of the loss.
func TestRecorderMisuse(t *testing.T) {
	one := []float64{1}
	box := func() regret.Recorder { return regret.Recorder{Lower: one, Upper: one} }
	for want, f := range map[string]func(){
		"regret: Recorder.Mu = -1":                                func() { (&regret.Recorder{Mu: -1}).Init() },
		"regret: Recorder.Beta1 = 1,":                             func() { r := box(); r.Beta1 = 1; r.Init() },
		"set Lower and Upper":                                     func() { (&regret.Recorder{}).Init() },
		"set Lower and Upper, ":                                   func() { (&regret.Recorder{Lower: one, Upper: []float64{math.Inf(1)}}).Init() },
		"regret: Recorder.Loss is set and Comparator is not":      func() { (&regret.Recorder{Loss: logistic}).Init() },
		"regret: Recorder.Lower has length 1, want 2":             func() { r := box(); r.Add(0, []float64{1, 2}, []float64{1, 2}) },
		"regret: Recorder.Add: len(x) = 2, len(grad) = 1, want 1": func() { r := box(); r.Add(0, one, one); r.Add(0, []float64{1, 2}, one) },
		"regret: AMSGrad.Beta1 = 0.9, want below the root of":     func() { (&regret.AMSGrad{Beta2: 0.5}).Reset() },
		"regret: AdaGrad.StepSize = -1":                           func() { (&regret.AdaGrad{StepSize: -1}).Reset() },
		"regret: RMSProp.Gamma = 2":                               func() { (&regret.RMSProp{Gamma: 2}).Reset() },
		"regret: AdamNC.Beta1 = 1":                                func() { (&regret.AdamNC{Beta1: 1}).Reset() },
		"regret: GradientDescent.Width = NaN":                     func() { (&regret.GradientDescent{Width: math.NaN()}).Reset() },
		"regret: StronglyConvex.Mu = -1":                          func() { (&regret.StronglyConvex{Mu: -1}).Reset() },
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, strings.TrimSuffix(want, " ")) {
					t.Errorf("panic %q, want %q", text, want)
				}
			}()
			f()
		}()
	}
	broken := errors.New("broken")
	r := &regret.Recorder{Comparator: one, Loss: func(_, _ []float64, s stochopt.Sample) (float64, error) {
		if s.Step == 1 {
			return 0, broken
		}
		return 0, nil
	}}
	if err := r.Add(1, one, one); err != nil {
		t.Error(err)
	}
	if err := r.Add(1, one, one); err != broken || len(r.Regret()) != 1 {
		t.Errorf("error %v after %d rounds", err, len(r.Regret()))
	}
	rec := box()
	if err := rec.Record(&optimize.Location{X: one}, optimize.MajorIteration, nil); err == nil {
		t.Error("no error of a location without gradient")
	}
}

func ExampleRecorder() {
	q := testfuncs.LinearLosses(2)[0] // f_t(x) = g_t'x, g_t normal
	p := stochopt.Problem{Oracle: q.Loss, Project: q.Project, Seed: 1}
	rec := q.Recorder()
	rec.Beta1 = stochopt.Zero
	rec.Bounds = []regret.Bound{&regret.AdaGrad{StepSize: math.Sqrt2}}
	_, err := stochopt.Minimize(context.Background(), p, []float64{0, 0}, &optimize.Settings{
		Converger: optimize.NeverTerminate{}, MajorIterations: 10_001, Recorder: rec}, &method.AdaGrad{StepSize: math.Sqrt2})
	if err != nil {
		fmt.Println(err)
	}
	for _, t := range []int{100, 1000, 10_000} {
		n := float64(t)
		fmt.Printf("after %5d rounds: regret %.4f a round, certificate %.4f, bound %.4f\n",
			t, rec.Regret()[t-1]/n, rec.Certificate()[t-1]/n, rec.Bound(0)[t-1]/n)
	}
	// Output:
	// after   100 rounds: regret 0.0955 a round, certificate 0.5479, bound 0.5668
	// after  1000 rounds: regret -0.0019 a round, certificate 0.1813, bound 0.1830
	// after 10000 rounds: regret 0.0141 a round, certificate 0.0562, bound 0.0563
}

func ExampleRecorder_ownLosses() {
	// The regret of Adam to the minimizer of the mean of a stream of logistic losses, and a bound that needs no box.
	p := stochopt.Problem{Oracle: logistic, Seed: 1}
	rec := &regret.Recorder{Comparator: []float64{1, 1}, Loss: p.Oracle, Seed: p.Seed}
	_, err := stochopt.Minimize(context.Background(), p, []float64{0, 0}, &optimize.Settings{
		Converger: optimize.NeverTerminate{}, MajorIterations: 1001, Recorder: rec},
		&stochopt.Adam{Schedule: schedule.InverseRoot(0)})
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("regret %.2f, certificate %.0f\n", rec.Regret()[999], rec.Certificate()[999])
	// Output: regret 7.59, certificate 143
}

// A box without a point is misuse, and one of a single point is not.
func TestRecorderBox(t *testing.T) {
	r := &regret.Recorder{Lower: []float64{0, 1}, Upper: []float64{0, 1}}
	if err := r.Init(); err != nil {
		t.Error(err)
	}
	for _, upper := range []float64{0.5, math.NaN()} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.Contains(s, "regret: Recorder.Lower[1] = 1, want <= Upper[1]") {
					t.Errorf("Upper[1] = %v: panic %q", upper, s)
				}
			}()
			(&regret.Recorder{Lower: []float64{0, 1}, Upper: []float64{0, upper}}).Init()
		}()
	}
}
