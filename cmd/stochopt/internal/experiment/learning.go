package experiment

import (
	"context"
	"fmt"
	"strings"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/dataset"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/learn"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
	"gonum.org/v1/gonum/optimize"
)

// batch is the number of images or reviews in a minibatch.
const batch = 128

// coarse is a grid of step sizes for runs that take long: 1 and 3 times the powers of ten.
var coarse = []float64{1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10}

// digits reads MNIST for networks, of whose images the first few, at least a minibatch, are to learn from.
func digits(folder string, few int) (train, test dataset.Images, err error) {
	train, test, err = dataset.MNIST(folder)
	switch {
	case err != nil:
	case train.Len() < batch:
		err = fmt.Errorf("MNIST has %d images to train on, want at least the %d of a minibatch", train.Len(), batch)
	case train.Rows < learn.Smallest || train.Columns < learn.Smallest:
		err = fmt.Errorf("MNIST has images of %d x %d pixels, want at least %d x %d", train.Rows, train.Columns, learn.Smallest, learn.Smallest)
	}
	if err != nil {
		return train, test, &DataError{err}
	}
	return train.First(few), test, nil
}

// fallen makes a panel of the costs of a race; x is the distance of two measurements.
func fallen(title, across, up string, lanes []lane, x float64, skip int) picture.Panel {
	p := picture.Panel{Title: title, Across: across, Up: up, LogY: true}
	for _, l := range lanes {
		p.Curves = append(p.Curves, l.curve(x, skip))
	}
	return p
}

// full returns the cost of all terms of a model.
func full(m learn.Model) func(x []float64) float64 {
	o := m.Sum().Full()
	return func(x []float64) float64 {
		f, err := o(nil, x, stochopt.Sample{})
		if err != nil {
			panic(err) // Full never returns one
		}
		return f
	}
}

// mnistLogistic is multiclass logistic regression with steps α/√t.
func mnistLogistic(ctx context.Context, o Options) (*Outcome, error) {
	train, test, err := digits(o.Data, o.pick(6000, 60_000))
	if err != nil {
		return nil, err
	}
	const l2 = 1e-4
	m := learn.NewSoftmax(train, test, 10, l2)
	contenders, err := field(schedule.Power(0, 0.5), append([]string{"Adam", "SGD Nesterov", "AdaGrad"}, o.Methods...)...)
	if err != nil {
		return nil, err
	}
	// AdaGrad's own steps fall like 1/√t already.
	contenders = append(contenders, contender{name: "AdaGrad, constant α", make: func(a float64) optimize.Method { return &method.AdaGrad{StepSize: a} }})
	epoch, epochs := (train.Len()+batch-1)/batch, o.pick(5, 20)
	r := race{name: "mnist-logistic", contenders: contenders, grid: grid(-4, 1), seeds: o.Seeds, oracle: m.Sum().Shuffled(batch), start: m.Start,
		steps: epochs * epoch, every: epoch, search: epochs * epoch, cost: full(m)}
	lanes, err := r.run(ctx, o.Tick)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("Multiclass logistic regression on %d digits, L2 weight %g, minibatches of %d, steps α/√t, %d epochs, %d seeds.\nTraining cost with the L2 term, all images, at the last iterate. Step sizes are those with the lowest in a run of another seed.\n%s\n",
		train.Len(), l2, batch, epochs, o.Seeds, bands) + table(lanes, "cost", m.Accuracy) + "\n" + seconds(lanes, epochs)
	return &Outcome{Text: text, Panels: [][]picture.Panel{{fallen("logistic regression on MNIST", "epoch", "training cost", lanes, 1, 1)}}}, nil
}

// seconds tells how long the epochs of the first lane took.
func seconds(lanes []lane, epochs int) string {
	return fmt.Sprintf("An epoch of %s took %.2g s, beside the other runs.\n", lanes[0].name, lanes[0].seconds/float64(epochs))
}

