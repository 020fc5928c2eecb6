package kernel

// Track gathers what stopping.Stationary keeps of the variables x and the gradient g:
//
//	low ← min(low, x), top ← max(top, x), or low and top where x is NaN
//	block ← block + (x - ref), sq ← sq + (x - ref)²
//	grad ← grad + g, gradSq ← gradSq + g²
type Track struct {
	Ref, Low, Top, Block, Sq []float64
	Grad, GradSq             []float64
}

// Reset makes t one of dim variables, all sums 0. It uses memory again that has the length.
func (t *Track) Reset(dim int) {
	for _, v := range [...]*[]float64{&t.Ref, &t.Low, &t.Top, &t.Block, &t.Sq, &t.Grad, &t.GradSq} {
		if len(*v) != dim {
			*v = make([]float64, dim)
		}
		clear(*v)
	}
}

// Add takes in x and g, which have the length of t.
func (t *Track) Add(x, g []float64) {
	n := len(t.Ref)
	x, g = x[:n], g[:n]
	low, top, block, sq, grad, gradSq := t.Low[:n], t.Top[:n], t.Block[:n], t.Sq[:n], t.Grad[:n], t.GradSq[:n]
	from := wide(n)
	if from > 0 {
		trackAVX2(&x[0], &g[0], &t.Ref[0], &low[0], &top[0], &block[0], &sq[0], &grad[0], &gradSq[0], from)
	}
	for i := from; i < n; i++ {
		v := x[i]
		if v < low[i] {
			low[i] = v
		}
		if v > top[i] {
			top[i] = v
		}
		v -= t.Ref[i]
		block[i] += v
		sq[i] += float64(v * v)
		grad[i] += g[i]
		gradSq[i] += float64(g[i] * g[i])
	}
}
