package average

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// TestOrder: the mean has the same bits for any number of workers, though draws end in any order.
func TestOrder(t *testing.T) {
	const n = 50
	eval := func(grad, x []float64, s, i int) (float64, error) {
		time.Sleep(time.Duration((i*7919)%13) * 10 * time.Microsecond)
		v := math.Sin(float64(i*s)) * math.Pow(10, float64(i%17))
		for k := range grad {
			grad[k] = v * float64(k+1)
		}
		return v, nil
	}
	want := map[int]string{}
	for _, workers := range []int{1, 2, 3, 8, 100} {
		m := New(n, workers, eval)
		for s := range 3 { // a Mean is used again and again
			g := make([]float64, 2)
			f, err := m.Eval(g, nil, s+1)
			got := fmt.Sprint(f, g, err)
			if workers == 1 {
				want[s] = got
			} else if got != want[s] {
				t.Errorf("%d workers: %s, want %s", workers, got, want[s])
			}
		}
	}
}

// TestFirstFault: the error, panic or end of the draw of least index is what Eval reports, and no more draws are begun.
func TestFirstFault(t *testing.T) {
	fault := errors.New("fault")
	for _, workers := range []int{1, 4} {
		for how, want := range map[string]string{"error": "fault 5", "panic": "panic 5", "exit": errGoexit.Error()} {
			if how == "exit" && workers == 1 {
				continue // it would end the caller's goroutine, as it should
			}
			var begun atomic.Int32
			m := New(1000, workers, func(grad, x []float64, _, i int) (float64, error) {
				begun.Add(1)
				if i < 5 {
					time.Sleep(time.Millisecond) // later draws end first
					return 0, nil
				}
				switch how {
				case "error":
					return 0, fmt.Errorf("%w %d", fault, i)
				case "panic":
					panic(fmt.Sprint("panic ", i))
				}
				runtime.Goexit()
				return 0, nil
			})
			var got string
			done := make(chan bool)
			go func() { // the caller may be the one whose draw exits
				defer close(done)
				defer func() {
					if v := recover(); v != nil {
						got = fmt.Sprint(v)
					}
				}()
				if _, err := m.Eval(nil, nil, 0); err != nil {
					got = err.Error()
				}
			}()
			<-done
			if got != want && !(how == "exit" && got == "") {
				t.Errorf("%d workers, %s: %q, want %q", workers, how, got, want)
			}
			if n := begun.Load(); n > 20 {
				t.Errorf("%d workers, %s: %d draws begun after a fault in draw 5", workers, how, n)
			}
		}
	}
}
