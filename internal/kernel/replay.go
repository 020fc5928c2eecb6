package kernel

import "math"

const (
	// ReplayLanes is the number of variables that AdamReplay moves at once: enough for one to hide the latency of another.
	ReplayLanes = 8
	// ReplaySteps is the number of steps that it takes.
	ReplaySteps = 16
)

// AdamLanes are variables in different steps of Adam, and these steps.
type AdamLanes struct {
	X, M, V        [ReplayLanes]float64
	Alpha, Eps, B2 [ReplaySteps][ReplayLanes]float64
}

// AdamReplay takes ReplaySteps steps of Adam along gradients of 0, in each lane with the scalars that stand there:
//
//	m ← b1 m + 0
//	v ← b2 v
//	x ← x - alpha m / (√v + eps), or x where √v + eps is 0
//
// m never ends as -0, as it does not in Adam.
func AdamReplay(l *AdamLanes, b1 float64) {
	if avx2 {
		adamReplayAVX2(&l.X[0], b1)
		return
	}
	for t := range l.Alpha {
		alpha, eps, b2 := &l.Alpha[t], &l.Eps[t], &l.B2[t]
		for j := range alpha {
			l.M[j] = float64(b1*l.M[j]) + 0
			l.V[j] *= b2[j]
			if d := math.Sqrt(l.V[j]) + eps[j]; d != 0 {
				l.X[j] -= float64(alpha[j]*l.M[j]) / d
			}
		}
	}
}
