package models

import "slices"

// A way is how to peel: bias is the weight of points above the background, those below have 1-bias, and 0 stands for
// least absolute deviations; order is that of the terms; those from the local-th on are guessed from a window around
// the largest that is left. Without linear terms the first is the background.
type way struct {
	bias  float64
	order []int
	local int
}

// ways are groups of ways, those first that are most likely to do.
func ways(background bool, others []int) (groups [][]way) {
	n := len(others)
	reversed := slices.Clone(others)
	slices.Reverse(reversed)
	orders, locals, biases := [][]int{others, reversed}, []int{n, 0, 1}, []float64{0.5, 0.02, 0.98}
	if background {
		biases = []float64{0, 0.02, 0.98, 0.5}
	}
	if n == 1 {
		orders, locals = orders[:1], locals[:1]
	}
	for _, order := range orders {
		for _, local := range locals {
			var group []way
			for _, bias := range biases {
				group = append(group, way{bias, order, local})
			}
			groups = append(groups, group)
		}
	}
	return groups
}
