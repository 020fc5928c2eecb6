package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"golang.org/x/term"
	"gonum.org/v1/gonum/optimize"
)

// fitProgress shows on a terminal how a fit goes that takes longer than a second: its iterations, the sum that is
// minimized, and how this has fallen. Anywhere else it is silent. It is the Recorder of the fit.
type fitProgress struct {
	w       io.Writer // nil if there is nobody to look at it
	what    string
	now     func() time.Time
	start   time.Time
	next    time.Time // of the next look
	logs    []float64 // of the least sum so far, an iteration each, thinned
	every   int       // iterations between two logs
	least   float64
	count   int
	visible bool
}

// delay is how long a fit is silent.
const delay = time.Second

func newFitProgress(w io.Writer, what string) *fitProgress {
	p := &fitProgress{what: what, now: time.Now, every: 1, least: math.Inf(1)}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.w = w
	}
	p.start = p.now()
	p.next = p.start.Add(delay)
	return p
}

// Init implements optimize.Recorder.
func (p *fitProgress) Init() error { return nil }

// Record implements optimize.Recorder.
func (p *fitProgress) Record(l *optimize.Location, _ optimize.Operation, _ *optimize.Stats) error {
	if p.w == nil {
		return nil
	}
	p.count++
	if l.F < p.least {
		p.least = l.F
	}
	if p.count%p.every == 0 && p.least > 0 {
		p.logs = append(p.logs, math.Log(p.least))
	}
	if len(p.logs) == 1000 { // keep every other
		for i := range 500 {
			p.logs[i] = p.logs[2*i]
		}
		p.logs, p.every = p.logs[:500], 2*p.every
	}
	if t := p.now(); t.After(p.next) {
		p.next, p.visible = t.Add(200*time.Millisecond), true
		fmt.Fprintf(p.w, "\r\x1b[K%.40s  iteration %d  sum %.6g  %s  %.0f s", p.what, p.count, p.least, sparkline(p.logs, 20), t.Sub(p.start).Seconds())
	}
	return nil
}

// finish clears what has been shown.
func (p *fitProgress) finish() {
	if p.visible {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
