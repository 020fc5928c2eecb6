package kernel

import "math"

// Norm returns the Euclidean norm of x: the root of SumSquares, or, where that is so small or so large that squares may have vanished
// or overflowed, top times the root of the sum of (x/top)², where top is the greatest magnitude in x.
func Norm(x []float64) float64 {
	sum := SumSquares(x)
	if sum >= 0x1p-900 && sum <= math.MaxFloat64 {
		return math.Sqrt(sum)
	}
	return scaledNorm(x)
}

// SumSquares returns the sum of the squares of x, which are added in eight sums in turn.
func SumSquares(x []float64) float64 {
	var sums [turn]float64
	from := wide(len(x))
	if from > 0 {
		squaresAVX2(&x[0], from, &sums[0])
	}
	for i := from; i < len(x); i++ {
		sums[i%turn] += float64(x[i] * x[i])
	}
	return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
}

// turn is the number of elements in a turn of the assembly.
const turn = 8

func scaledNorm(x []float64) float64 {
	var top, sum float64
	for _, a := range x {
		top = max(top, math.Abs(a))
	}
	if top == 0 {
		return 0
	}
	for _, a := range x {
		a /= top
		sum += float64(a * a)
	}
	return top * math.Sqrt(sum)
}
