//go:build race

package stopping

// The race detector makes the simulations ten times slower, and needs few of them.
const share = 10
