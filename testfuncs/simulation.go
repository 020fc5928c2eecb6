package testfuncs

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/project"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// SimOpt returns NoisySphere, Newsvendor, MM1Queue, GammaEstimation and ActivityNetwork: problems of simulation
// optimization with gradients by infinitesimal perturbation analysis, from the library SimOpt, with its starts. All
// are to be minimized; where SimOpt maximizes, the sign is turned. Func and Grad are the exact means, which SimOpt
// does not know. Where x <= 0 makes no sense, that is in the last three, Func is +Inf, Grad NaN and the Oracle an error.
//
// Reference: D. J. Eckman, S. G. Henderson, S. Shashaani, SimOpt: a testbed for simulation-optimization experiments,
// INFORMS Journal on Computing 35(2), 2023.
func SimOpt() []Objective {
	return []Objective{NoisySphere(), Newsvendor(), MM1Queue(), GammaEstimation(), ActivityNetwork()}
}

// NoisySphere is SimOpt's EXAMPLE-1: x_1² + x_2² + N, gradient 2x, from (2, 2).
func NoisySphere() Objective {
	o := Sphere(2).With(Additive{Value: 1})
	o.Name, o.Start = "SimOpt EXAMPLE-1, noisy sphere", []float64{2, 2}
	return o
}

// Newsvendor is SimOpt's CNTNEWS-1: to order the quantity x >= 0, for 5 a unit, before the demand D is known; what is
// sold brings 9, what is left 1.
//
//	f(x) = 5x - 9 min(D, x) - max(x-D, 0),  D = √((1-U)^(-1/20) - 1)
//
// The gradient is -4 for x <= D and 4 for x > D. D has Burr's distribution; the means are
//
//	4x - 4 B(1/2, 39/2) I(x²/(1+x²); 1/2, 39/2),  4 - 8 (1+x²)^-20
//
// where B and I are the beta function and the regularized incomplete one. The start is 0; the minimum, -0.463943,
// lies at √(2^(1/20)-1) = 0.187790.
func Newsvendor() Objective {
	f := func(x []float64) float64 {
		length("Newsvendor", x, 1)
		v := x[0]
		if v < 0 {
			return -4 * v
		}
		return float64(4*v) - float64(4*mathext.Beta(0.5, 19.5)*mathext.RegIncBeta(0.5, 19.5, v*v/(1+float64(v*v))))
	}
	grad := func(grad, x []float64) {
		length("Newsvendor", x, 1)
		v := max(x[0], 0)
		grad[0] = 4 - 8*math.Pow(1+float64(v*v), -20)
	}
	best := []float64{math.Sqrt(math.Pow(2, 0.05) - 1)}
	o := smooth("SimOpt CNTNEWS-1, newsvendor", f, grad, []float64{0}, f(best), best)
	o.Project = project.Box([]float64{0}, nil)
	var g generators
	o.Oracle = func(grad, x []float64, s stochopt.Sample) (float64, error) {
		length("Newsvendor", x, 1)
		r := g.get(s, 0)
		defer g.put(r)
		v, d := x[0], math.Sqrt(math.Pow(1-r.Float64(), -0.05)-1)
		slope := -4.0
		if v > d {
			slope = 4
		}
		if grad != nil {
			grad[0] = slope
		}
		return float64(5*v) - float64(9*min(d, v)) - max(v-d, 0), nil
	}
	return o
}

