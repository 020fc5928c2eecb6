package fit_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/optimize"
)

// history is a Recorder.
type history struct {
	t     *testing.T
	init  error
	fail  int // the call of Record that fails, counted from 1; 0 for none
	calls int
	f     []float64
	ops   []optimize.Operation
	stats optimize.Stats
	rss   func(b []float64) float64
}

func (h *history) Init() error { return h.init }

func (h *history) Record(l *optimize.Location, op optimize.Operation, s *optimize.Stats) error {
	if h.calls++; h.calls == h.fail {
		return errors.New("disk full")
	}
	if want := h.rss(l.X); math.Abs(l.F-want) > 1e-12*want {
		h.t.Errorf("F = %v at %v, want %v", l.F, l.X, want)
	}
	if s.MajorIterations < h.stats.MajorIterations || s.FuncEvaluations < h.stats.FuncEvaluations {
		h.t.Errorf("counts fall: %+v after %+v", s, h.stats)
	}
	h.f, h.ops, h.stats = append(h.f, l.F), append(h.ops, op), *s
	l.X[0] = math.NaN() // it is a copy
	return nil
}

// TestRecorder: a Recorder sees each iteration with its objective, changes nothing, and ends the fit by an error.
func TestRecorder(t *testing.T) {
	d := decayData()
	params := starts(decay.Parameters, []float64{3, 1, 0.3})
	want := mustFit(t, decay, d, params, nil)
	record := func(fail int, init error) (*history, *fit.Result, error) {
		h := &history{t: t, fail: fail, init: init, rss: func(b []float64) float64 { return rss(decay, d.X, d.Y, b) }}
		r, err := fit.Curve(t.Context(), decay, d, params, &fit.Settings{Recorder: h})
		return h, r, err
	}
	h, r, err := record(0, nil)
	if err != nil || !sameBits(r, want) {
		t.Errorf("%+v, %v, without a Recorder %+v", r, err, want)
	}
	last := len(h.ops) - 1
	if last < 20 || h.ops[0] != optimize.InitIteration || h.ops[1] != optimize.MajorIteration || h.ops[last] != optimize.PostIteration || h.f[last] != want.RSS {
		t.Errorf("operations %v, F at the end %v, want %v", h.ops, h.f[last], want.RSS)
	}
	for _, fail := range []int{1, 2, 4, last - 1, last + 1} {
		_, r, err := record(fail, nil)
		if err == nil || err.Error() != "fit: Recorder: disk full" || r == nil || r.Status != optimize.Failure || !math.IsNaN(r.StdErr[0]) {
			t.Errorf("record %d fails: %+v, %v", fail, r, err)
		}
	}
	if _, r, err := record(0, errors.New("no file")); r != nil || err == nil || err.Error() != "fit: Recorder: no file" {
		t.Errorf("Init fails: %+v, %v", r, err)
	}
}
