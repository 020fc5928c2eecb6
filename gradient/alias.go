package gradient

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
)

// aliasTable draws index i with a given probability p_i. Every index has a column of height 1, which it shares with one
// other, its alias: a draw chooses a column, and the index itself with the probability own.
type aliasTable []struct {
	ratio float64 // N p_i
	own   float64
	alias int
}

// newAliasTable returns the table of the probabilities w/Σw.
func newAliasTable(w []float64) aliasTable {
	t := make(aliasTable, len(w))
	largest := floats.Max(w) // by which all are divided, or their sum may overflow
	var mean float64
	for _, v := range w {
		mean += v / largest / float64(len(w))
	}
	var low, high []int // columns not full; full or more
	for i, v := range w {
		r := v / largest / mean
		t[i].ratio, t[i].own, t[i].alias = r, r, i
		if r < 1 {
			low = append(low, i)
		} else {
			high = append(high, i)
		}
	}
	for len(low) > 0 && len(high) > 0 {
		i, j := low[len(low)-1], high[len(high)-1]
		low = low[:len(low)-1]
		t[i].alias = j
		t[j].own -= 1 - t[i].own // what j fills of column i
		if t[j].own < 1 {
			high = high[:len(high)-1]
			low = append(low, j)
		}
	}
	// The columns that are left are full but for rounding, and each is its own alias.
	return t
}

func (t aliasTable) draw(pcg *rand.PCG) int {
	i := below(pcg, len(t))
	if float64(pcg.Uint64()>>11)*0x1p-53 < t[i].own {
		return i
	}
	return t[i].alias
}
