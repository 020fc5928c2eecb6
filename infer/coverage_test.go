package infer_test

import (
	"context"
	"flag"
	"math"
	"sync"
	"testing"

	"github.com/stochopt/stochopt/infer"
)

var (
	seeds   = flag.Int("infer.seeds", 200, "runs of each problem in TestCoverage")
	samples = flag.Int("infer.samples", 20_000, "draws of each run in TestCoverage")
	only    = flag.String("infer.problem", "", "problem of TestCoverage")
	workers = flag.Int("infer.workers", 1, "runs at once")
)

func TestCoverage(t *testing.T) {
	for _, p := range problems() {
		if *only != "" && p.name != *only {
			continue
		}
		n := len(p.best)
		var mu sync.Mutex
		cover := make([]int, n)
		ratio, full := make([]float64, n), make([]float64, n)
		var kept, unsure, travel, probe float64
		status := map[infer.Status]int{}
		said := map[string]int{}
		runs := *seeds
		jobs := make(chan int)
		var wg sync.WaitGroup
		one := func(seed int) {
			r, err := infer.Estimate(context.Background(), p.with(uint64(seed)), p.start, &infer.Options{MaxSamples: *samples})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				said[err.Error()[:20]]++
				return
			}
			status[r.Status]++
			for _, d := range r.Diagnosis {
				said[d[:min(60, len(d))]]++
			}
			if r.Status == infer.Unsure {
				unsure++
				return
			}
			kept += float64(r.EffectiveSamples)
			travel += float64(r.Counts.Travel)
			probe += float64(r.Counts.Probe)
			for i := range n {
				lo, hi := r.Interval(i, 0.95)
				if lo <= p.best[i] && p.best[i] <= hi {
					cover[i]++
				}
				e := r.X[i] - p.best[i]
				ratio[i] += e * e * float64(r.EffectiveSamples) / p.v.At(i, i)
				full[i] += e * e * float64(*samples) / p.v.At(i, i)
			}
		}
		for range *workers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for s := range jobs {
					one(s)
				}
			}()
		}
		for s := range runs {
			jobs <- s + 1
		}
		close(jobs)
		wg.Wait()
		sure := float64(runs) - unsure
		for i := range n {
			t.Logf("%-10s x[%d] coverage %.3f, RMSE/limit %.3f of the mean, %.3f of all", p.name, i, float64(cover[i])/sure,
				math.Sqrt(ratio[i]/sure), math.Sqrt(full[i]/sure))
		}
		t.Logf("%-10s kept %.0f travel %.0f probe %.0f status %v %v", p.name, kept/sure, travel/sure, probe/sure, status, said)
	}
}
