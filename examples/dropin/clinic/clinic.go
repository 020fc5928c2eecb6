// Package clinic is what the two programs share: the data, the loss, and the picture.
package clinic

import (
	"math"
	"math/rand/v2"

	"github.com/stochopt/stochopt/examples/internal/picture"
)

// Data are doses and whether they have worked.
type Data struct {
	dose, worked []float64
	rnd          *rand.Rand
}

// Patients returns n rows in which the chance is 1/(1 + exp(1.5 - 0.8 dose)).
func Patients(n int) *Data {
	d := &Data{rnd: rand.New(rand.NewPCG(1, 2))}
	for range n {
		x := 6 * d.rnd.Float64()
		y := 0.
		if d.rnd.Float64() < chance([]float64{-1.5, 0.8}, x) {
			y = 1
		}
		d.dose, d.worked = append(d.dose, x), append(d.worked, y)
	}
	return d
}

// Batch returns n random rows.
func (d *Data) Batch(n int) *Data {
	b := &Data{}
	for range n {
		i := d.rnd.IntN(len(d.dose))
		b.dose, b.worked = append(b.dose, d.dose[i]), append(b.worked, d.worked[i])
	}
	return b
}

func chance(x []float64, dose float64) float64 { return 1 / (1 + math.Exp(-x[0]-x[1]*dose)) }

// Loss is the mean negative log-likelihood of the rows; it stores the gradient if grad is not nil.
func Loss(grad, x []float64, d *Data) float64 {
	clear(grad)
	n := float64(len(d.dose))
	var sum float64
	for i, dose := range d.dose {
		t := x[0] + x[1]*dose
		sum += (math.Max(t, 0) + math.Log1p(math.Exp(-math.Abs(t))) - d.worked[i]*t) / n
		if grad != nil {
			g := (chance(x, dose) - d.worked[i]) / n
			grad[0] += g
			grad[1] += g * dose
		}
	}
	return sum
}

// Draw draws the chance by dose, and the share of patients for whom it has worked.
func Draw(name string, d *Data, x []float64) {
	const bins = 30
	var dose, share, count, y [bins]float64
	for i, v := range d.dose {
		k := int(v / 6 * bins)
		count[k]++
		share[k] += d.worked[i]
	}
	for k := range bins {
		dose[k] = (float64(k) + 0.5) * 6 / bins
		share[k] /= count[k]
		y[k] = chance(x, dose[k])
	}
	p := picture.New("dose", "chance that it works")
	p.Line("regression", 0, dose[:], y[:])
	p.Points("patients", dose[:], share[:], nil)
	p.Legend.Top = false
	p.Save(name)
}
