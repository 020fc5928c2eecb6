//go:build !race

package fit_test

const share = 1