// imdbLogistic is logistic regression on the presence of words.
func imdbLogistic(ctx context.Context, o Options) (*Outcome, error) {
	train, test, err := dataset.IMDB(o.Data)
	if err == nil && train.Len() < 5*batch {
		err = fmt.Errorf("IMDB has %d reviews to train on, want at least %d", train.Len(), 5*batch)
	}
	if err != nil {
		return nil, &DataError{err}
	}
	if o.Quick {
		train = everyOther(train, 5)
	}
	var out Outcome
	var text strings.Builder
	epoch, epochs := (train.Len()+batch-1)/batch, o.pick(5, 20)
	fmt.Fprintf(&text, "Logistic regression on the presence of %d words in %d reviews, minibatches of %d, steps α/√t, %d epochs, %d seeds.\nTraining cost of the minibatches, with their dropout, mean over the last epoch; tested are all words. Step sizes are those with\nthe lowest cost in a run of another seed. %s", train.Columns, train.Len(), batch, epochs, o.Seeds, bands)
	for _, dropout := range []float64{0.5, 0} {
		m := learn.NewBag(train, test, dropout)
		contenders, err := field(schedule.Power(0, 0.5), append([]string{"Adam", "AdaGrad", "RMSProp", "SGD Nesterov"}, o.Methods...)...)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, contender{name: "AdaGrad, constant α", make: func(a float64) optimize.Method { return &method.AdaGrad{StepSize: a} }})
		title := fmt.Sprintf("%g %% dropout", 100*dropout)
		r := race{name: "imdb-logistic, " + title, contenders: contenders, grid: grid(-4, 1), seeds: o.Seeds, oracle: m.Sum().Shuffled(batch), start: m.Start,
			steps: epochs * epoch, every: epoch, search: epochs * epoch}
		lanes, err := r.run(ctx, o.Tick)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&text, "\n%s\n%s", title, table(lanes, "cost", m.Accuracy))
		p := fallen("IMDB reviews, "+title, "epoch", "training cost", lanes, 1, 1)
		p.LogY = dropout == 0
		out.Panels = append(out.Panels, []picture.Panel{p})
	}
	out.Panels = [][]picture.Panel{{out.Panels[0][0], out.Panels[1][0]}}
	out.Text = text.String()
	return &out, nil
}

// everyOther returns every k-th row: the rows are sorted by label.
func everyOther(m *dataset.Rows, k int) *dataset.Rows {
	few := &dataset.Rows{Columns: m.Columns}
	for i := 0; i < m.Len(); i += k {
		index, value := m.Row(i)
		few.Append(index, value, m.Labels[i])
	}
	return few
}

