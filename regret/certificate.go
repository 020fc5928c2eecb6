package regret

import (
	"cmp"
	"math"
)

// certificate is the sums behind Recorder.Certificate.
type certificate struct {
	b1   float64
	n    int         // rounds
	void bool        // a step has not had the form
	at   []component // of x
}

type component struct {
	x, m    float64 // of the last round, whose step is not known yet
	h       float64 // h_t of the round before
	rise    float64 // Σ max(h_t - h_{t-1}, 0)
	squares float64 // Σ m_t²/h_t
	stuck   float64 // Σ |m_t| where x stays
	d       float64 // D
}

func newCertificate(dim int, b1 float64) certificate {
	return certificate{b1: b1, at: make([]component, dim)}
}

// add takes the next round of r and returns the certificate after it.
//
// The proof, with x* for the best point: from g_t = (m_t - β₁ m_{t-1})/(1-β₁),
//
//	Σ g_t(x_t-x*) = Σ m_t(x_t-x*) + β₁/(1-β₁) (m_T(x_T-x*) + Σ m_{t-1}(x_{t-1}-x_t))
//
// and m_t(x_t-x*) <= h_t((x_t-x*)² - (x_{t+1}-x*)²)/2 + m_t²/2h_t, m_{t-1}(x_{t-1}-x_t) <= m_{t-1}²/h_{t-1}, and
// m_T(x_T-x*) <= m_T²/h_T + h_T D²/4. The regret of T rounds does not depend on x_{T+1}, so that any h_T > 0 will do
// for the last.
func (c *certificate) add(x, grad []float64, r *Recorder) float64 {
	var sum float64
	for i := range c.at {
		p := &c.at[i]
		lo, hi := r.box(i)
		if c.n > 0 {
			c.step(p, x[i], lo, hi)
		}
		if r.Comparator != nil {
			lo, hi = r.Comparator[i], r.Comparator[i]
		}
		p.d = max(p.d, math.Abs(x[i]-lo), math.Abs(x[i]-hi))
		p.x, p.m = x[i], float64(c.b1*p.m)+float64((1-c.b1)*grad[i])
		sum += c.total(p)
	}
	c.n++
	if c.void {
		return math.Inf(1)
	}
	return sum
}

// step takes the step of the last round, to x.
func (c *certificate) step(p *component, x, lo, hi float64) {
	d, h := p.x-x, 0.0
	switch clipped := p.m > 0 && x == lo || p.m < 0 && x == hi; {
	case d == 0 && !clipped:
		p.stuck += math.Abs(p.m)
		return
	case d*p.m < 0 || p.m == 0:
		c.void = true
		return
	case clipped: // any h up to m/d leads to x
		h = max(p.h, math.Sqrt((1+c.b1)/(1-c.b1))*math.Abs(p.m)/cmp.Or(p.d, 1))
		if d != 0 {
			h = min(h, p.m/d)
		}
	default:
		h = p.m / d
	}
	p.rise += max(h-p.h, 0)
	p.squares += p.m * p.m / h
	p.h = h
}

// total is the part of the component in the certificate if the last round is the last.
func (c *certificate) total(p *component) float64 {
	switch {
	case p.d == 0:
		return 0
	case math.IsInf(p.d, 1):
		return p.d
	}
	factor := (1 + c.b1) / (2 * (1 - c.b1))
	last := c.b1 / (2 * (1 - c.b1))
	square := p.d * p.d / 2
	// The least of square (max(h - p.h, 0) + last h) + factor m²/h.
	h := math.Sqrt(factor/(square*(1+last))) * math.Abs(p.m)
	if h < p.h {
		h = p.h
		if last > 0 {
			h = min(h, math.Sqrt(factor/(square*last))*math.Abs(p.m))
		}
	}
	sum := square*(p.rise+max(h-p.h, 0)+last*h) + factor*p.squares + p.d*p.stuck
	if p.m != 0 {
		sum += factor * p.m * p.m / h
	}
	return sum
}
