//go:build race

package fit_test

// The race detector makes simulations ten times slower, and needs few runs of them.
const share = 10
