package fit

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/stochopt/stochopt"
)

// BootstrapSettings are the choices of a bootstrap. The zero value is right where errors are independent with standard
// deviations proportional to Sigma.
type BootstrapSettings struct {
	// Seed selects the random numbers. Equal seeds give equal bits, for any Concurrent.
	Seed uint64
	// Replicates is the number of new sets of data. If it is 0, 1000 is used.
	Replicates int
	// Concurrent is how many of them are fitted at once; the functions of Models and Parameters must be safe for that.
	// If it is 0, it is 1.
	Concurrent int
	// Resampling is how new data are made. The zero value is ResampleResiduals.
	Resampling Resampling
}

// Bootstrap is the distribution of the estimate over new data like the old.
type Bootstrap struct {
	// Parameters are the names, and Estimate the values, of the fit to the data themselves.
	Parameters []string
	Estimate   []float64
	// Estimates are those of the replicates, in their order; StdErr are their standard errors. They are nil for a
	// replicate whose fit had an error.
	Estimates, StdErrs [][]float64
	// Failed counts the replicates whose fit had an error, and Err is that of the first of them. Nothing is known of
	// where they belong: the intervals take them to lie beyond both ends, which makes these longer.
	Failed int
	Err    error

	stdErr       []float64
	acceleration []float64
}

// Bootstrap fits replicates of the data, made by s.Resampling, each from Estimate and by Levenberg-Marquardt alone. Where
// t-intervals and profiles rest on normal errors, the bootstrap takes their distribution from the residuals. If s is
// nil, defaults are used. Its error is the cause of a cancelled ctx, or that all replicates have failed; a fit without
// residual standard deviation has no errors to resample, which is an error unless Resampling is ResampleCases.
//
// With a Loss each replicate is searched as the data were, from Estimate in place of the start. With some 20 responses, of
// which a few are outliers to one side, t-intervals and those of ResampleSigns are too short; Interval with
// ResampleResiduals comes nearer to its level, and does not reach it (TestRobustReplicates counts, with -fit.full).
//
// Bootstrap panics if a setting is out of range.
//
// References: B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap, 1993. A. C. Davison, D. V. Hinkley, Bootstrap
// Methods and their Application, 1997, chapters 5 and 6.
func (r *Result) Bootstrap(ctx context.Context, s *BootstrapSettings) (*Bootstrap, error) {
	var o BootstrapSettings
	if s != nil {
		o = *s
	}
	switch {
	case o.Replicates < 0:
		panic(fmt.Sprintf("fit: BootstrapSettings.Replicates = %d, want >= 0", o.Replicates))
	case o.Concurrent < 0:
		panic(fmt.Sprintf("fit: BootstrapSettings.Concurrent = %d, want >= 0", o.Concurrent))
	case o.Resampling < 0 || o.Resampling > ResampleSigns:
		panic(fmt.Sprintf("fit: BootstrapSettings.Resampling = %d, want one of the constants", o.Resampling))
	}
	n := o.Replicates
	if n == 0 {
		n = 1000
	}
	p, err := newPopulation(r, o.Resampling)
	if err != nil {
		return nil, err
	}
	b := &Bootstrap{
		Parameters:   r.Parameters,
		Estimate:     r.Estimate,
		Estimates:    make([][]float64, n),
		StdErrs:      make([][]float64, n),
		stdErr:       r.StdErr,
		acceleration: p.acceleration(),
	}
	errs := make([]error, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range max(1, o.Concurrent) {
		group.Go(func() {
			for {
				k := int(next.Add(1)) - 1
				if k >= n || ctx.Err() != nil {
					return
				}
				rng := stochopt.Sample{Seed: o.Seed, Step: k}.Rand()
				q, err := r.refit(ctx, p.draw(rng), r.Estimate)
				if errs[k] = err; err == nil {
					b.Estimates[k], b.StdErrs[k] = q.Estimate, q.StdErr
				}
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("fit: bootstrap cancelled: %w", context.Cause(ctx))
	}
	for _, err := range errs {
		if err != nil {
			b.Failed++
			if b.Err == nil {
				b.Err = err
			}
		}
	}
	if b.Failed == n {
		return nil, fmt.Errorf("fit: no bootstrap replicate could be fitted, the first because of: %w", b.Err)
	}
	return b, nil
}

// moments are the mean and the standard deviation of parameter i over the replicates that have been fitted.
func (b *Bootstrap) moments(i int) (mean, sd float64) {
	var n, sum float64
	for _, e := range b.Estimates {
		if e != nil {
			n++
			d := e[i] - mean
			mean += d / n
			sum += d * (e[i] - mean)
		}
	}
	return mean, math.Sqrt(sum / (n - 1))
}

// StdErr is the standard deviation of parameter i over the replicates that have been fitted.
func (b *Bootstrap) StdErr(i int) float64 {
	_, sd := b.moments(i)
	return sd
}

// Bias is the mean of parameter i over the replicates that have been fitted, less Estimate: about as much as Estimate
// lies above the truth.
func (b *Bootstrap) Bias(i int) float64 {
	mean, _ := b.moments(i)
	return mean - b.Estimate[i]
}
