package experiment

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/optimize"
)

// landscape is an objective of two variables, with the part of the plane to draw.
type landscape struct {
	testfuncs.Objective
	left, right, low, high float64
	levels                 []float64
}

// landscapes are a valley fifty times as steep across as along, and Rosenbrock's.
func landscapes() []landscape {
	valley := testfuncs.Objective{
		Name:  "valley x²/2 + 25 y²",
		Start: []float64{-9, 1.6},
		Func:  func(x []float64) float64 { return x[0]*x[0]/2 + 25*x[1]*x[1] },
		Grad:  func(grad, x []float64) { grad[0], grad[1] = x[0], 50*x[1] },
	}
	valley.Oracle = exact(valley)
	rosenbrock := testfuncs.Rosenbrock(2)
	rosenbrock.Name = "Rosenbrock"
	return []landscape{
		{valley, -10, 3, -2.2, 2.2, []float64{0.1, 1, 3, 8, 18, 32, 50, 80, 120}},
		{rosenbrock, -1.7, 1.7, -0.7, 1.8, []float64{0.05, 0.5, 2, 6, 20, 60, 150, 400}},
	}
}

// height is the value for Panel.Height.
func (l landscape) height(x, y float64) float64 { return l.Func([]float64{x, y}) }

// exact returns the Oracle of an objective that has no noise.
func exact(o testfuncs.Objective) stochopt.Oracle {
	return func(grad, x []float64, _ stochopt.Sample) (float64, error) {
		if grad != nil {
			o.Grad(grad, x)
		}
		return o.Func(x), nil
	}
}

// five are gradient descent and its four relatives. None has a schedule: the pictures are of constant steps.
var five = []contender{
	{name: "gradient descent", make: func(a float64) optimize.Method { return &method.SGD{StepSize: a} }},
	{name: "heavy ball", make: func(a float64) optimize.Method { return &method.SGD{StepSize: a, Momentum: 0.9} }},
	{name: "Nesterov", make: func(a float64) optimize.Method { return &method.SGD{StepSize: a, Momentum: 0.9, Nesterov: true} }},
	{name: "RMSProp", make: func(a float64) optimize.Method { return &method.RMSProp{StepSize: a} }},
	{name: "Adam", make: func(a float64) optimize.Method { return &stochopt.Adam{StepSize: a} }},
}

// path is a Recorder that keeps the iterates.
type path struct{ x, y []float64 }

// Init implements optimize.Recorder.
func (p *path) Init() error { return nil }

// Record implements optimize.Recorder.
func (p *path) Record(loc *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if op == optimize.MajorIteration {
		p.x, p.y = append(p.x, loc.X[0]), append(p.y, loc.X[1])
	}
	return nil
}

// follow runs a method and returns its iterates.
func follow(ctx context.Context, o stochopt.Oracle, seed uint64, start []float64, steps int, m optimize.Method) (*path, error) {
	var p path
	_, err := stochopt.Minimize(ctx, stochopt.Problem{Oracle: o, Seed: seed}, start, &optimize.Settings{
		MajorIterations: steps + 2, Converger: optimize.NeverTerminate{}, Recorder: &p}, m)
	return &p, err
}

// gapAlong returns the values of an objective above its minimum along a path.
func (l landscape) gapAlong(p *path) (steps, gap []float64) {
	x := make([]float64, 2)
	for k := range p.x {
		x[0], x[1] = p.x[k], p.y[k]
		steps, gap = append(steps, float64(k)), append(gap, l.Func(x))
	}
	return steps, gap
}

