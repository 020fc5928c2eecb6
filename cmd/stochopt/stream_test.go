package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// --stream changes nothing but the evaluation counts and what needs all rows.
func TestStream(t *testing.T) {
	var weighted, long strings.Builder
	weighted.WriteString("t,signal,s\n")
	long.WriteString("t;signal\n")
	for i := range 12_000 {
		x := 5 * float64(i%1000) / 1000
		noise := math.Sin(float64(i) * float64(i))
		fmt.Fprintf(&long, "%.6g;%.6g\n", x, 2.5*math.Exp(-0.7*x)+0.5+0.1*noise)
		if i < 300 {
			fmt.Fprintf(&weighted, "%.6g,%.6g,%.6g\n", x*10, 2.5*math.Exp(-7*x)+0.5+0.01*(1+x)*noise, 0.01*(1+x))
		}
	}
	model := []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0"}
	for name, c := range map[string]struct {
		data string
		args []string
	}{
		"plain":          {decay(), model},
		"long":           {long.String(), model},
		"sigma":          {weighted.String(), append([]string{"--sigma=s"}, model...)},
		"absolute sigma": {weighted.String(), append([]string{"--sigma=s", "--absolute-sigma"}, model...)},
		"number":         {decay(), append([]string{"--sigma=0.1", "--absolute-sigma"}, model...)},
		"response":       {decay(), []string{"log(signal) ~ a+b*t", "a=1", "b=-1"}},
		"built-in":       {decay(), []string{"--model=exponential-offset"}},
		"missing":        {"t,signal\n0,3\nNA,4\n1,1.7\n2,1.1\n3,\n4,0.6\n", append([]string{"--skip-missing"}, model...)},
		"fixed, tied":    {decay(), append([]string{"--fix=c=0.5", "--tie=A=5*c"}, model[0], model[2])},
	} {
		want, got := fitJSON(t, c.data, c.args...), fitJSON(t, c.data, append([]string{"--stream"}, c.args...)...)
		if got.Points != want.Points || got.DegreesOfFreedom != want.DegreesOfFreedom || !slices.Equal(got.SkippedLines, want.SkippedLines) {
			t.Errorf("%s: %d points, %d degrees of freedom, skipped %v, want %d, %d, %v", name,
				got.Points, got.DegreesOfFreedom, got.SkippedLines, want.Points, want.DegreesOfFreedom, want.SkippedLines)
		}
		for i, p := range want.Parameters {
			for _, key := range []string{"start", "estimate", "standard_error", "lower", "upper"} {
				a, okA := got.Parameters[i][key].(float64)
				b, okB := p[key].(float64)
				if okA != okB || math.Abs(a-b) > 1e-8*math.Abs(b) {
					t.Errorf("%s: %s of %v is %v, want %v", name, key, p["name"], got.Parameters[i][key], p[key])
				}
			}
		}
	}
}

// What is wrong is told with its line; what needs all rows is refused; and no file is left behind.
func TestStreamErrors(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	model := []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0"}
	long := decay() + strings.Repeat("3,1\n", 9000)
	for _, c := range []struct {
		data string
		args []string
		want string
	}{
		{long + "4,x\n", model, "line 9042, character 3: column signal: \"x\" is not a number"},
		{long + "4,-1\n", []string{"log(signal) ~ a+b*t", "a=1", "b=1"}, "line 9042: the response left of ~ is NaN"},
		{long + "-1,1\n", []string{"signal ~ a*sqrt(t)+b", "a=1", "b=1"}, "line 9042, t = -1: the curve is NaN at the start"},
		{"t,signal,s\n1,2,1\n2,3,0\n3,3,1\n", []string{"signal ~ a+b*t", "a=1", "b=1", "--sigma=s"}, "line 3: column s is 0; standard deviations must be above 0"},
		{"t,signal\n1,2\n2,2\n3,2\n", []string{"signal ~ a+b*t", "a=1", "b=1"}, "the response signal is the same in every row"},
		{"t,signal\n1,2\n1,3\n1,4\n", []string{"signal ~ a+b*t", "a=1", "b=1"}, "t is the same in every row"},
		{"t,signal\n1,2\n", []string{"signal ~ a+b*t", "a=1", "b=1"}, "too few points, 1 for 2 parameters"},
		{"t,signal\n", []string{"signal ~ a+b*t", "a=1", "b=1"}, "no rows"},
		{decay(), append([]string{"--plot=x.png"}, model...), "--plot needs all rows in memory"},
		{decay(), append([]string{"--csv=x.csv"}, model...), "--csv needs all rows in memory"},
		{decay(), append([]string{"--conf=profile"}, model...), "--conf profile needs all rows in memory"},
		{decay(), append([]string{"--loss=huber"}, model...), "--loss huber needs all rows in memory"},
		{decay(), append([]string{"--compare=signal ~ A"}, model...), "--compare needs all rows in memory"},
	} {
		code, _, stderr := runCommand(t.Context(), c.data, append([]string{"fit", "-", "--stream"}, c.args...)...)
		if code != badInput || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit code %d, %s, want %s", c.args, code, stderr, c.want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// longTable is the text of a table of n rows, made as it is read. It measures the heap.
type longTable struct {
	n, row, heap int
	left         []byte
}

func (l *longTable) Read(b []byte) (int, error) {
	if len(l.left) == 0 {
		switch {
		case l.row == 0:
			l.left = append(l.left, "x,y\n"...)
		case l.row > l.n:
			return 0, io.EOF
		default:
			x := 5 * float64(l.row) / float64(l.n)
			l.left = fmt.Appendf(l.left, "%.5f,%.5f\n", x, 5*math.Exp(-0.7*x)+1+0.1*math.Sin(1000*x*x))
		}
		if l.row%(l.n/10) == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			l.heap = max(l.heap, int(m.HeapAlloc))
		}
		l.row++
	}
	n := copy(b, l.left)
	l.left = l.left[:copy(l.left, l.left[n:])]
	return n, nil
}

// Memory does not grow with the number of rows, as it does without --stream.
func TestStreamMemory(t *testing.T) {
	heap := func(n int, flags ...string) int {
		l := &longTable{n: n}
		code := run(t.Context(), append([]string{"fit", "-", "y ~ a*exp(-k*x)+c", "a=4", "k=1", "c=1"}, flags...), streams{l, io.Discard, os.Stderr})
		if code != fitted {
			t.Fatal("exit code", code)
		}
		return l.heap
	}
	small, large := heap(20_000, "--stream"), heap(200_000, "--stream")
	kept := heap(20_000) - heap(2_000)
	t.Logf("heap: %d bytes for 20 000 rows, %d for 200 000; 18 000 rows without --stream take %d", small, large, kept)
	if large-small > 1<<20 {
		t.Errorf("the heap grows from %d to %d bytes", small, large)
	}
	if kept < 300_000 {
		t.Errorf("rows that are kept take %d bytes only: the test cannot fail", kept)
	}
}
