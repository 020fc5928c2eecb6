package fit

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// followedBy is the leverage above which the curve is said to follow a response whatever it is.
const followedBy = 0.95

// saturate sets Saturated: parameter i of which the estimate changes by
//
//	aᵢₖ = Σ Wᵢₗ/Sₗ Uₖₗ
//
// with response k is one if half of Σ aᵢₖ², its variance, or more is due to responses that the curve follows. w is W, of n columns, where lm.lin has
// been factored.
func (r *Result) saturate(lm *levenberg, p *point, w []float64, n int) {
	if lm.c.loss != nil || lm.c.pass != nil || !slices.ContainsFunc(r.leverage, func(h float64) bool { return h > followedBy }) {
		return
	}
	lin, columns := lm.lin, len(lm.lin.cols)
	u := make([]float64, n)
	all, followed := make([]float64, len(r.Parameters)), make([]float64, len(r.Parameters))
	for k, h := range r.leverage {
		lin.leftRow(u, p.row(k))
		for i := range all {
			var a float64
			for l, v := range u {
				a += w[i*columns+l] / lin.svd.s[l] * v
			}
			all[i] = math.Hypot(all[i], a)
			if h > followedBy {
				followed[i] = math.Hypot(followed[i], a)
			}
		}
	}
	for i, v := range all {
		if v > 0 && followed[i]*followed[i] >= 0.5*v*v && !slices.Contains(r.AtBound, r.Parameters[i]) {
			r.Saturated = append(r.Saturated, r.Parameters[i])
		}
	}
}

// followed is what Diagnosis says of Saturated, and of responses that the curve follows, three at most.
func (r *Result) followed() []string {
	if r.DF <= 0 || r.failure != nil {
		return nil
	}
	var all []string
	if r.Saturated != nil {
		all = append(all, fmt.Sprintf("Nothing in the data can contradict %s: most of what tells of it are responses through which the curve passes, whatever they are.",
			strings.Join(r.Saturated, ", ")))
	}
	first, told := 0, 0
	for k, s := range r.sets {
		for i := range s.Y {
			if h := r.leverage[first+i]; h > followedBy && told < 3 {
				set := ""
				if len(r.sets) > 1 {
					set = fmt.Sprintf(" of set %d", k)
				}
				told++
				all = append(all, fmt.Sprintf("The curve follows y[%d] = %v%s, at x = %v, whatever it is (leverage %.3f): an error of this response cannot be seen, and moves the estimate.",
					i, s.Y[i], set, s.X[i/max(s.Outputs, 1)], h))
			}
		}
		first += len(s.Y)
	}
	return all
}