// MM1Queue is SimOpt's MM1-1: to choose the rate of service μ = x of a queue with exponential times, where customers
// arrive at the rate 1.5.
//
//	f(x) = mean over customers 51 to 250 of T_k + 0.1 x²
//	T_k = W_k + S_k,  S_k = E_k/x,  W_(k+1) = max(0, T_k - A_k),  W_1 = 0
//	T'_k = W'_k - S_k/x,  W'_(k+1) = T'_k if T_k > A_k, else 0
//
// T_k is the time in the system of customer k. E_k and 1.5 A_k are exponential with mean 1. The queue is empty at
// first, so the mean is not the stationary 1/(x-1.5) + 0.1x², but close to it. By Spitzer's identity it is 1/x +
// 0.1x² plus the mean over customers of Σ e_j/j, j < k, where e_j is the mean of the positive part of the difference
// of two gamma variables of shape j:
//
//	e_j = Σ (j-i)/x C(i+j-1, i) p^i (1-p)^j,  i = 0, ..., j-1,  p = x/(x+1.5)
//
// The feasible set is x >= 0.001, the start 5. The minimum is 1.552762 at 2.829296. A draw takes 250 pairs of random
// numbers, Func 31 000 terms.
//
// Reference: F. Spitzer, A combinatorial lemma and its application to probability theory, Transactions of the AMS 82,
// 1956.
func MM1Queue() Objective {
	const arrival, warmup, all = 1.5, 50, 250
	// mean returns the mean and its derivative.
	mean := func(x float64) (f, df float64) {
		if !(x > 0) {
			return math.Inf(1), math.NaN()
		}
		p, q := x/(x+arrival), arrival/(x+arrival)
		f, df = 1/x, -1/(x*x)
		t0 := 1.0
		for j := 1; j < all; j++ {
			t0 *= q
			// Customer k sees the term j if k > j.
			weight := min(1, float64(all-j)/(all-warmup)) / float64(j)
			var e, de float64
			t := t0
			for i := range j {
				e += float64(float64(j-i) * t)
				de += float64(float64(j-i) * t * (float64(float64(i)*q) - float64(float64(j)*p) - 1))
				t *= p * float64(i+j) / float64(i+1)
			}
			f += float64(weight * e / x)
			df += float64(weight * de / (x * x))
		}
		return f + float64(0.1*x*x), df + float64(0.2*x)
	}
	f := func(x []float64) float64 {
		length("MM1Queue", x, 1)
		f, _ := mean(x[0])
		return f
	}
	grad := func(grad, x []float64) {
		length("MM1Queue", x, 1)
		_, grad[0] = mean(x[0])
	}
	best := []float64{2.829296486914}
	o := smooth("SimOpt MM1-1, queue", f, grad, []float64{5}, f(best), best)
	o.Project = project.Box([]float64{0.001}, nil)
	var g generators
	o.Oracle = func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if err := positive("MM1Queue", x, 1); err != nil {
			return 0, err
		}
		r := g.get(s, 0)
		defer g.put(r)
		mu := x[0]
		var w, dw, sum, dsum float64
		for k := 1; k <= all; k++ {
			service := r.ExpFloat64() / mu
			a := r.ExpFloat64() / arrival
			t, dt := w+service, dw-service/mu
			if k > warmup {
				sum += t
				dsum += dt
			}
			if w, dw = t-a, dt; w <= 0 {
				w, dw = 0, 0
			}
		}
		if grad != nil {
			grad[0] = dsum/(all-warmup) + float64(0.2*mu)
		}
		return sum/(all-warmup) + float64(0.1*mu*mu), nil
	}
	return o
}

