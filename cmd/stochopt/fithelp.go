package main

import (
	"strings"

	"github.com/stochopt/stochopt/formula"
)

// Help is the long text of stochopt fit --help.
func (*fitCommand) Help() string {
	return `Example:

    stochopt fit misra1a.csv 'y ~ b1*(1-exp(-b2*x))' b1=500 b2=0.0001 --plot fit.png

finds the b1 and b2 for which the sum of the squares of y - b1*(1-exp(-b2*x)) over the rows of misra1a.csv is least, prints them with standard errors and confidence intervals, and draws the data with the curve. The file begins

    # lines with # are comments
    x,y
    77.6,10.07
    114.9,14.73

Columns are separated by commas, tabs, semicolons or blanks; beside the last three numbers may have decimal commas. Only the columns that are used need to hold numbers. A file without a header is read with --columns x,y.

FORMULAS. The names in a formula are columns of the file or parameters; parameters are the names with a start value. A start should have the right sign and order of magnitude. Formulas know + - * /, powers (** or ^, so that -x**2 is -(x**2) and a**b**c is a**(b**c)), parentheses, pi, and ` +
		strings.Join(formula.Functions(), ", ") + `; log is the natural logarithm. The left side may be an expression of columns, as in log(y). A column that is the same in every row is welcome beside others that are not. Put the formula between quotation marks, to keep the shell from reading it.

BUILT-IN MODELS need no start values:

    stochopt fit spectrum.csv --x energy --y counts --model gaussian+line

See stochopt models for all. In a sum the names of parameters begin with that of their model, as gaussian_sigma and line_slope do; of two alike it is gaussian1_sigma and gaussian2_sigma. A start value that is given replaces the guess.

PARAMETERS. The same words say of a parameter on the command line and in a file what is known of it:

    k=0.5 --lower k=0 --upper k=10       bounds
    --fix c                              c stays at its start; --fix c=3 at 3
    --tie 'b2=2*b1'                      b2 is an expression of others
    --log k                              searched in log(k), for k > 0
    --logit p --lower p=0 --upper p=1    searched in log((p-lower)/(upper-p))
    --scale k=0.1                        a change of k that matters

    --params start.toml                  b1 = 500
                                         [k]
                                         start = 0.5
                                         lower = 0
                                         [b2]
                                         tie = "2*b1"

A file whose name ends in .json holds the same as JSON, {"b1": 500, "k": {"start": 0.5, "lower": 0}}. The command line overrides the file, thing by thing; a thing that the command line itself says twice, as in c=2 --fix c=3, is an error. --write-params writes such a file with the estimates as starts.

ERRORS OF THE DATA. All rows weigh the same, as is right if their errors are equal. If they are not, and a column s holds their standard deviations, give --sigma s: rows weigh 1/s², and the standard errors are scaled by the residuals, so that only the ratios of s matter. In place of a column it may be an expression of columns, as in --sigma 'sqrt(counts)'. If s are the standard deviations themselves, add --absolute-sigma: then nothing is scaled, and the reduced chi-square is near 1 if the model holds. Of a fit by least squares the report names the rows that lie too far from the curve for normal errors. Against such outliers, --loss huber; the report then names the rows that have less than half of their weight.

INTERVALS. --conf t is right if the curve is nearly linear in the parameters over a few standard errors. --conf profile follows the sum of squares itself, which takes some 15 short fits for each end; it is for least squares. --conf bootstrap takes the distribution of the errors from the residuals, with 1000 fits.

COMPARING. --compare fits other formulas or built-in models to the same rows, by least squares, and weighs all by AICc, Akaike's criterion for small samples: the weight of a model is the share of evidence for it. A difference above 10 is strong evidence against a model, one below 2 is little. Where a model is a special case of another (its parameters have the same names, and those it lacks are 0 or 1 in it) an F-test tells how likely so large an improvement is by chance. A model without a fit, as one that the data do not determine, is named with the reason and left out; the exit code is that of the first model, which the report is about.

LARGE TABLES. --stream keeps the rows in a temporary file and not in memory, and reads it once for each step of the search: a table of a million rows takes some 25 MB and a few seconds. The first part of the search sees a random sample of 10 000 rows, the rest all of them; the result is that of a fit without --stream, in whatever order the rows are. It is for least squares with --conf t, without --compare, --csv and --plot.

--json prints formula, data, response, predictors, sigma, absolute_sigma, loss, outcome, error (null, or why the fit failed), warnings, notes, points, skipped_lines, level, intervals, seed, parameters (a list of name, start, estimate, standard_error, relative_error, lower, upper, kind), residual_standard_deviation, degrees_of_freedom, residual_sum_of_squares, chi_square, reduced_chi_square, rmse, r_squared, adjusted_r_squared, log_likelihood, aic, aicc, bic, covariance and correlation (lists of rows), rank, status, after_adam, iterations, evaluations, objective, down_weighted (the points that a loss gives less than half of their weight: line, standardized_residual, weight) and comparison (null, or the models, the best first, with model, parameters, residual_sum_of_squares, aicc, delta_aicc, weight, error, f_tests and untested). A number that is not finite or not known is null. If the input is wrong, the object holds error only.

Exit codes:

    0    the fit succeeded
    1    the search found no minimum, or a file could not be written after the fit
    2    the input is wrong, or a file cannot be written where a flag says; nothing was fitted
    3    the data do not determine all parameters or their errors; a line WARNING says which: an error bar is infinite or missing, a parameter has run away, or there are as many parameters as points
    4    the search had not ended after the iterations allowed
    130  interrupted

A fit that fails prints the values at which it stopped. Under go run the exit code of every failure is 1: in scripts use the command that this installs:

    go install ./cmd/stochopt`
}
