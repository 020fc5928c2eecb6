package fit

// accelerate adds half the acceleration to the step from p with damping lambda and ‖D δ‖ = length, where it is not too
// long. It uses trial. With a Loss the residuals of the linear problem are not those of the curve, whose second
// derivative is asked for, and where the data are not kept there are none: then it does nothing.
func (l *levenberg) accelerate(p, trial *point, lambda, length float64) {
	const part = 0.1 // of the step
	c := l.c
	if c.loss != nil || c.pass != nil {
		return
	}
	for j, d := range l.delta {
		trial.u[j] = p.u[j] + part*d
	}
	if !c.values(trial) {
		return
	}
	for i := range l.bent {
		var slope float64
		for j, d := range p.row(i) {
			slope += d * l.delta[j]
		}
		l.bent[i] = 2 / part * ((trial.r[i]-p.r[i])/part - slope)
	}
	if !(l.lin.second(l.acc, l.bent, lambda) <= length) {
		return
	}
	for j, a := range l.acc {
		l.delta[j] += a / 2
	}
	if c.outside(p.u, l.delta) {
		for j, a := range l.acc {
			l.delta[j] -= a / 2
		}
	}
}
