module github.com/stochopt/stochopt/bench

go 1.26.0

require (
	github.com/stochopt/stochopt v0.0.0
	golang.org/x/sys v0.49.0
	gonum.org/v1/gonum v0.17.0
)

require golang.org/x/tools v0.52.0 // indirect

replace github.com/stochopt/stochopt => ../