// mlp is a network of two hidden layers.
func mlp(ctx context.Context, o Options) (*Outcome, error) {
	train, test, err := digits(o.Data, o.pick(4000, 60_000))
	if err != nil {
		return nil, err
	}
	units := o.Units
	if units == 0 {
		units = o.pick(50, 200)
	}
	hidden := []int{units, units}
	var text strings.Builder
	epoch := train.Len() / batch

	const parts = 3 // measurements an epoch
	epochs := o.pick(2, 3)
	every := max(1, epoch/parts)
	m := learn.NewPerceptron(train, test, 10, hidden, true)
	contenders, err := field(nil, "Adam", "AdaGrad", "RMSProp", "AdaDelta", "SGD Nesterov")
	if err != nil {
		return nil, err
	}
	r := race{name: "mlp with dropout", contenders: contenders, grid: coarse, seeds: o.Seeds, oracle: m.Sum().Shuffled(batch), start: m.Start,
		steps: epochs * parts * every, every: every, search: every}
	lanes, err := r.run(ctx, o.Tick)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&text, "Two hidden layers of %d rectified units on %d digits, minibatches of %d. Training cost of the minibatches, with their dropout,\nmean over the last third of an epoch; tested are all units. Step sizes are those with the lowest cost in the first third of an\nepoch of another seed. %s\nWith dropout of half of the units, %d epochs, %d seeds:\n\n%s",
		units, train.Len(), batch, bands, epochs, o.Seeds, table(lanes, "cost", m.Accuracy))
	noisy := fallen("with dropout", "epoch", "training cost", lanes, 1./parts, 1)

	// SFO works on fixed blocks of the data, the same number in an epoch.
	const blocks = 60
	exact := learn.NewPerceptron(train, test, 10, hidden, false)
	epochs = o.pick(4, 8)
	decay := schedule.Cosine(epochs*parts*every, 0)
	contenders = []contender{
		{name: "Adam", make: func(float64) optimize.Method { return &stochopt.Adam{StepSize: lanes[0].step} }},
		{name: "Adam, cosine", make: func(float64) optimize.Method { return &stochopt.Adam{StepSize: lanes[0].step, Schedule: decay} }},
		{name: "SFO", make: func(float64) optimize.Method { return &method.SFO{Terms: blocks} }, oracle: exact.Sum().Blocks(blocks), every: blocks / parts},
	}
	r = race{name: "mlp without dropout", contenders: contenders, grid: []float64{lanes[0].step}, seeds: 1, oracle: exact.Sum().Shuffled(batch), start: exact.Start,
		steps: epochs * parts * every, every: every, alone: true}
	lanes, err = r.run(ctx, o.Tick)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&text, "\nWithout dropout, %d epochs, one seed, Adam at the step size from above, SFO on %d blocks:\n\n", epochs, blocks)
	fmt.Fprintf(&text, "%-14s %12s %15s   s an epoch\n", "", "cost", "test accuracy")
	clean := fallen("without dropout", "epoch", "training cost", lanes, 1./parts, 1)
	clock := picture.Panel{Title: "without dropout", Across: "seconds", Up: "training cost", LogY: true}
	for _, l := range lanes {
		clock.Curves = append(clock.Curves, l.curve(l.seconds/float64(epochs*parts), 1))
		fmt.Fprintf(&text, "%-14s %12.3g %13.2f %%   %.3g\n", l.name, l.final(), 100*exact.Accuracy(l.last[0]), l.seconds/float64(epochs))
	}
	return &Outcome{Text: text.String(), Panels: [][]picture.Panel{{noisy, clean, clock}}}, nil
}

// cnn is a network of two convolutions.
func cnn(ctx context.Context, o Options) (*Outcome, error) {
	train, test, err := digits(o.Data, o.pick(1000, 60_000))
	if err != nil {
		return nil, err
	}
	test = test.First(o.pick(1000, 10_000)) // each takes a tenth of a millisecond, for twelve runs
	channels := [2]int{8, 16}
	m := learn.NewConvolution(train, test, 10, channels)
	contenders, err := field(nil, "Adam", "SGD Nesterov", "AdaGrad")
	if err != nil {
		return nil, err
	}
	const parts = 6
	every := max(1, train.Len()/batch/parts)
	epochs := o.pick(2, 3)
	decay := schedule.Cosine(epochs*parts*every, 0)
	contenders = append(contenders, contender{name: "Adam, cosine", make: func(a float64) optimize.Method { return &stochopt.Adam{StepSize: a, Schedule: decay} }})
	r := race{name: "cnn", contenders: contenders, grid: coarse, seeds: o.Seeds, oracle: m.Sum().Shuffled(batch), start: m.Start,
		steps: epochs * parts * every, every: every, search: 2 * every}
	lanes, err := r.run(ctx, o.Tick)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("Two convolutions of %d and %d channels on %d digits, minibatches of %d, %d epochs, %d seeds.\nTraining cost of the minibatches, mean over the last sixth of an epoch. Step sizes are those with the lowest cost in the second\nsixth of an epoch of another seed. %s\n%s",
		channels[0], channels[1], train.Len(), batch, epochs, o.Seeds, bands, table(lanes, "cost", m.Accuracy))
	early := fallen("first epoch", "epoch", "training cost", lanes, 1./parts, 1)
	early.LogY, early.Right = false, 1
	for i, c := range early.Curves {
		const n = parts
		early.Curves[i].X, early.Curves[i].Y, early.Curves[i].Low, early.Curves[i].High = c.X[:n], c.Y[:n], c.Low[:n], c.High[:n]
	}
	return &Outcome{Text: text, Panels: [][]picture.Panel{{early, fallen("all epochs", "epoch", "training cost", lanes, 1./parts, 1)}}}, nil
}
