package stopping_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// TestHosts: from f = 25 on the sphere in unit noise, gonum's default Converger ends runs early and calls that
// convergence; the tests of this package do not, driven by gonum, and on gonum's own methods where these are made for
// noise or can at least be told that they have not arrived.
func TestHosts(t *testing.T) {
	oracle := sphere(1, 99).Oracle // draws apart from those of the runs
	gradient := func(grad, x []float64, i int) error {
		_, err := oracle(grad, x, stochopt.Sample{Seed: 99, Step: i})
		return err
	}
	value := func(x []float64, i int) (float64, error) { return oracle(nil, x, stochopt.Sample{Seed: 98, Step: i}) }
	run := func(m optimize.Method, c optimize.Converger, seed uint64) (f float64, status optimize.Status) {
		p := sphere(1, seed)
		s := &optimize.Settings{Converger: c, MajorIterations: 1 << 15, FuncEvaluations: 1 << 17}
		if _, ok := m.(*optimize.NelderMead); ok {
			s.FuncEvaluations = 1 << 13 // it is stuck long before
		}
		r, err := optimize.Minimize(p.Optimize(), []float64{3, 4}, s, m)
		if err != nil {
			t.Fatalf("%T, %T: %v", m, c, err)
		}
		return r.X[0]*r.X[0] + r.X[1]*r.X[1], r.Status
	}
	seeds := stopping.Seeds(5)

	// Methods that travel slowly. At these floors f is a few thousandths (Adam), or α/2 in either variable (SGD).
	for name, m := range map[string]func() optimize.Method{
		"Adam": func() optimize.Method { return &stochopt.Adam{StepSize: 2e-3} },
		"SGD":  func() optimize.Method { return &method.SGD{StepSize: 2e-4} },
	} {
		early := 0
		for seed := range uint64(seeds) {
			if f, status := run(m(), nil, seed); f > 2 && status == optimize.FunctionConvergence {
				early++
			}
		}
		if early < seeds-1 {
			t.Errorf("%s: gonum's default ends %d of %d runs at f > 2", name, early, seeds)
		}
		for rule, c := range map[string]func() optimize.Converger{
			"Stationary":    func() optimize.Converger { return &stopping.Stationary{} },
			"Window":        func() optimize.Converger { return &stopping.Window{Tolerance: 0.3} },
			"Trend":         func() optimize.Converger { return &stopping.Trend{Tolerance: 1e-4} },
			"least squares": func() optimize.Converger { return &stopping.Trend{Tolerance: 1e-4, LeastSquares: true} },
			"Equivalence":   func() optimize.Converger { return &stopping.Equivalence{Draw: gradient, Margin: 0.5} },
			"Threshold":     func() optimize.Converger { return &stopping.Equivalence{Draw: gradient, Threshold: 0.5} },
			"Target":        func() optimize.Converger { return &stopping.Target{Value: 0.5, Draw: value} },
		} {
			for seed := range uint64(seeds) {
				if f, status := run(m(), c(), seed); f > 0.6 || status.Early() {
					t.Errorf("%s, %s, seed %d: %v at f = %v", name, rule, seed, status, f)
				}
			}
		}
	}

	// NelderMead keeps its luckiest draw and gets stuck where it began; the default calls that convergence, as every test
	// does that looks at such values. Fresh draws tell.
	for seed := range uint64(seeds) {
		if f, status := run(&optimize.NelderMead{}, nil, seed); f < 20 || status != optimize.FunctionConvergence {
			t.Errorf("NelderMead by default, seed %d: %v at f = %v", seed, status, f)
		}
		for _, c := range []optimize.Converger{
			&stopping.Equivalence{Draw: gradient, Threshold: 0.5},
			&stopping.Target{Value: 0.5, Draw: value},
		} {
			if f, status := run(&optimize.NelderMead{}, c, seed); !status.Early() {
				t.Errorf("NelderMead, %T, seed %d: %v at f = %v", c, seed, status, f)
			}
		}
	}

	// CmaEsChol stands noise better, and is told when it has arrived.
	for seed := range uint64(seeds) {
		m := &optimize.CmaEsChol{InitStepSize: 0.5, StopLogDet: -1e9, Src: rand.NewPCG(seed, 1)}
		if f, status := run(m, &stopping.Target{Value: 1, Draw: value}, seed); f > 1 || status != optimize.FunctionThreshold {
			t.Errorf("CmaEsChol, Target, seed %d: %v at f = %v", seed, status, f)
		}
	}
}

