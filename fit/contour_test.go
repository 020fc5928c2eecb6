package fit_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// TestContour compares with nested fits along the same rays by scipy. The ellipse of the linearized model is further off.
func TestContour(t *testing.T) {
	for name, g := range readProblems(t) {
		for _, absolute := range []bool{false, true} {
			r := g.fit(t, &fit.Settings{AbsoluteSigma: absolute})
			want := g.Contour.Relative
			if absolute {
				want = g.Contour.Absolute
			}
			// The rays of the golden values are those of unit Sigma, as ours are; both are scaled to the same points.
			c, err := r.Contour(t.Context(), 0, 1, 0.95, len(want))
			if err != nil {
				t.Fatal(err)
			}
			curved := 0.0
			for k := range want {
				for a := range 2 {
					d := math.Abs(c[k][a]-want[k][a]) / r.StdErr[a]
					if !(d < 1e-6) {
						t.Errorf("%s, absolute %v, point %d: %v, want %v", name, absolute, k, c[k], want[k])
					}
					// Points of an ellipse come in pairs around the centre.
					o := want[(k+len(want)/2)%len(want)]
					curved = max(curved, math.Abs(want[k][a]+o[a]-2*r.Estimate[a])/r.StdErr[a])
				}
			}
			if (name == "parabola") != (curved < 1e-6) {
				t.Errorf("%s: %.2g standard errors off the ellipse", name, curved)
			}
		}
	}
}

// TestContourRise fits with both parameters fixed at each point and finds the rise of RSS that defines the region, with a
// third parameter in its best place. F is that of 2 and 9 degrees of freedom, from tables.
func TestContourRise(t *testing.T) {
	g := readProblems(t)["decay"]
	r := g.fit(t, nil)
	const f = 4.25649472909375
	for _, pair := range [][2]int{{0, 2}, {2, 1}} {
		c, err := r.Contour(t.Context(), pair[0], pair[1], 0.95, 12)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range c {
			params := starts(g.model.Parameters, g.Start)
			for a, j := range pair {
				params[j].Fixed, params[j].Start = true, p[a]
			}
			q, err := fit.Curve(t.Context(), g.model, g.data(), params, nil)
			if err != nil {
				t.Fatal(err)
			}
			near(t, fmt.Sprint("rise at ", p), []float64{q.RSS - r.RSS}, []float64{2 * f * r.RSS / 9}, 1e-7, 0)
		}
	}
}

// TestOpenContour has responses near the plateau 1 of the logistic functions of two parameters: the region has no end
// where both grow. With bounds it ends there.
func TestOpenContour(t *testing.T) {
	plateaus := fit.Model{Parameters: []string{"p", "q"}, Outputs: 2, Vector: func(dst, jac, b, x []float64) {
		for k, v := range b {
			dst[k] = 1 / (1 + math.Exp(-v))
			if jac != nil {
				jac[2*k], jac[2*k+1] = 0, 0
				jac[3*k] = dst[k] * (1 - dst[k])
			}
		}
	}}
	d := fit.Data{X: column(1, 2, 3), Y: []float64{0.9, 0.8, 1, 0.9, 0.8, 1.05}}
	params := starts(plateaus.Parameters, []float64{1, 1})
	for _, bound := range []float64{0, 20} {
		for i := range params {
			params[i].Lower, params[i].Upper = -bound, bound
		}
		r, err := fit.Curve(t.Context(), plateaus, d, params, nil)
		if err != nil {
			t.Fatal(err)
		}
		const n = 16
		c, err := r.Contour(t.Context(), 0, 1, 0.95, n)
		if err != nil {
			t.Fatal(err)
		}
		for k, p := range c {
			// In the first quadrant, with its axes, there is no end; in the third, with a little of both others, there
			// is.
			want := math.Inf(1)
			if bound > 0 {
				want = bound
			}
			open := k > 0 && k < n/4
			if open && (bound == 0 && (p[0] != want || p[1] != want) || bound > 0 && max(p[0], p[1]) != want) {
				t.Errorf("bound %v, point %d: %v, want %v", bound, k, p, want)
			}
			if k >= n/2 && k <= 3*n/4 && !(math.Abs(p[0]) < 15 && math.Abs(p[1]) < 15) {
				t.Errorf("bound %v, point %d: %v, want an end", bound, k, p)
			}
		}
	}
}
