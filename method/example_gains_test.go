package method_test

import (
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
)

func ExampleAdaSqrt() {
	iterations(2000, &method.AdaSqrt{StepSize: 1})
	// Output:
	// [0.945 2.240]
}

func ExampleACProp() {
	iterations(4000, &method.ACProp{StepSize: 0.01, Schedule: schedule.Linear(4000, 0)})
	// Output:
	// [0.959 2.002]
}

// NadaMax.
func ExampleAdaMax_nesterov() {
	iterations(2000, &method.AdaMax{Nesterov: true, Schedule: schedule.Linear(2000, 0)})
	// Output:
	// [0.982 1.997]
}

func ExampleDeltaBarDelta() {
	iterations(4000, &method.DeltaBarDelta{StepSize: 0.01, Schedule: schedule.Linear(4000, 0)})
	// Output:
	// [0.951 2.002]
}

// All values are above -5.
func ExampleEve() {
	iterations(4000, &method.Eve{Minimum: -5, StepSize: 0.01, Schedule: schedule.Linear(4000, 0)})
	// Output:
	// [0.961 2.003]
}
