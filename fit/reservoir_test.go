package fit

import "testing"

// TestSampleOf: the rows of a sample belong together and are those of the data in their order, once each and from all
// parts of the data; sets of fewer points stay whole.
func TestSampleOf(t *testing.T) {
	data := func(n int) (d Data) {
		for i := range n {
			v := float64(i)
			d.X = append(d.X, []float64{v})
			d.Y, d.Sigma = append(d.Y, v, -v), append(d.Sigma, v+1, v+2)
		}
		return d
	}
	vector := Model{Parameters: []string{"a"}, Outputs: 2, Vector: func(_, _, _, _ []float64) {}}
	sets := []Set{{vector, data(2 * sampleSize)}, {vector, data(100_000)}, {vector, data(3)}}
	if s := sampleOf(sets[:1]); s != nil {
		t.Errorf("a sample of %d of %d points, want none", len(s[0].X), 2*sampleSize)
	}
	s := sampleOf(sets)
	for k, n := range []int{2 * sampleSize, sampleSize, 3} {
		if len(s[k].X) != n || len(s[k].Y) != 2*n || len(s[k].Sigma) != 2*n {
			t.Fatalf("set %d has %d points, %d responses, %d standard deviations, want %d points", k, len(s[k].X), len(s[k].Y), len(s[k].Sigma), n)
		}
	}
	if len(sets[1].X) != 100_000 {
		t.Error("the data have been changed")
	}
	last := -1.
	var parts [10]int
	for i, x := range s[1].X {
		v := x[0]
		if v <= last || s[1].Y[2*i] != v || s[1].Y[2*i+1] != -v || s[1].Sigma[2*i] != v+1 || s[1].Sigma[2*i+1] != v+2 {
			t.Fatalf("point %d is %v after %v, with responses %v and standard deviations %v", i, v, last, s[1].Y[2*i:2*i+2], s[1].Sigma[2*i:2*i+2])
		}
		last = v
		parts[int(v)/10_000]++
	}
	for _, n := range parts { // each 1000 ± 28
		if n < 860 || n > 1140 {
			t.Errorf("of each ten thousand points the sample has %v, want 1000 ± 28", parts)
			break
		}
	}
}
