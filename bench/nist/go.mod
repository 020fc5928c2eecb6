module github.com/stochopt/stochopt/bench/nist

go 1.26.0

require (
	github.com/stochopt/stochopt v0.0.0
	github.com/stochopt/stochopt/formula v0.0.0
	gonum.org/v1/gonum v0.17.0
)

require (
	github.com/expr-lang/expr v1.17.8 // indirect
	golang.org/x/exp v0.0.0-20261014143641-f0251eb4aa3e // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
)

replace github.com/stochopt/stochopt => ../..

replace github.com/stochopt/stochopt/formula => ../../formula
