package main

import (
	"errors"
	"fmt"

	"github.com/stochopt/stochopt/fit"
)

// outcome is how a fit can end.
type outcome struct {
	name string // in the JSON
	code int    // of the command's exit
}

var (
	outcomeFitted       = outcome{"fitted", fitted}
	outcomeFailed       = outcome{"failed", failed}
	outcomeUndetermined = outcome{"undetermined", undetermined}
	outcomeNoEnd        = outcome{"not converged", noEnd}
	outcomeInterrupted  = outcome{"interrupted", interrupted}
)

// outcomeOf tells how a fit has ended.
func outcomeOf(d *candidate) outcome {
	var rank *fit.RankError
	switch {
	case errors.As(d.err, &rank), d.err == nil && (d.result.RanAway != nil || len(d.withoutErrors()) > 0):
		return outcomeUndetermined
	case errors.Is(d.err, fit.ErrNotConverged):
		return outcomeNoEnd
	case d.interrupted:
		return outcomeInterrupted
	case d.err != nil:
		return outcomeFailed
	}
	return outcomeFitted
}

// withoutErrors are the parameters that were searched and have no error bar although the search has ended well.
func (d *candidate) withoutErrors() (names []string) {
	for i, p := range d.parameters {
		if se := d.result.StdErr[i]; role(p, d.result) == "free" && !finite(se) {
			names = append(names, p.Name)
		}
	}
	return names
}

// outcomeError is the error of a fit that has a result, with its exit code.
type outcomeError struct {
	error
	outcome outcome
}

// Unwrap returns the error itself.
func (e outcomeError) Unwrap() error { return e.error }

// judge returns the error of a fit, or nil if it can be trusted. Failure is what explain has made of its error.
func judge(d *candidate, failure error) error {
	o := outcomeOf(d)
	switch {
	case failure != nil:
		return outcomeError{failure, o}
	case o != outcomeFitted:
		return outcomeError{fmt.Errorf("the fit is not to be trusted: see WARNING"), o}
	}
	return nil
}
