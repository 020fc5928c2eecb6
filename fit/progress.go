package fit

import (
	"fmt"
	"time"

	"gonum.org/v1/gonum/optimize"
)

// progress tells a Recorder how the search goes.
type progress struct {
	recorder   optimize.Recorder
	begin      time.Time
	iterations int
}

func newProgress(r optimize.Recorder) (*progress, error) {
	if r == nil {
		return nil, nil
	}
	if err := r.Init(); err != nil {
		return nil, fmt.Errorf("%w: %w", errRecorder, err)
	}
	return &progress{recorder: r, begin: time.Now()}, nil
}

// record tells of p. An error of the Recorder is one that wraps errRecorder.
func (g *progress) record(c *curve, p *point, op optimize.Operation) error {
	if g == nil {
		return nil
	}
	if op == optimize.MajorIteration {
		g.iterations++
	}
	at := optimize.Location{X: append([]float64(nil), p.b...), F: p.f}
	stats := optimize.Stats{MajorIterations: g.iterations, FuncEvaluations: c.evaluations, GradEvaluations: c.evaluations, Runtime: time.Since(g.begin)}
	if err := g.recorder.Record(&at, op, &stats); err != nil {
		return fmt.Errorf("%w: %w", errRecorder, err)
	}
	return nil
}
