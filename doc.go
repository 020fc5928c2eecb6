// Package stochopt is stochastic optimization for gonum.
package stochopt