// TestFields: wrong fields panic in Init with their name.
func TestFields(t *testing.T) {
	gradient := func(grad, x []float64, i int) error { return nil }
	value := func(x []float64, i int) (float64, error) { return 0, nil }
	for _, c := range []struct {
		want string
		c    optimize.Converger
	}{
		{"Equivalence.Draw", &stopping.Equivalence{}},
		{"Equivalence.Margin", &stopping.Equivalence{Draw: gradient, Margin: -1}},
		{"Equivalence.Threshold", &stopping.Equivalence{Draw: gradient, Threshold: -1}},
		{"Equivalence has both", &stopping.Equivalence{Draw: gradient, Margin: 1, Threshold: 1}},
		{"Equivalence.Sigma", &stopping.Equivalence{Draw: gradient, Sigma: -1}},
		{"Equivalence has both", &stopping.Equivalence{Draw: gradient, Sigma: 1, Threshold: 1}},
		{"Equivalence.Level", &stopping.Equivalence{Draw: gradient, Level: 1}},
		{"Equivalence.Draws", &stopping.Equivalence{Draw: gradient, Draws: 4}},
		{"Equivalence.Draws", &stopping.Equivalence{Draw: gradient, Threshold: 1, Draws: 1}},
		{"Equivalence.Block", &stopping.Equivalence{Draw: gradient, Block: -1}},
		{"Equivalence.First", &stopping.Equivalence{Draw: gradient, First: -1}},
		{"Target.Draw", &stopping.Target{}},
		{"Target.Value", &stopping.Target{Draw: value, Value: inf}},
		{"Target.Sigma", &stopping.Target{Draw: value, Sigma: -1}},
		{"Target.Level", &stopping.Target{Draw: value, Level: -1}},
		{"Target.Draws", &stopping.Target{Draw: value, Draws: -1}},
		{"Target.First", &stopping.Target{Draw: value, First: -1}},
		{"Window.Tolerance", &stopping.Window{Tolerance: -1}},
		{"Window.Drop", &stopping.Window{Drop: inf}},
		{"Window has both", &stopping.Window{Drop: 1, Tolerance: 1}},
		{"Window.Level", &stopping.Window{Level: 2}},
		{"Window.Batches", &stopping.Window{Batches: 1}},
		{"Window.First", &stopping.Window{First: 65}},
		{"Trend.Tolerance", &stopping.Trend{Tolerance: -1}},
		{"Trend.Drop", &stopping.Trend{Drop: -1}},
		{"Trend has both", &stopping.Trend{Drop: 1, Tolerance: 1}},
		{"Trend.Level", &stopping.Trend{Level: -1}},
		{"Trend.Blocks", &stopping.Trend{Blocks: 3}},
		{"Trend.Blocks", &stopping.Trend{Blocks: 61}},
		{"Trend.First", &stopping.Trend{First: 63}},
		{"FixedWidth.HalfWidth", &stopping.FixedWidth{}},
		{"FixedWidth.Level", &stopping.FixedWidth{HalfWidth: 1, Level: 1}},
		{"FixedWidth.Block", &stopping.FixedWidth{HalfWidth: 1, Block: -1}},
		{"FixedWidth.First", &stopping.FixedWidth{HalfWidth: 1, First: 1}},
		{"CUSUM.Slack", &stopping.CUSUM{Slack: -1}},
		{"CUSUM.Threshold", &stopping.CUSUM{Threshold: -1}},
		{"CUSUM.Reference", &stopping.CUSUM{Reference: 1}},
		{"CUSUM.Length", &stopping.CUSUM{Length: -1}},
		{"CUSUM.Block", &stopping.CUSUM{Block: -1}},
		{"Patience.Iterations", &stopping.Patience{Iterations: -1}},
		{"Patience.Delta", &stopping.Patience{Delta: -1}},
		{"Plateau.Patience", &stopping.Plateau{Patience: -1}},
		{"Plateau.Relative", &stopping.Plateau{Relative: -1}},
		{"Plateau.Absolute", &stopping.Plateau{Absolute: math.NaN()}},
		{"Plateau.Batch", &stopping.Plateau{Batch: -1}},
		{"Evidence.Draw", &stopping.Evidence{}},
		{"Evidence.Draws", &stopping.Evidence{Draw: gradient, Draws: 3}},
		{"Evidence.Every", &stopping.Evidence{Draw: gradient, Every: -1}},
		{"Evidence.Looks", &stopping.Evidence{Draw: gradient, Looks: -1}},
		{"Distance.Slope", &stopping.Distance{Slope: -1}},
		{"Distance.Ratio", &stopping.Distance{Ratio: 1}},
		{"Distance.First", &stopping.Distance{First: -1}},
		{"Pflug.BurnIn", &stopping.Pflug{BurnIn: -1}},
		{"SASA.Level", &stopping.SASA{Level: 1}},
		{"SASA.Part", &stopping.SASA{Part: 2}},
		{"SASA.Least", &stopping.SASA{Least: 15}},
		{"SASA.Every", &stopping.SASA{Every: -1}},
		{"NormalMixture.Sigma", sequence{(&stopping.NormalMixture{Sigma: -1}).Init}},
		{"NormalMixture.Level", sequence{(&stopping.NormalMixture{Level: 1}).Init}},
		{"NormalMixture.R", sequence{(&stopping.NormalMixture{R: -1}).Init}},
		{"StudentMixture.Level", sequence{(&stopping.StudentMixture{Level: 1}).Init}},
		{"StudentMixture.C", sequence{(&stopping.StudentMixture{C: -1}).Init}},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "stopping: "+c.want) {
					t.Errorf("panic %q, want it about %q", got, c.want)
				}
			}()
			c.c.Init(3)
		}()
	}
}

