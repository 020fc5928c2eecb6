package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
	"gonum.org/v1/gonum/optimize"
)

// contender is a method in a race.
type contender struct {
	name string
	make func(step float64) optimize.Method
	// oracle, if not nil, takes the place of that of the race.
	oracle stochopt.Oracle
	// every, if not 0, is how many of its steps take the place of the steps between two measurements.
	every int
}

// race compares methods on one objective, each at the step size of a common grid that serves it best.
type race struct {
	name       string // for the progress
	contenders []contender
	grid       []float64 // ascending
	seeds      int
	oracle     stochopt.Oracle
	start      func(seed uint64) []float64
	steps      int // of each run
	every      int // steps between two measurements
	search     int // steps of the runs that choose from the grid
	// cost is what is measured at an iterate. If it is nil, that is the mean of the draws since the last measurement.
	cost func(x []float64) float64
	// alone makes the runs one after the other, so that their times can be compared.
	alone bool
}

// lane is how a contender has done.
type lane struct {
	name    string
	step    float64     // its StepSize
	edge    bool        // that is an end of the grid
	runs    [][]float64 // the costs of each seed, from the first measurement on
	last    [][]float64 // where each run has ended
	seconds float64     // of a run, without the measurements, in the mean
}

// chooser is the seed of the runs that choose, which is none of those that are shown.
const chooser = 1_000_003

// run makes the runs. Their number does not depend on what they find, nor their outcome on how many run at once.
func (r race) run(ctx context.Context, tick func(string, int, int)) ([]lane, error) {
	lanes := make([]lane, len(r.contenders))
	choices := make([][]float64, len(r.contenders)) // the last costs over the grid
	type job struct {
		contender, seed int // the seed is -1 for the grid
		step            int // of the grid
	}
	var jobs []job
	for c := range r.contenders {
		choices[c] = make([]float64, len(r.grid))
		if len(r.grid) == 1 {
			continue
		}
		for g := range r.grid {
			jobs = append(jobs, job{c, -1, g})
		}
	}
	total := len(jobs) + len(r.contenders)*r.seeds
	err := r.parallel(ctx, len(jobs), func(i int) error {
		j := jobs[i]
		costs, _, _, err := r.one(ctx, r.contenders[j.contender], r.grid[j.step], chooser, r.search)
		choices[j.contender][j.step] = costs[len(costs)-1]
		return err
	}, func(done int) { tick(r.name+": step sizes", done, total) })
	if err != nil {
		return nil, err
	}
	tried := len(jobs)
	jobs = nil
	for c := range r.contenders {
		best := 0
		for g, v := range choices[c] {
			if v < choices[c][best] {
				best = g
			}
		}
		lanes[c] = lane{name: r.contenders[c].name, step: r.grid[best], edge: len(r.grid) > 1 && (best == 0 || best == len(r.grid)-1),
			runs: make([][]float64, r.seeds), last: make([][]float64, r.seeds)}
		for seed := range r.seeds {
			jobs = append(jobs, job{c, seed, best})
		}
	}
	seconds := make([]float64, len(jobs))
	err = r.parallel(ctx, len(jobs), func(i int) (err error) {
		j := jobs[i]
		l := &lanes[j.contender]
		l.runs[j.seed], l.last[j.seed], seconds[i], err = r.one(ctx, r.contenders[j.contender], l.step, uint64(j.seed)+1, r.steps)
		return err
	}, func(done int) { tick(r.name, tried+done, total) })
	for i, j := range jobs {
		lanes[j.contender].seconds += seconds[i] / float64(r.seeds)
	}
	return lanes, err
}

// parallel calls do for 0, ..., n-1, as many at once as there are processors, and count after each. It returns the first
// error.
func (r race) parallel(ctx context.Context, n int, do func(i int) error, count func(done int)) error {
	workers := runtime.GOMAXPROCS(0)
	if r.alone {
		workers = 1
	}
	var mu sync.Mutex
	var first error
	next, done := 0, 0
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := i >= n || first != nil
				mu.Unlock()
				if stop {
					return
				}
				err := do(i)
				mu.Lock()
				if err != nil && first == nil {
					first = err
				}
				done++
				count(done)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if first == nil {
		first = ctx.Err()
	}
	return first
}

