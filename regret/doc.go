// Package regret measures what a method loses while it learns, and what theory says that it can lose.
//
// In online optimization the objective of round t is a convex loss f_t of its own, which is not known when x_t is
// chosen. The regret after T rounds is
//
//	R(T) = Σ f_t(x_t) - min_x Σ f_t(x),  t = 1, ..., T
//
// with x in a box, or at a given comparator. A method learns if R(T)/T goes to 0. Every draw of a stochastic objective
// is such a loss, and where draws are independent, the mean of the iterates has an expected error of at most E R(T)/T.
//
// Recorder is an optimize.Recorder that finds the regret of a run as it goes on, together with a certificate: an upper
// bound of the regret that follows from the iterates and gradients alone. Bounds known beforehand, from the gradients
// alone, are GradientDescent, StronglyConvex, AdaGrad, AMSGrad, AdamNC and RMSProp, each for the method of that name.
// Adam has none.
package regret
