//go:build !race

package stopping

const share = 1
