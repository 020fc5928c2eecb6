package main

import (
	"bytes"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// someCurves are those of all contenders at two numbers of variables.
func someCurves() (c curves, dims []int) {
	c.names = []string{ours, "Go loop", "C loop", "torch Adam", "Minimize", "optimize.Minimize"}
	for k := range 2 {
		l := make(laps, len(c.names))
		for i := range l {
			l[i] = slices.Repeat([]float64{float64(100 * (i + 1) * (1 + 999*k))}, fewest)
		}
		c.laps, c.limit = append(c.laps, l), append(c.limit, 50)
	}
	return c, []int{3, 1e7}
}

// TestDrawCurves: both pictures name all contenders, the limit and the axes.
func TestDrawCurves(t *testing.T) {
	c, dims := someCurves()
	png, svg := filepath.Join(t.TempDir(), "a.png"), filepath.Join(t.TempDir(), "a.svg")
	if err := drawCurves(c, dims, png, svg); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(svg)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range append([]string{limitName, "variables", "ns per variable", "10⁷", "100"}, c.names...) {
		if !bytes.Contains(b, []byte(">"+word+"<")) {
			t.Errorf("the picture lacks %q", word)
		}
	}
	if b, err = os.ReadFile(png); err != nil {
		t.Fatal(err)
	}
	if size, _, err := image.DecodeConfig(bytes.NewReader(b)); err != nil || size.Width < 1000 {
		t.Errorf("%+v, %v", size, err)
	}
	c.names[2] = "somebody"
	if err := drawCurves(c, dims, svg); err != nil {
		t.Fatal(err)
	}
	if b, _ = os.ReadFile(svg); bytes.Contains(b, []byte("C loop")) {
		t.Error("the picture names one that does not take part")
	}
	if err := drawCurves(c, dims, filepath.Join(t.TempDir(), "a.text")); err == nil {
		t.Error("no error for a format that is not known")
	}
}

// TestCurvesTable: times are compared with ours and with the limit, and variables that are not asked for are not in it.
func TestCurvesTable(t *testing.T) {
	c, dims := someCurves()
	want := "| variables | Adam.Step, ns | a variable, ns | of the memory limit | Go loop          |"
	row := "| 3         | 100           | 33.3           | 2.00                | 2.00 (2.00-2.00) | 3.00 (3.00-3.00) |"
	got := c.at(dims, []int{3, 100}).table([]int{3})
	if !bytes.Contains([]byte(got), []byte(want)) || !bytes.Contains([]byte(got), []byte(row)) || bytes.Contains([]byte(got), []byte("10000000")) {
		t.Errorf("got\n%s\nwant\n%s\n%s", got, want, row)
	}
	if b := c.bandwidth(dims); b != 56e7/50 {
		t.Errorf("%v GB/s", b)
	}
}

func TestDigits(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.01234: "0.0123", 1: "1.00", 123.4: "123", 45678: "45678", -0.5: "-0.500"} {
		if got := digits(v); got != want {
			t.Errorf("digits of %v: %s, want %s", v, got, want)
		}
	}
}
