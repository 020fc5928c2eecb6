package fit

import (
	"fmt"
	"math"
)

// coordinates lead from the variables u of the search to the parameters b: u are the parameters that are neither fixed
// nor tied, each in the coordinate of its Transform.
type coordinates struct {
	params       []Parameter
	free         []int     // the parameter of each u
	lower, upper []float64 // bounds of u
	tied         []int     // the parameters with Tied
	place        []int     // of each parameter its u, fixedPlace, or tiedPlace - k for tied[k]
	simple       bool      // u = b
}

const (
	fixedPlace = -1
	tiedPlace  = -2
)

func newCoordinates(params []Parameter) *coordinates {
	c := &coordinates{params: params, place: make([]int, len(params)), simple: true}
	for i, p := range params {
		switch {
		case p.Tied != nil:
			c.place[i] = tiedPlace - len(c.tied)
			c.tied = append(c.tied, i)
		case p.Fixed:
			c.place[i] = fixedPlace
		default:
			c.place[i] = len(c.free)
			c.free = append(c.free, i)
			lo, hi := p.coordinateBounds()
			c.lower, c.upper = append(c.lower, lo), append(c.upper, hi)
		}
		c.simple = c.simple && c.place[i] >= 0 && p.Transform == Identity
	}
	return c
}

// bounds are those of b; infinite where there are none.
func (p *Parameter) bounds() (lo, hi float64) {
	if p.Lower == 0 && p.Upper == 0 {
		return math.Inf(-1), math.Inf(1)
	}
	return p.Lower, p.Upper
}

// coordinateBounds are those of u.
func (p *Parameter) coordinateBounds() (lo, hi float64) {
	lo, hi = p.bounds()
	switch p.Transform {
	case Log:
		return math.Log(max(lo, 0)), math.Log(hi)
	case Logit:
		return math.Inf(-1), math.Inf(1)
	}
	return lo, hi
}

// coordinate is u at b, and slope db/du there.
func (p *Parameter) coordinate(b float64) (u, slope float64) {
	switch p.Transform {
	case Log:
		return math.Log(b), b
	case Logit:
		return math.Log((b - p.Lower) / (p.Upper - b)), (b - p.Lower) * ((p.Upper - b) / (p.Upper - p.Lower))
	}
	return b, 1
}

// value is b at u, and slope db/du there.
func (p *Parameter) value(u float64) (b, slope float64) {
	switch p.Transform {
	case Log:
		b = math.Exp(u)
		return b, b
	case Logit:
		// The nearer bound plus a distance: b keeps its digits beside both.
		width := p.Upper - p.Lower
		e := math.Exp(-math.Abs(u))
		part := e / (1 + e)
		if u < 0 {
			b = p.Lower + width*part
		} else {
			b = p.Upper - width*part
		}
		return b, width * part / (1 + e)
	}
	return u, 1
}

// set computes p.b and its derivatives from p.u, and reports whether all are finite.
func (c *coordinates) set(p *point) bool {
	if c.simple {
		copy(p.b, p.u)
		return true
	}
	ok := true
	for k, i := range c.free {
		p.b[i], p.slope[k] = c.params[i].value(p.u[k])
		if side := c.atBound(p.u, k); side != 0 && finite(p.u[k]) { // exp and log are not inverse to the last bit
			p.b[i] = []float64{c.params[i].Lower, 0, c.params[i].Upper}[side+1]
		}
		ok = ok && finite(p.b[i]) && finite(p.slope[k])
	}
	// Ties must not depend on one another.
	for _, i := range c.tied {
		p.b[i] = math.NaN()
	}
	n := len(c.free)
	for t, i := range c.tied {
		for j := range p.grad {
			p.grad[j] = math.NaN()
		}
		p.ties[t] = c.params[i].Tied(p.grad, p.b)
		ok = ok && finite(p.ties[t])
		for k, j := range c.free {
			d := p.grad[j] * p.slope[k]
			p.tiedSlope[t*n+k] = d
			ok = ok && finite(d)
		}
	}
	for t, i := range c.tied {
		p.b[i] = p.ties[t]
	}
	return ok
}

// slopes stores ∂bᵢ/∂u at p in dst.
func (c *coordinates) slopes(dst []float64, p *point, i int) {
	clear(dst)
	switch k := c.place[i]; {
	case k >= 0:
		dst[k] = 1
		if !c.simple {
			dst[k] = p.slope[k]
		}
	case k <= tiedPlace:
		t, n := tiedPlace-k, len(c.free)
		copy(dst, p.tiedSlope[t*n:(t+1)*n])
	}
}

// check returns the first thing wrong with the parameters.
func (c *coordinates) check() error {
	for _, p := range c.params {
		lo, hi := p.bounds()
		switch {
		case p.Tied != nil:
			continue
		case !finite(p.Start):
			return fmt.Errorf("fit: the start of %s is %v", p.Name, p.Start)
		case p.Fixed:
			continue
		case !(lo < hi):
			advice := ""
			if p.Upper == 0 {
				advice = ", for no upper bound Upper: math.Inf(1)"
			}
			return fmt.Errorf("fit: the bounds of %s are [%v, %v], want Lower < Upper; for a constant set Fixed%s", p.Name, p.Lower, p.Upper, advice)
		case !(p.Start >= lo && p.Start <= hi):
			return fmt.Errorf("fit: the start of %s is %v, outside its bounds [%v, %v]", p.Name, p.Start, lo, hi)
		case !(p.Scale >= 0) || math.IsInf(p.Scale, 0):
			return fmt.Errorf("fit: the scale of %s is %v, want a number > 0, or 0 for the default", p.Name, p.Scale)
		case p.Transform == Log && p.Start <= 0:
			return fmt.Errorf("fit: the start of %s is %v, want > 0 for the transform Log", p.Name, p.Start)
		case p.Transform == Logit && !finite(hi-lo):
			return fmt.Errorf("fit: the bounds of %s are [%v, %v], want finite ones for the transform Logit", p.Name, lo, hi)
		case p.Transform == Logit && (p.Start == lo || p.Start == hi):
			return fmt.Errorf("fit: the start of %s is %v, a bound; the transform Logit wants it between them", p.Name, p.Start)
		}
	}
	if len(c.free) == 0 {
		return fmt.Errorf("fit: no parameter is free")
	}
	return nil
}

// start returns the u of the starts, and the change of each that matters, 0 where it is not known.
func (c *coordinates) start() (u, scale []float64) {
	for _, i := range c.free {
		p := &c.params[i]
		v, slope := p.coordinate(p.Start)
		size := math.Abs(p.Start)
		switch {
		case p.Scale > 0:
			size = p.Scale / slope
		case p.Transform != Identity:
			size = 1
		}
		u, scale = append(u, v), append(scale, size)
	}
	return u, scale
}

// names are those of the free parameters.
func (c *coordinates) names() []string {
	var names []string
	for _, i := range c.free {
		names = append(names, c.params[i].Name)
	}
	return names
}
