package main

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/testfuncs"
)

// model finds the formula in the comments of a file of testfuncs/nist.
var model = regexp.MustCompile(`(?s)# Model: (.*?)(;|\. |\.\n# Difficulty)`)

// TestNISTFiles fits each of NIST's files by the formula in its comments, from both starts, and compares the certified sum of
// squares, which does not depend on the order of equal terms. That of Lanczos1 is rounding error.
func TestNISTFiles(t *testing.T) {
	for _, s := range testfuncs.NISTSets() {
		file := "../../testfuncs/nist/" + strings.ToLower(s.Name) + ".csv"
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := model.FindStringSubmatch(string(text))
		if m == nil {
			t.Fatalf("%s has no model", file)
		}
		formula := strings.Replace(strings.ReplaceAll(m[1], "\n# ", " "), " = ", " ~ ", 1)
		for k, start := range s.Starts {
			args := []string{"fit", "--json", file, formula}
			for j, v := range start {
				args = append(args, fmt.Sprintf("b%d=%v", j+1, v))
			}
			code, stdout, stderr := runCommand(t.Context(), "", args...)
			if code != 0 || stderr != "" {
				t.Errorf("%q: exit code %d, %s", args, code, stderr)
				continue
			}
			r := decode(t, stdout)
			if rss := *r.ResidualSumOfSquares; !(math.Abs(rss-s.RSS) <= 1e-9*s.RSS) && (s.Name != "Lanczos1" || rss > 2*s.RSS) {
				t.Errorf("%s, start %d: RSS %v, want %v", s.Name, k+1, rss, s.RSS)
			}
		}
	}
}