// GammaEstimation is SimOpt's PARAMESTI-1: maximum likelihood of two parameters whose true values are (2, 5), from
// one observation (y_1, y_2) a draw.
//
//	f(x) = -(x_1 y_2 - 1) ln y_1 + y_1 - (x_2 - 1) ln y_2 + y_2 + ln Γ(x_1 y_2) + ln Γ(x_2)
//	∂_1 f = y_2 (ψ(x_1 y_2) - ln y_1),  ∂_2 f = ψ(x_2) - ln y_2
//
// y_2 has the gamma distribution of shape 5, and y_1, given y_2, of shape 2 y_2. In the means, the integral over y_2
// is done numerically, to about 9 digits. The feasible set is [0.1, 10]², the start (1, 1). The minimum is 4.628714
// at (2, 5).
func GammaEstimation() Objective {
	const nodes = 128
	y, weight, digamma := make([]float64, nodes), make([]float64, nodes), make([]float64, nodes)
	quad.Legendre{}.FixedLocations(y, weight, 0, 9)
	for k, t := range y { // y = t²
		y[k] = t * t
		weight[k] *= 2 * t * math.Pow(t, 8) * math.Exp(-y[k]) / 24
		digamma[k] = mathext.Digamma(2 * y[k]) // mean of ln y_1
	}
	ln2 := mathext.Digamma(5) // mean of ln y_2
	f := func(x []float64) (sum float64) {
		if positive("GammaEstimation", x, 2) != nil {
			return math.Inf(1)
		}
		for k, y := range y {
			sum += float64(weight[k] * (lgamma(x[0]*y) - float64((float64(x[0]*y)-1)*digamma[k])))
		}
		return sum + 10 - float64((x[1]-1)*ln2) + 5 + lgamma(x[1])
	}
	grad := func(grad, x []float64) {
		if positive("GammaEstimation", x, 2) != nil {
			grad[0], grad[1] = math.NaN(), math.NaN()
			return
		}
		grad[0], grad[1] = 0, mathext.Digamma(x[1])-ln2
		for k, y := range y {
			grad[0] += float64(weight[k] * y * (mathext.Digamma(x[0]*y) - digamma[k]))
		}
	}
	best := []float64{2, 5}
	o := smooth("SimOpt PARAMESTI-1, gamma distributions", f, grad, []float64{1, 1}, f(best), best)
	o.Project = project.Box([]float64{0.1, 0.1}, []float64{10, 10})
	var g generators
	o.Oracle = func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if err := positive("GammaEstimation", x, 2); err != nil {
			return 0, err
		}
		r := g.get(s, 0)
		defer g.put(r)
		y2 := distuv.Gamma{Alpha: 5, Beta: 1, Src: r}.Rand()
		y1 := distuv.Gamma{Alpha: 2 * y2, Beta: 1, Src: r}.Rand()
		ln1, ln2 := math.Log(y1), math.Log(y2)
		if grad != nil {
			grad[0] = y2 * (mathext.Digamma(x[0]*y2) - ln1)
			grad[1] = mathext.Digamma(x[1]) - ln2
		}
		f := y1 + y2 - float64((float64(x[0]*y2)-1)*ln1) - float64((x[1]-1)*ln2)
		return f + lgamma(x[0]*y2) + lgamma(x[1]), nil
	}
	return o
}

