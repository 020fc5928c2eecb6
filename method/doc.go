// Package method holds the relatives of stochopt.Adam. Each is a stochopt.Rule and an optimize.Method, written and used
// like Adam:
//
//	optimize.Minimize(p, x0, settings, &method.SGD{StepSize: 0.01, Momentum: 0.9})
//
// # Which to take
//
// In noise take Adam to start with; where one step size suits all variables and the end matters, SGD with a Schedule that
// decays; Average or TailAverage around either for an answer with less noise; ScheduleFreeAdam where the length of the
// run is not known; and DoG where there is no time to choose a step size. The default step sizes are those
// of docs/stepsizes.md, for a few variables of the order of 1, and for a method that it does not list those of its
// primary source, unless its comment says otherwise.
//
// Below, every method has a sentence on what it is and when to take it, and the number of vectors of the length of x that
// it keeps from step to step (Adam has 2).
//
// # Momentum
//
// Their steps are in proportion to the gradient: one step size, in units of x²/f, must suit all variables.
//
//   - SGD is gradient descent, with or without heavy-ball or Nesterov momentum; take it for curvatures that are alike and
//     for the last digits. 1 vector.
//   - QHM mixes the gradient with its running mean; take it for many steps in large noise, where a long memory pays. 1 vector.
//   - AggMo has several momenta at once; take it for exact gradients and a wide range of curvatures. As many vectors as
//     momenta, 3 by default.
//   - AccSGD ties x to a mean of longer steps; take it for least squares that all observations can fit. 1 vector.
//   - OptimisticSGD expects the gradient to go on changing; take it for saddle points of like curvatures. 1 vector.
//
// # Sums of squares
//
// The gradient is divided by the root of a sum that only grows: steps decay by themselves, and a steep start makes all
// later ones short.
//
//   - AdaGrad divides each component by its own sum; take it for convex objectives and for gradients that are mostly 0.
//     1 vector.
//   - AdaGradNorm divides all components by one sum; take it to keep the direction of the gradient where the curvature is not
//     known. No vector.
//   - SM3 takes the mean of AdaGrad's directions; take it in place of AdaGrad where memory does not matter. 2 vectors.
//   - WNGrad has a sum of squares over its root so far; AdaGradNorm is the better one. No vector.
//   - AdaSqrt divides by the sum and not by its root; take it for likelihoods whose variables have different units. 1 vector.
//   - AdaGradFull divides by the root of the matrix of all products; take it for a few, strongly correlated variables.
//     2n vectors for n variables.
//
// # Means of squares
//
// The gradient, or its running mean, is divided by the root of a mean that forgets: the step size is in units of x, and the
// scale of the gradient does not matter (but for AdaBound and Padam, and where ε is large, as in Yogi and AdaDelta).
//
//   - RMSProp divides the gradient alone; take it where the gradient changes its size on the way. 3 vectors.
//
//   - AdaDelta sets the unit of a step by the steps before; it is here since it is well known. 2 vectors.
//
//   - AdamW is Adam with a decay to a center; take it where a prior value of the parameters is known. 2 vectors.
//
//   - AdaMax divides by the largest gradient of the recent past; take it where no step must be longer than a given one.
//     With Nesterov it is NadaMax. 2 vectors.
//
//   - NAdam looks ahead, as Nesterov's momentum does; take it where the noise is small beside the gradient. 2 vectors.
//
//   - AMSGrad keeps the greatest mean so far; take it where rare large gradients carry the information. 3 vectors.
//
//   - RAdam has a warm-up that follows from its memory; take it where Adam's first steps do harm. 2 vectors.
//
//   - AdaBelief divides by how far gradients are from their mean; take it where noise dominates all gradients. 2 vectors.
//
//   - ACProp divides by the distances before; take it where rare large gradients count and none is the first. 2 vectors.
//
//   - AdaBound goes over from Adam to SGD; take it from a far and badly scaled start, if SGD's step size is known. 3 vectors.
//
//   - Yogi has a mean that small gradients cannot make collapse; take it where gradients are mostly 0 or small. 2 vectors.
//
//   - Padam divides by a power of the root; take it where Adam is fast at first but SGD ends better, and the power can be
//     tried out. 3 vectors.
//
//   - QHAdam mixes the gradient into both means once more; take it for a long memory without its delay. 2 vectors.
//
//   - Adan takes Nesterov's momentum from differences of gradients; take it for exact gradients or common random numbers.
//     4 vectors.
//
//   - FTML answers to the present gradient; take it where the objective changes while it is minimized. 1 vector.
//
//   - OptimisticAdam goes twice its step and takes back the last; take it for saddle points. 3 vectors.
//
//   - AdEMAMix has a second, much longer mean of the gradient; take it for long runs in directions that persist. 3 vectors.
//
//   - SimplifiedAdEMAMix has one mean and more weight on the present gradient; take it for the same with less memory. 2 vectors.
//
//   - MARS adds the change of the gradient to it, and bounds it; take it for small noise where the scale of the gradient is
//     known. 4 vectors.
//
//   - NovoGrad divides blocks by their lengths and takes the mean after that; take it for blocks of one scale each. 2 vectors.
//
//   - SMORMS3 has a memory that is long where the gradient is noise; take it for RMSProp without a Schedule. 3 vectors.
//
//   - Eve is Adam with a step size that values set; take it where the least value is known and noise is small. 2 vectors.
//
//   - SWATS begins as Adam and goes on as SGD; Adam with a Schedule is the safer choice. 3 vectors.
//
// # Signs and ratios
//
// The length of a step does not come from the gradient at all.
//
//   - Signum moves every variable by the same length, against a sign; take it where gradients have outliers and symmetric noise.
//     1 vector.
//   - Lion does so with two memories; take it for many variables of like scale and noisy gradients. 1 vector.
//   - Rprop has a length for every variable that grows and shrinks with the signs; take it for exact gradients and bad scales,
//     never in noise. 2 vectors.
//   - DeltaBarDelta has gains that do so, and steps in proportion to the gradient; take it in Rprop's place in small noise.
//     2 vectors.
//   - NormalizedSGD takes steps of one length along a mean of the gradient; take it where noise has infinite variance and no bound is known.
//     1 vector.
//   - LARS makes SGD's step a fraction of the length of x; take it for the layers of neural networks. 1 vector.
//   - LAMB makes Adam's step such a fraction; take it for the same. 3 vectors.
//   - Adafactor does so with a memory that grows; take it for the same where no step size is to be tuned. 2 vectors.
//   - Fromage does so with SGD and keeps x from growing; take it where only the direction of a block means something. No
//     vector.
//
// # No step size
//
// They find the length of their steps from the way that x has come, or from the value of the objective.
//
//   - DoG has the distance travelled for a step size; take it where no step size is known, with a mean of the iterates.
//     1 vector.
//   - DoWG weighs later gradients more; take it where even the order of the distance is not known. 1 vector.
//   - DAdaptSGD estimates the distance of the minimum; take it for small noise. 2 vectors.
//   - DAdaptAdam does so for Adam; Prodigy is faster. 3 vectors.
//   - Prodigy does so with a start that it remembers; take it for Adam's problems without Adam's step size. 4 vectors.
//   - COCOB bets on the signs of the gradient; take it for variables of the order of 1. 5 vectors.
//   - PolyakStep goes as far as a linear function would need; take it where values are exact and the least is known. No vector.
//   - SPS bounds that step for samples; take it for models that fit all data. No vector.
//   - MoMo is that with a mean of tangents; take it where the least value is known and there is noise. 2 vectors.
//   - MoMoAdam is Adam with that bound; take it likewise where scales differ. 3 vectors.
//   - Mechanic is around another Rule and finds the factor of its steps; take it where a good Schedule is known but no step
//     size. 2 vectors more than the Rule.
//
// # No horizon
//
// The answer is a running mean that the gradient is taken near; its noise decays at a constant step size.
//
//   - ScheduleFreeSGD is SGD so; take it in place of a Schedule if the length of the run is not known. 2 vectors.
//   - ScheduleFreeAdam is RMSProp so; take it in place of Adam likewise. 3 vectors.
//
// # Dual averaging
//
// x is a function of the sum of all gradients.
//
//   - FTRL adds penalties that make small components exactly 0; take it for many parameters of which few matter. 2 vectors.
//   - RDA has the penalty of the mean of f; take it for the same, with one step size. 2 vectors.
//
// # Curvature
//
// They learn the Hessian, or its diagonal, and so the scales of the variables.
//
//   - OLBFGS is L-BFGS with differences of gradients of one draw; take it for smooth, ill-conditioned objectives whose noise is
//     small. 2m+3 vectors for m pairs.
//   - AdaHessian divides by the diagonal of the Hessian; take it where scales differ by orders of magnitude and products with
//     the Hessian are to be had. 4 vectors.
//   - Sophia bounds such steps; take it where the curvature may vanish or be negative. 4 vectors.
//
// # Finite sums
//
// They go through terms that stay what they are.
//
//   - SFO keeps a quadratic model of each term; take it for 25 to some hundreds of smooth terms and many digits. K vectors, and
//     (4·History+2)NK numbers for N terms in a subspace of K dimensions.
//
// # Wrappers
//
// Some are Rules that hold a Rule, and can be nested. The vectors are those besides the Rule's. What comes to the gradient:
//
//   - Clip bounds it, also beside the length of x; take it against outliers and noise of infinite variance. 1 vector.
//   - Noise adds noise that decays; take it to leave saddle points, or to try out noise. 1 vector.
//   - Accumulate takes the mean of several; take it where the Rule's steps do not average enough. 2 vectors.
//   - SAM takes it at the worst point nearby; take it to find a wide minimum among many, never to estimate. 1 vector.
//
// To the variables:
//
//   - Freeze leaves some as they are; take it to fit the others. 2 vectors.
//
//   - Scale gives every variable a unit of its own; take it where they differ by orders of magnitude. 4 vectors.
//
//   - Decay draws them to a center; take it where a prior value is known. No vector.
//
// To the step:
//
//   - Cautious leaves out what goes up the gradient; take it for exact gradients and much momentum. 1 vector.
//   - DropWhenStationary shortens it when a test says that the run has got as far as it goes; take it where neither the length of
//     the run nor the curvature is known. 2 vectors.
//
// To the answer:
//
//   - Average is a mean of the iterates; take it for the last digits in noise, if it is known when they begin. 1 vector.
//   - TailAverage is the mean of late iterates; take it if that is not known. 2 vectors.
//   - Lookahead goes back part of the way of several steps; take it where the Rule oscillates. 1 vector.
//
// The steps of many variables of AdamW, AMSGrad, AdaMax, NAdam, RMSProp, AdaGrad, SGD, Lion, ScheduleFreeSGD, ScheduleFreeAdam, Average and
// TailAverage are shared by several goroutines where their field Concurrent, or Problem.Concurrent, asks for it.
//
// # Sparse gradients
//
// Where a gradient is 0 in nearly all of very many variables, StepSparse of stochopt.Adam and of SGD, AdaGrad, RMSProp and FTRL takes only
// the others. AdaGrad, FTRL, and SGD and RMSProp without momentum cost no more than these. Momentum goes on where the gradient is 0, and
// those steps have to be made up for: with the same result as Step, or, with Adam.Lazy and RMSProp.Lazy, by another method that
// leaves them out, in Step too.
//
// Methods that say they rebuild x from their own state must not be given a projection.
package method

import "github.com/stochopt/stochopt"

type sequential = stochopt.Sequential
