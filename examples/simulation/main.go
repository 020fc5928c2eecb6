// Command simulation is an objective as a program of its own, for stochopt check: it prints a draw of
//
//	Σ (xᵢ - i)² + noise,  i = 1, 2, ...
//
// and of its gradient, at the x that its arguments give. -noise says where the noise comes from: none; seed, as
// -seed gives it; or own, a generator that nobody can seed. -wrong makes the gradient wrong.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
)

func main() {
	noise := flag.String("noise", "seed", "none, seed or own")
	seed := flag.Uint64("seed", 0, "the seed of the noise")
	wrong := flag.Bool("wrong", false, "print a wrong gradient")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "no point: give the components of x as arguments, after -- if the first is negative")
		os.Exit(2)
	}
	r := rand.New(rand.NewPCG(*seed, 1))
	sd := 0.1
	switch *noise {
	case "none":
		sd = 0
	case "seed":
	case "own":
		r = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	default:
		fmt.Fprintf(os.Stderr, "-noise is %q, want none, seed or own\n", *noise)
		os.Exit(2)
	}
	normal := func() float64 { return sd * r.NormFloat64() }
	f := normal()
	var grad []float64
	for i, arg := range flag.Args() {
		x, err := strconv.ParseFloat(arg, 64)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		d := x - float64(i+1)
		f += d * d
		if *wrong {
			d = -d
		}
		grad = append(grad, 2*d+normal())
	}
	fmt.Println(f)
	for _, g := range grad {
		fmt.Println(g)
	}
}
