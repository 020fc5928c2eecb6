// Package gradient makes stochopt.Oracles: gradients from values, from sums and from samples, for any method.
//
// A function that can be evaluated exactly:
//
//	complex arithmetic     ComplexStep(f)                                to rounding, n+1 values
//	dual numbers           Dual(f)                                       to rounding, n values
//	values                 Differences{}.Oracle(Func(f))                 2n+1 values
//
// A function with noise. Noise that obeys the Sample cancels in differences; else the step must fit it, as Tuned does:
//
//	noisy values           d, err := Differences{}.Tuned(f, x, s), then d.Oracle(f)
//	many variables         SPSA{}.Oracle(f), Smoothing{}.Oracle(f)       3 values, whatever n; 2 with Smoothing.Forward
//	order alone            Evolution{}.Oracle(f)                         whatever monotone transformation f has undergone
//	a Newton step          (&AdaptiveSPSA{}).Oracle(f)
//	an expectation         Expectation{Func: f, Families: p}.Score(k), Pathwise(k), MeasureValued(k)
//
// A sum of many terms:
//
//	minibatches            FiniteSum{N: n, Term: term}.Shuffled(32), Sampled(32), Weighted(32, w)
//	few variables a term   SparseSum{Sum: fs, Support: words}.Shuffled(1), a stochopt.Sparse
//	linear convergence     (&SAGA{Sum: fs}).Oracle(), SVRG, SARAH, SAG
//	fixed blocks           FiniteSum{N: n, Term: term}.Blocks(30), for method.SFO
//
// Another Oracle, with less noise or fewer failures:
//
//	more draws             Average(o, 16, 4); (&SampleSize{}).Oracle(o), as many as the gradient needs
//	known means            ControlVariate{...}.Oracle(o)
//	failures               SkipNonFinite(o, 3)
//
// And what tells about an Oracle: Inspect, a preflight before a run; Check, for a gradient written by hand, and CheckSparse; Scatter and
// Reporter, for values with standard errors; NoiseMeter and ECNoise, for the level of noise; HessVec, HessVecDifferences
// and Hutchinson, for the curvature.
//
// An Oracle of this package is a function of x and the Sample alone if the functions it is made of are: all evaluations
// that one draw needs are given the same Sample (common random numbers), and the bits of the result depend neither on
// the order of the calls nor on how many evaluations run at once. It may be called concurrently if its parts may be. The
// exceptions are pointers to a struct, as SVRG, SARAH, SAG, SAGA, SampleSize and AdaptiveSPSA are: they carry the state of one run, which
// can be marshalled.
package gradient
