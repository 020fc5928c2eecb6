package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"

	"github.com/stochopt/stochopt/fit"
)

// interval is the confidence interval of a parameter.
type interval struct{ lower, upper float64 }

// intervals returns the confidence intervals of all parameters by the method of --conf. Those of profile and bootstrap are
// NaN where the fit has failed, as are those of t. Trouble with some of them is a list of sentences.
func (c *fitCommand) intervals(ctx context.Context, w io.Writer, d *candidate) (all []interval, trouble []string, err error) {
	r := d.result
	all = make([]interval, len(r.Parameters))
	for i := range all {
		all[i] = interval{math.NaN(), math.NaN()}
	}
	if d.err != nil {
		return all, nil, nil
	}
	switch c.Conf {
	case "t":
		for i := range all {
			all[i].lower, all[i].upper = r.Interval(i, c.Level)
		}
	case "profile":
		p := newProgress(w, len(all), "profiles")
		defer p.finish()
		for i := range all {
			p.add(1)
			kind := role(d.parameters[i], r)
			if kind == "tied" {
				trouble = append(trouble, fmt.Sprintf("%s is tied and has no profile of its own; --conf t or bootstrap gives its interval", r.Parameters[i]))
			}
			if kind != "free" {
				continue
			}
			profile, err := r.Profile(ctx, i, c.Level)
			if ctx.Err() != nil {
				return nil, nil, err
			}
			if err != nil {
				trouble = append(trouble, fmt.Sprintf("the profile of %s is not complete: %v", r.Parameters[i], err))
			}
			if profile != nil {
				all[i] = interval{profile.Lower, profile.Upper}
			}
		}
	case "bootstrap":
		b, err := r.Bootstrap(ctx, &fit.BootstrapSettings{Seed: c.Seed, Concurrent: runtime.GOMAXPROCS(0)})
		if ctx.Err() != nil {
			return nil, nil, err
		}
		if err != nil {
			return all, []string{fmt.Sprintf("no bootstrap intervals: %v", err)}, nil
		}
		if b.Failed > 0 {
			what := "which makes the intervals longer"
			if share := (1 - c.Level) / 2; float64(b.Failed) >= share*float64(len(b.Estimates)) {
				what = "more than the intervals leave out at an end, so that they may be infinite; --conf t gives others"
			}
			trouble = append(trouble, fmt.Sprintf("%d of %d bootstrap fits failed, %s; the first: %v", b.Failed, len(b.Estimates), what, b.Err))
		}
		for i := range all {
			if role(d.parameters[i], r) != "fixed" {
				all[i].lower, all[i].upper = b.Interval(i, c.Level)
			}
		}
	}
	return all, trouble, nil
}
