module github.com/stochopt/stochopt/cmd/stochopt

go 1.26.0

require github.com/stochopt/stochopt v0.0.0

require (
	github.com/alecthomas/kong v1.17.0 // indirect
	github.com/expr-lang/expr v1.17.8 // indirect
	gonum.org/v1/gonum v0.17.0 // indirect
	pgregory.net/rapid v1.3.0 // indirect
)

replace github.com/stochopt/stochopt => ../..