// one makes a run. A run whose values are no longer finite, as where the step is far too long, has infinite costs from there on.
func (r race) one(ctx context.Context, c contender, step float64, seed uint64, steps int) (costs, last []float64, seconds float64, err error) {
	oracle := r.oracle
	if c.oracle != nil {
		oracle = c.oracle
	}
	every := cmp.Or(c.every, r.every)
	m := &measurement{every: every, cost: r.cost}
	p := stochopt.Problem{Oracle: oracle, Seed: seed}
	begin := time.Now()
	result, err := stochopt.Minimize(ctx, p, r.start(seed), &optimize.Settings{
		// The iteration at the limit is not recorded, and the first is the start.
		MajorIterations: steps/r.every*every + 2,
		Converger:       optimize.NeverTerminate{},
		Recorder:        m,
	}, c.make(step))
	seconds = (time.Since(begin) - m.spent).Seconds()
	var bad *stochopt.EvaluationError
	if errors.As(err, &bad) && bad.Err == nil {
		err = nil
	}
	for n := steps/r.every + 1; len(m.costs) < n; {
		m.costs = append(m.costs, math.Inf(1))
	}
	if result != nil {
		last = result.X
	}
	return m.costs, last, seconds, err
}

// measurement is a Recorder that measures the cost of the iterates 0, every, 2 every, ...
type measurement struct {
	every int
	cost  func(x []float64) float64

	k     int
	sum   float64
	n     int
	costs []float64
	spent time.Duration
}

// Init implements optimize.Recorder.
func (m *measurement) Init() error { return nil }

// Record implements optimize.Recorder.
func (m *measurement) Record(loc *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if op != optimize.MajorIteration {
		return nil
	}
	m.sum += loc.F
	m.n++
	if m.k%m.every == 0 {
		begin := time.Now()
		v := m.sum / float64(m.n)
		if m.cost != nil {
			v = m.cost(loc.X)
		}
		if math.IsNaN(v) {
			v = math.Inf(1)
		}
		m.costs = append(m.costs, v)
		m.sum, m.n = 0, 0
		m.spent += time.Since(begin)
	}
	m.k++
	return nil
}

// curve returns the medians and the range over the seeds; x is the distance of two measurements. The first skip are left out.
func (l lane) curve(x float64, skip int) picture.Curve {
	c := picture.Curve{Name: l.name}
	for k := skip; k < len(l.runs[0]); k++ {
		v := l.at(k)
		c.X = append(c.X, x*float64(k))
		c.Low, c.Y, c.High = append(c.Low, v[0]), append(c.Y, median(v)), append(c.High, v[len(v)-1])
	}
	return c
}

// at returns the costs of measurement k, ascending.
func (l lane) at(k int) []float64 {
	v := make([]float64, len(l.runs))
	for seed, run := range l.runs {
		v[seed] = run[k]
	}
	slices.Sort(v)
	return v
}

// final returns the median of the last costs.
func (l lane) final() float64 {
	return median(l.at(len(l.runs[0]) - 1))
}

// median is that of ascending numbers: the one in the middle, or the mean of the two there.
func median(v []float64) float64 {
	n := len(v)
	if n%2 == 1 {
		return v[n/2]
	}
	return v[n/2-1]/2 + v[n/2]/2
}

// bands says what is drawn of repetitions.
const bands = "Curves are medians over the seeds, bands go from the lowest to the highest.\n"

// table is the text of a race: a line for each lane. Accuracy, if not nil, is that of the test data at an iterate; its mean over
// the seeds is written.
func table(lanes []lane, cost string, accuracy func(x []float64) float64) string {
	wide := 14
	for _, l := range lanes {
		wide = max(wide, utf8.RuneCountInString(l.name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s %10s   %-32s", wide, "", "step size", cost+" (lowest and highest)")
	if accuracy != nil {
		b.WriteString("   test accuracy")
	}
	b.WriteString("\n")
	atEdge := false
	for _, l := range lanes {
		v := l.at(len(l.runs[0]) - 1)
		mark := " "
		if l.edge {
			mark, atEdge = "*", true
		}
		fmt.Fprintf(&b, "%-*s %10g%s  %-32s", wide, l.name, l.step, mark, fmt.Sprintf("%.4g (%.4g, %.4g)", median(v), v[0], v[len(v)-1]))
		if accuracy != nil {
			var sum float64
			for _, x := range l.last {
				sum += accuracy(x) / float64(len(l.last))
			}
			fmt.Fprintf(&b, " %13.2f %%", 100*sum)
		}
		b.WriteString("\n")
	}
	if atEdge {
		b.WriteString("* an end of the grid: another might be better\n")
	}
	return trimLines(b.String())
}

// trimLines removes blanks before the ends of lines.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

// grid returns the step sizes 1, 2, 5 times the powers of ten from low to high.
func grid(low, high int) (steps []float64) {
	for e := low; e <= high; e++ {
		for _, m := range "125" {
			v, err := strconv.ParseFloat(fmt.Sprintf("%ce%d", m, e), 64)
			if err != nil {
				panic(err)
			}
			steps = append(steps, v)
		}
	}
	return steps[:len(steps)-2]
}
