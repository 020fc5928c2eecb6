//go:build race

package formula

// allocations per evaluation are those of a new sweep at most: the race detector makes a sync.Pool forget at random.
const allocations = 5
