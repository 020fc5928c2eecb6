//go:build !race

package formula

const allocations = 0
