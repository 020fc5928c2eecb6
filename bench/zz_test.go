package main

import (
	"fmt"
	"sort"
	"testing"
	"time"
)

func TestMins(t *testing.T) {
	fs := map[string]func(int){"hand": handLoop(3), "step": stepLoop(3), "min": minimize(3, noStop)}
	mins := map[string]float64{}
	var names []string
	for n := range fs { names = append(names, n) }
	sort.Strings(names)
	for start := time.Now(); time.Since(start) < 2*time.Second; {
		for _, n := range names {
			v := perStep(fs[n], 4000)
			if o := mins[n]; o == 0 || v < o { mins[n] = v }
		}
	}
	for _, n := range names { fmt.Printf("%s %.1f  ", n, mins[n]) }
	fmt.Println()
}

func BenchmarkMin3(b *testing.B) { minimize(3, noStop)(b.N) }