// ActivityNetwork is SimOpt's SAN-1: a project of 13 activities, arcs of a network from node 1 to node 9, each of
// which begins when all that end in its tail are done. Means x_i of their durations are to be chosen; short ones are
// dear.
//
//	f(x) = T + Σ 1/x_i,  T the longest path,  arc i of length x_i E_i
//	∂_i f = [i on the longest path] E_i - 1/x_i²
//
// The E_i are exponential with mean 1. The arcs are, in order, (1,2) (1,3) (2,3) (2,4) (2,6) (3,6) (4,5) (4,7) (5,6)
// (5,8) (6,9) (7,8) (8,9). The objective is convex. Its mean is exact: the set of finished activities is a Markov
// chain, with 189 states, and Func adds up its mean times. The feasible set is x_i >= 0.01, the start (8, ..., 8).
// The minimum is 18.049271.
//
// Reference for the mean: V. G. Kulkarni, V. G. Adlakha, Markov and Markov-regenerative PERT networks, Operations
// Research 34(5), 1986.
func ActivityNetwork() Objective {
	const n, nodes, states = 13, 9, 189
	arcs := [n][2]int{{1, 2}, {1, 3}, {2, 3}, {2, 4}, {2, 6}, {3, 6}, {4, 5}, {4, 7}, {5, 6}, {5, 8}, {6, 9}, {7, 8}, {8, 9}}
	// A state is the set of arcs that are done. They are numbered so that one leads to those after it only.
	type move struct{ arc, to int }
	done := []uint{0}
	moves := make([][]move, 0, states)
	number := map[uint]int{0: 0}
	for k := 0; k < len(done); k++ {
		var from []move
		for a, arc := range arcs {
			runs := done[k]&(1<<a) == 0
			for b, before := range arcs {
				runs = runs && (before[1] != arc[0] || done[k]&(1<<b) != 0)
			}
			if !runs {
				continue
			}
			next := done[k] | 1<<a
			if _, ok := number[next]; !ok {
				number[next] = len(done)
				done = append(done, next)
			}
			from = append(from, move{a, number[next]})
		}
		moves = append(moves, from)
	}
	if len(moves) != states {
		panic("testfuncs: ActivityNetwork: wrong number of states")
	}
	// times stores the mean time from each state to the end.
	times := func(left *[states]float64, x []float64) {
		left[states-1] = 0
		for k := states - 2; k >= 0; k-- {
			var rate, sum float64
			for _, m := range moves[k] {
				rate += 1 / x[m.arc]
				sum += left[m.to] / x[m.arc]
			}
			left[k] = (1 + sum) / rate
		}
	}
	f := func(x []float64) float64 {
		if positive("ActivityNetwork", x, n) != nil {
			return math.Inf(1)
		}
		var left [states]float64
		times(&left, x)
		sum := left[0]
		for _, v := range x {
			sum += 1 / v
		}
		return sum
	}
	grad := func(grad, x []float64) {
		if positive("ActivityNetwork", x, n) != nil {
			for i := range grad {
				grad[i] = math.NaN()
			}
			return
		}
		var left, visited [states]float64 // visited: the probability of the state
		times(&left, x)
		for i, v := range x {
			grad[i] = -1 / (v * v)
		}
		visited[0] = 1
		for k, from := range moves {
			var rate float64
			for _, m := range from {
				rate += 1 / x[m.arc]
			}
			for _, m := range from {
				v := x[m.arc]
				p := visited[k] / (rate * v)
				visited[m.to] += p
				grad[m.arc] += float64(p*(left[k]-left[m.to])) / v
			}
		}
	}
	best := []float64{1.034992734, 1.92176789, 1.732980286, 1.143231498, 2.060128018, 1.546844716, 1.319628985,
		1.50836635, 1.581273252, 1.568400285, 1.223727494, 1.50836635, 1.276232108}
	o := smooth("SimOpt SAN-1, activity network", f, grad, vector(n, func(int) float64 { return 8 }), f(best), best)
	o.Project = project.Box(vector(n, func(int) float64 { return 0.01 }), nil)
	var g generators
	o.Oracle = func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if err := positive("ActivityNetwork", x, n); err != nil {
			return 0, err
		}
		r := g.get(s, n)
		defer g.put(r)
		e := r.work[:n]
		var when [nodes + 1]float64
		var last [nodes + 1]int // the arc that is waited for
		for a, arc := range arcs {
			e[a] = r.ExpFloat64()
			if t := when[arc[0]] + float64(x[a]*e[a]); t >= when[arc[1]] {
				when[arc[1]], last[arc[1]] = t, a
			}
		}
		f := when[nodes]
		for i, v := range x {
			f += 1 / v
			if grad != nil {
				grad[i] = -1 / (v * v)
			}
		}
		if grad != nil {
			for node := nodes; node != 1; node = arcs[last[node]][0] {
				grad[last[node]] += e[last[node]]
			}
		}
		return f, nil
	}
	return o
}

func lgamma(x float64) float64 {
	y, _ := math.Lgamma(x)
	return y
}

// positive returns an error if a component of x is not positive.
func positive(name string, x []float64, n int) error {
	length(name, x, n)
	for i, v := range x {
		if !(v > 0) {
			return fmt.Errorf("testfuncs: %s: x[%d] = %v, want > 0: see Objective.Project", name, i, v)
		}
	}
	return nil
}
