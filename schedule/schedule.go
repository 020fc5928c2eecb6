// Package schedule holds the usual courses of a step size. Each is a function of the step k = 0, 1, ... that a method
// multiplies its StepSize by:
//
//	&stochopt.Adam{StepSize: 0.1, Schedule: schedule.Cosine(1000, 0)}
//
// A schedule is a plain function: any func(k int) float64 of your own is one, and Join and Multiply make one of several.
// It depends on k alone, keeps nothing between calls, allocates nothing and may be called from several goroutines.
// Arguments that make no sense panic when the schedule is made.
//
// Where n steps are spoken of, the schedule is at its start in step 0, at its end in step n, and stays there. A warm-up
// of w steps has the factor (k+1)/w, so that step 0 is not wasted on a factor of 0.
package schedule

import (
	"fmt"
	"math"
	"slices"
)

// Constant is factor in every step. Alone it is of little use: it is a part for Join.
func Constant(factor float64) func(k int) float64 {
	nonNegative("Constant: factor", factor)
	return func(int) float64 { return factor }
}

// InverseTime is 1/(1 + rate k). With rate 1 the steps of gradient descent on a quadratic of curvature h fall as those of a
// mean of k draws do, if StepSize is 1/h (H. Robbins, S. Monro, A stochastic approximation method, Annals of Mathematical
// Statistics 22, 1951). A StepSize below 1/2h is then much too small.
func InverseTime(rate float64) func(k int) float64 {
	nonNegative("InverseTime: rate", rate)
	return func(k int) float64 { return 1 / (1 + float64(rate*float64(k))) }
}

// InverseRoot is min(t/w, √(w/t)) at t = k+1: it grows in a line to 1 in step w-1 and falls like 1/√t from there. If w
// is 0 it is 1/√t, as with 1. The form with a warm-up is known by the name Noam (A. Vaswani et al., Attention is all you need,
// NeurIPS 2017, section 5.3), where the factor is not 1 but 1/√(dw) at its peak.
func InverseRoot(w int) func(k int) float64 {
	count("InverseRoot: w", w, 0)
	peak := float64(max(w, 1))
	return func(k int) float64 {
		t := float64(k) + 1
		return min(t/peak, math.Sqrt(peak/t))
	}
}

// Power is ((t0+1)/(t0+t))ᵖ at t = k+1: it starts at 1, hardly falls before step t0, and falls like t⁻ᵖ after it. p in (1/2, 1]
// makes stochastic approximation converge, p below 1 is for use with averaging, and p = 0.602 with t0 a tenth of the
// steps is the gain of SPSA.
func Power(t0, p float64) func(k int) float64 {
	nonNegative("Power: t0", t0)
	nonNegative("Power: p", p)
	return func(k int) float64 { return math.Pow((t0+1)/(t0+1+float64(k)), p) }
}

// Exponential is rate^(k/n), but not below floor: n steps multiply it by rate. A rate above 1 lets it grow, and
// sooner or later overflow, which ends a run.
func Exponential(n int, rate, floor float64) func(k int) float64 {
	count("Exponential: n", n, 1)
	positive("Exponential: rate", rate)
	nonNegative("Exponential: floor", floor)
	return func(k int) float64 { return max(floor, math.Pow(rate, float64(k)/float64(n))) }
}

// Staircase is Exponential in steps: it is multiplied by rate every n steps at once, but does not go below floor.
func Staircase(n int, rate, floor float64) func(k int) float64 {
	count("Staircase: n", n, 1)
	positive("Staircase: rate", rate)
	nonNegative("Staircase: floor", floor)
	return func(k int) float64 { return max(floor, math.Pow(rate, float64(k/n))) }
}

// Steps starts at 1 and is multiplied by factors[i] from step boundaries[i] on. The boundaries are positive and increase.
func Steps(boundaries []int, factors []float64) func(k int) float64 {
	if len(boundaries) != len(factors) {
		panic(fmt.Sprintf("schedule: Steps: %d boundaries, %d factors, want as many", len(boundaries), len(factors)))
	}
	increasing("Steps", boundaries)
	starts, values := slices.Clone(boundaries), []float64{1}
	for i, f := range factors {
		nonNegative(fmt.Sprintf("Steps: factors[%d]", i), f)
		values = append(values, values[i]*f)
		nonNegative(fmt.Sprintf("Steps: the product of factors[:%d]", i+1), values[i+1])
	}
	return func(k int) float64 { return values[section(starts, k)] }
}