var inf = math.Inf(1)

type sequence struct{ init func() }

func (s sequence) Init(int)                                     { s.init() }
func (s sequence) Converged(*optimize.Location) optimize.Status { return optimize.NotTerminated }

// convergers makes one of every kind.
func convergers() map[string]optimize.Converger {
	gradient := func(grad, x []float64, i int) error {
		r := rand.New(rand.NewPCG(uint64(i), 61))
		for j := range grad {
			grad[j] = 2*x[j] + r.NormFloat64()
		}
		return nil
	}
	value := func(x []float64, i int) (float64, error) {
		return x[0]*x[0] + rand.New(rand.NewPCG(uint64(i), 62)).NormFloat64(), nil
	}
	return map[string]optimize.Converger{
		"Equivalence": &stopping.Equivalence{Draw: gradient, Margin: 0.3},
		"Sigma":       &stopping.Equivalence{Draw: gradient, Margin: 0.3, Sigma: 1},
		"Threshold":   &stopping.Equivalence{Draw: gradient, Threshold: 0.3},
		"Target":      &stopping.Target{Value: 0.5, Draw: value},
		"Window":      &stopping.Window{},
		"Trend":       &stopping.Trend{},
		"FixedWidth":  &stopping.FixedWidth{HalfWidth: 0.1},
		"CUSUM":       &stopping.CUSUM{},
		"Patience":    &stopping.Patience{},
		"Plateau":     &stopping.Plateau{},
		"Stationary":  &stopping.Stationary{},
		"F alone":     &stopping.Stationary{Margin: math.NaN()},
		"Evidence":    &stopping.Evidence{Draw: gradient},
		"Distance":    &stopping.Distance{},
		"Pflug":       &stopping.Pflug{BurnIn: 100},
		"SASA":        &stopping.SASA{},
		"Combined":    stopping.All(stopping.After(100, stopping.Budget(1000, &stopping.Window{})), &stopping.Patience{Iterations: 50}),
		"Any":         stopping.Any(&stopping.Window{}, &stopping.SASA{}),
	}
}

// TestAfresh: Init forgets a run, for every Converger: a second run ends like the first.
func TestAfresh(t *testing.T) {
	for name, c := range convergers() {
		var lengths []int
		for range 2 {
			r := rand.New(rand.NewPCG(5, 63))
			loc := &optimize.Location{X: []float64{5}, Gradient: []float64{0}}
			c.Init(1)
			k := 0
			for status := optimize.NotTerminated; status == optimize.NotTerminated && k < 1<<17; k++ {
				loc.F = loc.X[0]*loc.X[0] + r.NormFloat64()
				loc.Gradient[0] = 2*loc.X[0] + r.NormFloat64()
				x, g := loc.X[0], loc.Gradient[0]
				status = c.Converged(loc)
				if loc.X[0] != x || loc.Gradient[0] != g {
					t.Fatalf("%s changes the location", name)
				}
				loc.X[0] -= 0.02 * g
			}
			lengths = append(lengths, k)
		}
		t.Logf("%s: %d iterations", name, lengths[0])
		if lengths[0] != lengths[1] || lengths[0] == 1<<17 {
			t.Errorf("%s: the runs end after %d iterations", name, lengths)
		}
	}
}

// TestNotFinite: values that are not finite are never taken for arrival.
func TestNotFinite(t *testing.T) {
	for name, c := range map[string]optimize.Converger{
		"Window":        &stopping.Window{},
		"Tolerance":     &stopping.Window{Tolerance: 10},
		"Trend":         &stopping.Trend{},
		"least squares": &stopping.Trend{Tolerance: 10, LeastSquares: true},
		"slope":         &stopping.Trend{Tolerance: 10},
		"FixedWidth":    &stopping.FixedWidth{HalfWidth: 0.1},
		"CUSUM":         &stopping.CUSUM{},
		"Patience":      &stopping.Patience{},
		"Plateau":       &stopping.Plateau{},
		"Distance":      &stopping.Distance{},
		"Pflug":         &stopping.Pflug{},
		"SASA":          &stopping.SASA{},
	} {
		for _, bad := range []float64{math.NaN(), inf} {
			for _, every := range []int{1, 20} {
				r := rand.New(rand.NewPCG(5, 64))
				c.Init(1)
				for k := range 5000 {
					loc := &optimize.Location{F: r.NormFloat64(), X: []float64{r.NormFloat64()}, Gradient: []float64{1}}
					if k%every == 0 {
						loc.F, loc.X[0], loc.Gradient[0] = bad, bad, bad
					}
					if s := c.Converged(loc); s != optimize.NotTerminated {
						if s != optimize.Failure && !(name == "Patience" && every > 1 || name == "Distance" && every > 1) {
							t.Errorf("%s, %v every %d: %v in iteration %d", name, bad, every, s, k)
						}
						break
					}
				}
			}
		}
	}
}