// acceleration draws paths without noise, each method at the step size of a grid with the lowest end.
func acceleration(ctx context.Context, o Options) (*Outcome, error) {
	steps := []int{o.pick(60, 150), o.pick(200, 1000)}
	var out Outcome
	var text strings.Builder
	fmt.Fprintf(&text, "Value above the minimum after a number of steps, without noise; step sizes are the best for the last number of\nthe grid 1, 2, 5 times powers of ten.\n\n")
	for i, l := range landscapes() {
		r := race{name: l.Name, contenders: five, grid: grid(-5, 1), seeds: 1, oracle: exact(l.Objective), steps: steps[i], every: steps[i], search: steps[i],
			start: func(uint64) []float64 { return l.Start }, cost: l.Func}
		lanes, err := r.run(ctx, o.Tick)
		if err != nil {
			return nil, err
		}
		plane := picture.Panel{Title: l.Name, Across: "x", Up: "y", Left: l.left, Right: l.right, Low: l.low, High: l.high, Height: l.height, Levels: l.levels}
		fall := picture.Panel{Title: l.Name + ": value", Across: "step", Up: "f - minimum", LogY: true, High: l.Func(l.Start) * 3, Right: float64(steps[i])}
		fmt.Fprintf(&text, "%-18s %10s %12s %12s\n", l.Name, "step size", fmt.Sprint(steps[i]/3), fmt.Sprint(steps[i]))
		for k, lane := range lanes {
			p, err := follow(ctx, exact(l.Objective), 1, l.Start, steps[i], five[k].make(lane.step))
			if err != nil {
				return nil, err
			}
			plane.Curves = append(plane.Curves, picture.Curve{Name: lane.name, X: p.x, Y: p.y})
			at, gap := l.gapAlong(p)
			fall.Curves = append(fall.Curves, picture.Curve{Name: lane.name, X: at, Y: gap})
			fmt.Fprintf(&text, "%-18s %10g %12.2g %12.2g\n", lane.name, lane.step, gap[steps[i]/3], gap[steps[i]])
		}
		fall.Low = lowEnd(fall.Curves, 1e-12)
		text.WriteString("\n")
		out.Panels = append(out.Panels, []picture.Panel{plane, fall})
	}
	out.Text = strings.TrimSuffix(text.String(), "\n")
	return &out, nil
}

// lowEnd is the power of ten below all curves on a logarithmic axis, or least if they go lower.
func lowEnd(curves []picture.Curve, least float64) float64 {
	low := math.Inf(1)
	for _, c := range curves {
		for _, y := range c.Y {
			if y < low { // which NaN is not
				low = y
			}
		}
	}
	if !(low > least) {
		return least
	}
	return math.Pow(10, math.Floor(math.Log10(low)))
}

// noise draws paths with noise in the gradient: what is left of it in the last iterates, and in the answers of methods that
// average or whose steps decay.
func noise(ctx context.Context, o Options) (*Outcome, error) {
	const sd = 3
	steps, seeds := o.pick(300, 3000), max(o.Seeds, o.pick(5, 30))
	l := landscapes()[0]
	oracle := l.With(testfuncs.Additive{Grad: sd}).Oracle
	// All steps are such that a steady gradient moves x by as much, or for Adam such that it travels in the same time.
	runs := []contender{
		{name: "gradient descent", make: func(float64) optimize.Method { return &method.SGD{StepSize: 0.02} }},
		{name: "heavy ball", make: func(float64) optimize.Method { return &method.SGD{StepSize: 0.002, Momentum: 0.9} }},
		{name: "Adam", make: func(float64) optimize.Method { return &stochopt.Adam{StepSize: 0.1} }},
		{name: "Adam, steps 1/√t", make: func(float64) optimize.Method { return &stochopt.Adam{StepSize: 0.3, Schedule: schedule.Power(0, 0.5)} }},
		{name: "gradient descent, averaged", make: func(float64) optimize.Method {
			return &method.TailAverage{Rule: &method.SGD{StepSize: 0.02}}
		}},
		{name: "Adam, averaged", make: func(float64) optimize.Method { return &method.TailAverage{Rule: &stochopt.Adam{StepSize: 0.1}} }},
	}
	r := race{name: "noise", contenders: runs, grid: []float64{0}, seeds: seeds, oracle: oracle, steps: steps, every: 10, start: func(uint64) []float64 { return l.Start }, cost: l.Func}
	lanes, err := r.run(ctx, o.Tick)
	if err != nil {
		return nil, err
	}
	plane := picture.Panel{Title: "one run", Across: "x", Up: "y", Left: l.left, Right: l.right, Low: l.low, High: l.high, Height: l.height, Levels: l.levels}
	fall := picture.Panel{Title: fmt.Sprintf("%d runs", seeds), Across: "step", Up: "f - minimum", LogX: true, LogY: true, Low: 1e-5, High: 200, Left: 10, Right: float64(steps)}
	var text strings.Builder
	fmt.Fprintf(&text, "Valley x²/2 + 25 y², noise of standard deviation %d in each component of the gradient: value above the minimum,\nwithout the noise, mean over %d runs and the last third of %d steps. The constant steps are of equal reach.\n%s\n", sd, seeds, steps, bands)
	for k, lane := range lanes {
		p, err := follow(ctx, oracle, 1, l.Start, steps, runs[k].make(0))
		if err != nil {
			return nil, err
		}
		plane.Curves = append(plane.Curves, picture.Curve{Name: lane.name, X: p.x, Y: p.y})
		fall.Curves = append(fall.Curves, lane.curve(10, 1))
		var sum, n float64
		for _, run := range lane.runs {
			for _, v := range run[2*len(run)/3:] {
				sum, n = sum+v, n+1
			}
		}
		fmt.Fprintf(&text, "%-28s %.2g\n", lane.name, sum/n)
	}
	// Gradient descent: variance of x is α s²/(2h - αh²) for each curvature h, and F half of h times that.
	var predicted float64
	for _, h := range []float64{1, 50} {
		predicted += h / 2 * 0.02 * sd * sd / (2*h - 0.02*h*h)
	}
	fmt.Fprintf(&text, "\ntheory for gradient descent  %.2g\n", predicted)
	return &Outcome{Text: text.String(), Panels: [][]picture.Panel{{plane, fall}}}, nil
}