// Polynomial is final + (1-final)(1 - k/n)ᵖ up to step n, and final from there on.
func Polynomial(n int, p, final float64) func(k int) float64 {
	count("Polynomial: n", n, 1)
	positive("Polynomial: p", p)
	nonNegative("Polynomial: final", final)
	return func(k int) float64 {
		return mix(final, 1, math.Pow(1-float64(min(k, n))/float64(n), p))
	}
}

// Linear is the line from 1 in step 0 to final in step n, and final from there on.
func Linear(n int, final float64) func(k int) float64 {
	count("Linear: n", n, 1)
	nonNegative("Linear: final", final)
	return func(k int) float64 {
		return mix(1, final, float64(min(k, n))/float64(n))
	}
}

// Cosine falls from 1 in step 0 to final in step n along half a cosine, and stays there:
//
//	final + (1-final) (1 + cos(πk/n))/2
//
// Some implementations rise again after step n. Reference: I. Loshchilov, F. Hutter, SGDR: stochastic gradient descent with
// warm restarts, ICLR 2017, without the restarts.
func Cosine(n int, final float64) func(k int) float64 {
	count("Cosine: n", n, 1)
	nonNegative("Cosine: final", final)
	return func(k int) float64 { return anneal(1, final, float64(min(k, n))/float64(n)) }
}

// WarmRestarts is Cosine again and again, over n steps, then n·mult, n·mult², and so on: SGDR. It is 1 in the first step of
// every cycle; final would be reached in the step after the last. Only the step size restarts, the method goes on with
// its state.
//
// Reference: as of Cosine, section 3.
func WarmRestarts(n, mult int, final float64) func(k int) float64 {
	count("WarmRestarts: n", n, 1)
	count("WarmRestarts: mult", mult, 1)
	nonNegative("WarmRestarts: final", final)
	return func(k int) float64 {
		if mult == 1 {
			return anneal(1, final, float64(k%n)/float64(n))
		}
		since, length := float64(k), float64(n) // whole numbers, and no overflow
		for since >= length {
			since -= length
			length *= float64(mult)
		}
		return anneal(1, final, since/length)
	}
}

// OneCycle rises from initial in step 0 to 1 in step up, and falls to final in step up+down, where it stays; both along
// half a cosine. The usual choice for n steps is OneCycle(3*n/10, 7*n/10, 1./25, 1./25e4). The momentum that some vary
// against it is not touched.
//
// Reference: L. N. Smith, N. Topin, Super-convergence: very fast training of neural networks using large learning rates,
// 2018, with cosines for lines.
func OneCycle(up, down int, initial, final float64) func(k int) float64 {
	count("OneCycle: up", up, 1)
	count("OneCycle: down", down, 1)
	nonNegative("OneCycle: initial", initial)
	nonNegative("OneCycle: final", final)
	return func(k int) float64 {
		if k < up {
			return anneal(initial, 1, float64(k)/float64(up))
		}
		return anneal(1, final, float64(min(k-up, down))/float64(down))
	}
}

// Cyclic rises in a line from low to 1 in up steps and falls back in down steps, for ever; the height above low is
// multiplied by shrink after every cycle. Shrink 1 is the triangular policy and 1/2 the one called triangular2.
//
// Reference: L. N. Smith, Cyclical learning rates for training neural networks, WACV 2017, section 3.
func Cyclic(up, down int, low, shrink float64) func(k int) float64 {
	count("Cyclic: up", up, 1)
	count("Cyclic: down", down, 1)
	if up > math.MaxInt-down {
		panic(fmt.Sprintf("schedule: Cyclic: up = %d, down = %d, want a sum that is an int", up, down))
	}
	fraction("Cyclic: low", low)
	positive("Cyclic: shrink", shrink)
	fraction("Cyclic: shrink", shrink)
	return func(k int) float64 {
		cycle, in := k/(up+down), k%(up+down)
		height := float64(in) / float64(up)
		if in > up {
			height = float64(up+down-in) / float64(down)
		}
		return low + float64((1-low)*height*math.Pow(shrink, float64(cycle)))
	}
}

