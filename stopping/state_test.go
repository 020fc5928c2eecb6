package stopping_test

import (
	"bytes"
	"encoding"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// saved is what every Converger of the package is.
type saved interface {
	optimize.Converger
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// stopOf runs c on a noisy quadratic and returns where it stops. In every iteration it is replaced by what next makes of it.
func stopOf(c saved, next func(k int, c saved) saved) int {
	r := rand.New(rand.NewPCG(5, 63))
	loc := &optimize.Location{X: []float64{5, 3}, Gradient: []float64{0, 0}}
	c.Init(2)
	for k := range 1 << 17 {
		c = next(k, c)
		loc.F = r.NormFloat64()
		for i, x := range loc.X {
			loc.F += x * x
			loc.Gradient[i] = 2*x + r.NormFloat64()
		}
		if c.Converged(loc) != optimize.NotTerminated {
			return k
		}
		for i, g := range loc.Gradient {
			loc.X[i] -= 0.02 * g
		}
	}
	return -1
}

// TestState: a Converger that goes on from the bytes of another, in a value that has never run, stops where that would
// have. One that begins afresh does not.
func TestState(t *testing.T) {
	const every = 17
	for name := range convergers() {
		fresh := func() saved { return convergers()[name].(saved) }
		want := stopOf(fresh(), func(_ int, c saved) saved { return c })
		got := stopOf(fresh(), func(k int, c saved) saved {
			if k%every > 0 {
				return c
			}
			data, err := c.MarshalBinary()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			d := fresh()
			if err := d.UnmarshalBinary(data); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if again, _ := d.MarshalBinary(); !bytes.Equal(data, again) {
				t.Fatalf("%s: the state does not marshal to what it was made from", name)
			}
			return d
		})
		if got != want || want < 2*every {
			t.Errorf("%s: through bytes it stops after %d iterations, without after %d", name, got, want)
		}
		afresh := stopOf(fresh(), func(k int, c saved) saved {
			if k == want-1 {
				c.Init(2)
			}
			return c
		})
		if afresh == want {
			t.Errorf("%s: it stops at %d without a state as well", name, want)
		}
	}
}

// TestBadState: a decoder returns an error and leaves the Converger, and those in it, as they are.
func TestBadState(t *testing.T) {
	for name := range convergers() {
		c := convergers()[name].(saved)
		c.Init(2)
		for k := range 50 {
			v := float64(k % 7)
			c.Converged(&optimize.Location{F: -v, X: []float64{v, 1}, Gradient: []float64{1, v}})
		}
		good, _ := c.MarshalBinary()
		alien := bytes.Replace(good, []byte{good[4]}, []byte("x"), 1)
		bad := [][]byte{nil, {1}, alien, append(bytes.Clone(good), 0), append(bytes.Clone(good), make([]byte, 8)...)}
		for n := range good {
			bad = append(bad, good[:n])
		}
		for _, data := range bad {
			if err := c.UnmarshalBinary(data); err == nil || !strings.HasPrefix(err.Error(), "stochopt: state of ") {
				t.Errorf("%s: %d bytes: error %v", name, len(data), err)
			}
			if now, _ := c.MarshalBinary(); !bytes.Equal(now, good) {
				t.Fatalf("%s: a bad state has changed it", name)
			}
		}
	}
}

// TestCombinedState: if the second of two states is bad, the first Converger is as it was.
func TestCombinedState(t *testing.T) {
	combine := func(second optimize.Converger) (*stopping.Patience, saved) {
		first := &stopping.Patience{}
		c := stopping.Any(first, second).(saved)
		c.Init(1)
		return first, c
	}
	first, c := combine(&stopping.Pflug{})
	_, alien := combine(&stopping.Distance{})
	alien.Converged(&optimize.Location{F: 7, X: []float64{1}})
	before, _ := first.MarshalBinary()
	data, err := alien.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.UnmarshalBinary(data); err == nil || !strings.Contains(err.Error(), `state of Pflug: the data is the state of "Distance"`) {
		t.Errorf("error %v", err)
	}
	if after, _ := first.MarshalBinary(); !bytes.Equal(before, after) {
		t.Error("the first has changed")
	}
	_, c = combine(optimize.NeverTerminate{})
	if _, err := c.MarshalBinary(); err == nil || err.Error() != "stochopt: state of Any: its optimize.NeverTerminate has no MarshalBinary" {
		t.Errorf("error %v", err)
	}
}
