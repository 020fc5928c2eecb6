package gradient

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
)

// TestStreams: no stream is used twice, neither for two purposes, nor for one and the objective, for any two Samples of runs
// that are near each other.
func TestStreams(t *testing.T) {
	type user struct {
		p purpose // 0 is the objective
		s stochopt.Sample
	}
	seen := map[[2]uint64]user{}
	take := func(u user, pcg rand.PCG) {
		start := [2]uint64{pcg.Uint64(), pcg.Uint64()}
		if other, ok := seen[start]; ok {
			t.Errorf("%+v has the stream of %+v", u, other)
		}
		seen[start] = u
	}
	for _, seed := range []uint64{0, 1, 2, 3, ^uint64(0), 1 << 63} {
		for step := range 4 {
			for probe := -4; probe < 4; probe++ { // SkipNonFinite and method.Noise have negative ones
				for replicate := range 4 {
					s := stochopt.Sample{Seed: seed, Step: step, Probe: probe, Replicate: replicate}
					take(user{0, s}, s.PCG())
					for p := spsaDirections; p <= expectation; p++ {
						take(user{p, s}, stream(s, p))
					}
				}
			}
		}
	}
}

// TestStreamPurposes: every estimator takes its random numbers from stream, each for a purpose of its own: no other code of the
// package starts a generator from a Sample, and no purpose is named by two estimators.
func TestStreamPurposes(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	purposes := map[string]bool{}
	uses := map[string][]string{} // of a purpose: files
	starts := map[string]int{}    // of a file: generators
	for _, file := range files {
		name := file.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GenDecl:
				if n.Tok == token.CONST && name == "streams.go" {
					for _, spec := range n.Specs {
						purposes[spec.(*ast.ValueSpec).Names[0].Name] = true
					}
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) == 0 && (f.Sel.Name == "PCG" || f.Sel.Name == "Rand") {
					if _, dist := f.X.(*ast.CompositeLit); !dist { // distuv.Normal{...}.Rand()
						starts[name]++
					}
				}
				for _, arg := range n.Args {
					if id, ok := arg.(*ast.Ident); ok && name != "streams.go" {
						uses[id.Name] = append(uses[id.Name], name)
					}
				}
			}
			return true
		})
	}
	if len(starts) != 1 || starts["streams.go"] != 1 {
		t.Errorf("generators started from a Sample %v, want one, in streams.go", starts)
	}
	if len(purposes) != int(expectation) {
		t.Errorf("purposes %v, want %d", purposes, expectation)
	}
	for p := range purposes {
		switch {
		case p == "batches": // of alternative Oracles of one FiniteSum
			if len(uses[p]) < 4 {
				t.Errorf("%s is used in %v", p, uses[p])
			}
		case len(uses[p]) != 1:
			t.Errorf("%s is used in %v, want one place", p, uses[p])
		}
	}
}

// TestBatchIndependentOfNoise: noise that is put on the draws of a minibatch, from the same Sample, is independent of which
// terms are in it. The companion is a batch that is drawn from the stream of the noise.
func TestBatchIndependentOfNoise(t *testing.T) {
	fs := FiniteSum{N: 2, Term: func(_, _ []float64, i int) float64 { return float64(2*i - 1) }} // -1 or 1
	same := func(_, _ []float64, s stochopt.Sample) (float64, error) {
		pcg := s.PCG()
		return float64(2*below(&pcg, 2) - 1), nil
	}
	first := func(_, x []float64, s stochopt.Sample) (float64, error) { return (&SAGA{Sum: fs}).firstTerm(s), nil }
	const n = 10_000
	for name, o := range map[string]stochopt.Oracle{"Sampled": fs.Sampled(1), "Shuffled": fs.Shuffled(1), "Weighted": fs.Weighted(1, []float64{1, 1}),
		"without replacement": first, "companion": same} {
		var sum float64
		for k := range n {
			s := stochopt.Sample{Step: k}
			f, err := o(nil, nil, s)
			if err != nil {
				t.Fatal(err)
			}
			noise := float64(2*int(s.Rand().Uint64()>>63) - 1)
			sum += f * noise
		}
		correlation := sum / n
		if dependent := correlation > 5/100. || correlation < -5/100.; dependent != (name == "companion") {
			t.Errorf("%s: correlation with the noise %v", name, correlation)
		}
	}
}

// firstTerm is the value of the first term of the batch of s.
func (r *SAGA) firstTerm(s stochopt.Sample) float64 {
	return r.Sum.Term(nil, nil, r.choose(s, r.Sum.N, 1)[0])
}