// Warmup is min(1, (k+1)/w), for use in Multiply; 1 if w is 0. A warm-up for Adam is 2/(1-β₂) steps long.
func Warmup(w int) func(k int) float64 {
	count("Warmup: w", w, 0)
	return func(k int) float64 { return warm(k, w) }
}

// WarmupStableDecay is Warmup over w steps, 1 over the next stable, and a line down to 0 over the last decay, which is
// reached in step w+stable+decay. So the end of a run can be chosen late: all runs share the part before the decay,
// which is 10 or 20 % of the whole as a rule. For another form of the decay, Join it to a Warmup.
//
// Reference: S. Hu et al., MiniCPM: unveiling the potential of small language models with scalable training strategies,
// arXiv:2404.06395, 2024, section 4, where the decay is exponential.
func WarmupStableDecay(w, stable, decay int) func(k int) float64 {
	count("WarmupStableDecay: w", w, 0)
	count("WarmupStableDecay: stable", stable, 0)
	count("WarmupStableDecay: decay", decay, 1)
	return func(k int) float64 {
		if k < w {
			return warm(k, w)
		}
		since := min(max(k-w-stable, 0), decay)
		return 1 - float64(since)/float64(decay)
	}
}

// Join runs schedules one after the other: schedules[0] until boundaries[0], schedules[1] from there on, and so on. Each counts
// its steps from its own first. The boundaries are positive and increase.
func Join(boundaries []int, schedules ...func(k int) float64) func(k int) float64 {
	if len(schedules) != len(boundaries)+1 {
		panic(fmt.Sprintf("schedule: Join: %d boundaries, %d schedules, want one more than boundaries", len(boundaries), len(schedules)))
	}
	increasing("Join", boundaries)
	given("Join", schedules)
	starts, all := slices.Clone(boundaries), slices.Clone(schedules)
	return func(k int) float64 {
		i := section(starts, k)
		if i > 0 {
			k -= starts[i-1]
		}
		return all[i](k)
	}
}

// Multiply is the product of schedules, as in Multiply(Warmup(100), Cosine(1000, 0)).
func Multiply(schedules ...func(k int) float64) func(k int) float64 {
	given("Multiply", schedules)
	all := slices.Clone(schedules)
	return func(k int) float64 {
		product := 1.0
		for _, s := range all {
			product *= s(k)
		}
		return product
	}
}

// anneal goes from a at u = 0 to b at u = 1 along half a cosine.
func anneal(a, b, u float64) float64 { return mix(a, b, (1-math.Cos(math.Pi*u))/2) }

// mix goes from a at u = 0 to b at u = 1 in a line, and is exact at both.
func mix(a, b, u float64) float64 { return float64(a*(1-u)) + float64(b*u) }

func warm(k, w int) float64 {
	if k >= w {
		return 1
	}
	return (float64(k) + 1) / float64(w)
}

// section returns how many of starts are not after k.
func section(starts []int, k int) int {
	i, found := slices.BinarySearch(starts, k)
	if found {
		i++
	}
	return i
}

func count(name string, n, least int) {
	if n < least {
		panic(fmt.Sprintf("schedule: %s = %d, want >= %d", name, n, least))
	}
}

func nonNegative(name string, v float64) {
	if !(v >= 0) || v-v != 0 {
		panic(fmt.Sprintf("schedule: %s = %v, want finite and >= 0", name, v))
	}
}

func positive(name string, v float64) {
	if !(v > 0) || v-v != 0 {
		panic(fmt.Sprintf("schedule: %s = %v, want finite and > 0", name, v))
	}
}

func fraction(name string, v float64) {
	if !(v >= 0 && v <= 1) {
		panic(fmt.Sprintf("schedule: %s = %v, want in [0, 1]", name, v))
	}
}

func increasing(name string, boundaries []int) {
	last := 0
	for i, b := range boundaries {
		if b <= last {
			panic(fmt.Sprintf("schedule: %s: boundaries[%d] = %d, want > %d", name, i, b, last))
		}
		last = b
	}
}

func given(name string, schedules []func(k int) float64) {
	for i, s := range schedules {
		if s == nil {
			panic(fmt.Sprintf("schedule: %s: schedules[%d] is nil", name, i))
		}
	}
}