// sparsity has coordinates whose gradients come with probability 1, 1/2, 1/4, ...
func sparsity(ctx context.Context, o Options) (*Outcome, error) {
	const n = 10
	steps := o.pick(2000, 20_000)
	present := func(i int) float64 { return math.Pow(2, -float64(i)) }
	// Term i is |x_i - 1 - noise| in a share p_i of the draws, and 0 in the others.
	oracle := func(grad, x []float64, s stochopt.Sample) (f float64, err error) {
		rnd := s.Rand()
		clear(grad)
		for i, v := range x {
			here := rnd.Float64() < present(i)
			e := v - 1 + 0.1*rnd.NormFloat64()
			if !here {
				continue
			}
			f += math.Abs(e)
			if grad != nil {
				grad[i] = math.Copysign(1, e)
			}
		}
		return f, nil
	}
	worst := func(x []float64) (d float64) {
		for _, v := range x {
			d = max(d, math.Abs(v-1))
		}
		return d
	}
	contenders, err := field(schedule.Power(0, 0.5), "SGD", "RMSProp", "Adam")
	if err != nil {
		return nil, err
	}
	adagrad, err := field(nil, "AdaGrad") // its steps fall by themselves
	if err != nil {
		return nil, err
	}
	contenders = append(contenders, adagrad...)
	r := race{name: "sparsity", contenders: contenders, grid: grid(-3, 2), seeds: max(o.Seeds, 5), oracle: oracle, steps: steps, every: steps / 100, search: steps, cost: worst,
		start: func(uint64) []float64 { return make([]float64, n) }}
	lanes, err := r.run(ctx, o.Tick)
	if err != nil {
		return nil, err
	}
	fall := picture.Panel{Title: "all coordinates", Across: "step", Up: "largest |x - 1|", LogY: true, Low: 1e-3, High: 1.5}
	each := picture.Panel{Title: fmt.Sprintf("after %d steps", steps), Across: "share of draws with a gradient", Up: "|x - 1|, mean", LogX: true, LogY: true}
	for _, l := range lanes {
		fall.Curves = append(fall.Curves, l.curve(float64(steps/100), 0))
		c := picture.Curve{Name: l.name}
		for i := range n {
			var sum float64
			for _, x := range l.last {
				sum += math.Abs(x[i]-1) / float64(len(l.last))
			}
			c.X, c.Y = append(c.X, present(i)), append(c.Y, sum)
		}
		each.Curves = append(each.Curves, c)
	}
	return &Outcome{Text: fmt.Sprintf("Ten coordinates, the derivative of |x - 1 - noise| by each present in a share 1, 1/2, ..., 1/512 of the draws; steps α/√t,\nor AdaGrad's own.\nDistance from the minimum in the worst coordinate after %d steps, median of %d runs. Step sizes are those with the shortest in a run of another seed.\n%s\n", steps, r.seeds, bands) + table(lanes, "distance", nil),
		Panels: [][]picture.Panel{{fall, each}}}, nil
}
