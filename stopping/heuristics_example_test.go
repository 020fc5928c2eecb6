package stopping_test

import (
	"context"
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// The step size is lowered whenever the iterates have ceased to depart from where the stage began.
func ExampleDistance() {
	m := &method.SGD{StepSize: 0.1}
	x := []float64{3, 4}
	for range 3 {
		r, err := stochopt.Minimize(context.Background(), sphere(1, 1), x, &optimize.Settings{Converger: &stopping.Distance{}}, m)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("step %.4f: %v after %d iterations\n", m.StepSize, r.Status, r.MajorIterations)
		x, m.StepSize = r.X, m.StepSize/4
	}
	// Output:
	// step 0.1000: StepConvergence after 19 iterations
	// step 0.0250: StepConvergence after 19 iterations
	// step 0.0063: StepConvergence after 474 iterations
}

func ExamplePflug() {
	s := &optimize.Settings{Converger: &stopping.Pflug{BurnIn: 100}}
	r, err := stochopt.Minimize(context.Background(), sphere(1, 1), []float64{3, 4}, s, &method.SGD{StepSize: 0.01})
	fmt.Printf("%v after %d iterations, error %v\n", r.Status, r.MajorIterations, err)
	// Output:
	// StepConvergence after 2203 iterations, error <nil>
}

func ExampleSASA() {
	s := &optimize.Settings{Converger: &stopping.SASA{}}
	r, err := stochopt.Minimize(context.Background(), sphere(1, 1), []float64{3, 4}, s, &method.SGD{StepSize: 0.01})
	fmt.Printf("%v after %d iterations, error %v\n", r.Status, r.MajorIterations, err)
	// Output:
	// StepConvergence after 8400 iterations, error <nil>
}
