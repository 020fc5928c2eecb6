// Package fit fits curves to data by least squares and says how well the data determine the parameters.
//
// Curve takes a Model, the curve f(x; b) with its derivatives by the parameters b, the Data and the Parameters with their
// starts, and returns the b of the least sum of squares
//
//	RSS(b) = Σ ((f(xᵢ; b) - yᵢ)/σᵢ)²
//
// with standard errors, covariance and, by Result.Interval, confidence intervals. Nothing else needs to be chosen: units
// of the parameters do not matter, and the way from a poor start is found by Adam, the last digits by
// Levenberg-Marquardt. Result.Diagnosis says in plain words what is remarkable about a fit.
//
// What may be chosen: bounds, fixed and tied parameters and coordinates of the search (Parameter), standard deviations of
// the responses (Data.Sigma), a Loss that outliers do not move (Huber, SoftL1, Cauchy, Tukey), several sets of data with
// shared parameters (Curves), vector-valued models (Model.Vector), derivatives by dual numbers or differences (Dual,
// Differences), and more starts (Settings.Starts).
//
// For data that do not fit into memory Passes is the same fit, which reads them in a few passes. For points that arrive once
// and are not kept, Stream fits the same Model by minibatches.
//
// Equal input gives equal bits on the same machine with the same version of Go; elsewhere math.Exp and others may round
// differently.
//
// Least squares has a package of its own, beside stochopt.Minimize, because its methods need the residuals one by one.
package fit
