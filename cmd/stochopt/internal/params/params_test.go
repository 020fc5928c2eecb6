package params

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// show writes parameters for comparison.
func show(parameters []fit.Parameter, b []float64) string {
	var s []string
	for _, p := range parameters {
		text := fmt.Sprintf("%s=%v [%v %v] fixed %v scale %v transform %v", p.Name, p.Start, p.Lower, p.Upper, p.Fixed, p.Scale, p.Transform)
		if p.Tied != nil {
			grad := make([]float64, len(b))
			text = fmt.Sprintf("%s tied %v %v", p.Name, p.Tied(grad, b), grad)
		}
		s = append(s, text)
	}
	return strings.Join(s, "\n")
}

const (
	tomlText = `# a comment
b1 = 500
k = { start = 0.5, lower = 0, upper = 10, log = true }
[b2]
tie = "2*b1 + c"
[p]
start = 0.25
lower = 0
upper = 1
logit = true
scale = 0.1
[c]
start = -3
fix = true
`
	jsonText = `{"b1": 5e2, "k": {"start": 0.5, "lower": 0, "upper": 10, "log": true},
  "b2": {"tie": "2*b1 + c"}, "p": {"start": 0.25, "lower": 0, "upper": 1, "logit": true, "scale": 0.1},
  "c": {"start": -3, "fix": true}}`
	resolved = `b1=500 [-Inf +Inf] fixed false scale 0 transform 0
k=0.5 [0 10] fixed false scale 0 transform 1
b2 tied 3 [2 0 0 0 1]
p=0.25 [0 1] fixed false scale 0.1 transform 2
c=-3 [-Inf +Inf] fixed true scale 0 transform 0`
)

// TestSources: TOML, JSON and the command line say the same in the same words.
func TestSources(t *testing.T) {
	var toml, json, flags, both Set
	line := Flags{Start: []string{"b1=500", "k=0.5", "p=0.25"}, Lower: []string{"k=0", "p=0"}, Upper: []string{"k=10", "p=1"},
		Tie: []string{"b2=2*b1 + c"}, Log: []string{"k"}, Logit: []string{"p"}, Scale: []string{"p=0.1"}, Fix: []string{"c=-3"}}
	for name, err := range map[string]error{
		"toml":          toml.File("p.toml", []byte(tomlText)),
		"json":          json.File("p.JSON", []byte(jsonText)),
		"flags":         flags.Flags(line),
		"a wrong start": both.File("p.toml", []byte("b1=3\n[k]\nupper=2\n")),
		"overridden":    both.Flags(line),
	} {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if got := strings.Join(toml.Names(), " "); got != "b1 k b2 p c" {
		t.Errorf("order of TOML: %s", got)
	}
	if got := strings.Join(json.Names(), " "); got != "b1 k b2 p c" {
		t.Errorf("order of JSON: %s", got)
	}
	for name, s := range map[string]*Set{"toml": &toml, "json": &json, "flags": &flags, "both": &both} {
		p, err := s.Resolve([]string{"b1", "k", "b2", "p", "c"}, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := show(p, []float64{1, 0, 0, 0, 1}); got != resolved {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, resolved)
		}
		// What stands in ties only comes last.
		p, err = s.Resolve([]string{"k", "b2", "p"}, nil)
		if err != nil || len(p) != 5 || p[3].Name != "b1" || p[4].Name != "c" {
			t.Errorf("%s: %v, %v", name, p, err)
		}
		var again Set
		var written strings.Builder
		all, _ := s.Resolve([]string{"b1", "k", "b2", "p", "c"}, nil)
		r := &fit.Result{Parameters: []string{"b1", "k", "b2", "p", "c"}, Estimate: []float64{500, 0.5, 997, 0.25, -3}}
		if err := s.Write(&written, all, r); err != nil {
			t.Fatal(err)
		}
		if err := again.File("again.toml", []byte(written.String())); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, written.String())
		}
		if p, err = again.Resolve([]string{"b1", "k", "b2", "p", "c"}, nil); err != nil || show(p, []float64{1, 0, 0, 0, 1}) != resolved {
			t.Errorf("%s written:\n%s\n%v\n%s", name, written.String(), err, show(p, []float64{1, 0, 0, 0, 1}))
		}
	}
}

// TestGuesses: what is said overrides what a model guesses, and a guess gives way to bounds.
func TestGuesses(t *testing.T) {
	guesses := []fit.Parameter{{Name: "a", Start: 5}, {Name: "s", Start: 2, Upper: math.Inf(1)}, {Name: "f", Start: 0.5, Upper: 1}}
	for _, test := range []struct {
		flags Flags
		want  string
	}{
		{Flags{}, "a=5 [-Inf +Inf], s=2 [0 +Inf], f=0.5 [0 1]"},
		{Flags{Start: []string{"a=7"}}, "a=7 [-Inf +Inf], s=2 [0 +Inf], f=0.5 [0 1]"},
		{Flags{Upper: []string{"a=4", "s=1"}}, "a=4 [-Inf 4], s=1 [0 1], f=0.5 [0 1]"},
		{Flags{Lower: []string{"f=0.6"}, Logit: []string{"f"}}, "a=5 [-Inf +Inf], s=2 [0 +Inf], f=0.8 [0.6 1]"},
		{Flags{Lower: []string{"s=3"}, Log: []string{"s"}}, "a=5 [-Inf +Inf], s=4 [3 +Inf], f=0.5 [0 1]"},
	} {
		var s Set
		if err := s.Flags(test.flags); err != nil {
			t.Fatal(err)
		}
		p, err := s.Resolve([]string{"a", "s", "f"}, guesses)
		if err != nil {
			t.Errorf("%+v: %v", test.flags, err)
			continue
		}
		var got []string
		for _, q := range p {
			got = append(got, fmt.Sprintf("%s=%v [%v %v]", q.Name, q.Start, q.Lower, q.Upper))
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%+v: %s, want %s", test.flags, got, test.want)
		}
	}
}

func TestFileErrors(t *testing.T) {
	for _, test := range []struct{ file, text, want string }{
		{"p.toml", "b = 1\nk = 2,5\n", "p.toml, line 2, character 6: expected a top-level item to end"},
		{"p.toml", "'größe' = 1\n\n k k\n", "p.toml, line 3, character 4: "},
		{"p.toml", "b = 1\nb = 2\n", "p.toml, line 2, character 1: Key 'b' has already been defined"},
		{"p.toml", "b = \"1\"\n", `p.toml: start of b must be a number, not "1"`},
		{"p.toml", "b = inf\n", "p.toml: start of b is +Inf, want a finite number"},
		{"p.toml", "b = nan\n", "p.toml: start of b is NaN, want a finite number"},
		{"p.toml", "b = [1, 2]\n", "p.toml: start of b must be a number, not a list"},
		{"p.toml", "[b]\n", "p.toml: nothing is said of b; say start, lower"},
		{"p.toml", "[b]\nstrat = 1\n", `p.toml: "strat" is nothing to say of b; say start, lower`},
		{"p.toml", "[b]\nfix = 1\n", "p.toml: fix of b must be true or false, not 1"},
		{"p.toml", "[b]\ntie = 2\n", "p.toml: tie of b must be an expression"},
		{"p.toml", "[b.c]\nstart = 2\n", `p.toml: "c" is nothing to say of b`},
		{"p.toml", "[b]\nscale = -1\n", "p.toml: scale of b is -1, want a finite number above 0"},
		{"p.toml", "b = \"\xff\"\n", "p.toml: not UTF-8 text"},
		{"p.toml", "b = 1979-05-27\n", "p.toml: start of b must be a number, not 1979"},
		{"p.json", "", "p.json, line 1, character 1: EOF"},
		{"p.json", "[1]", `p.json, line 1, character 2: want an object of parameters, as {"b1": 500}`},
		{"p.json", "{\"b\": 1,\n \"c\": 1,5}", "p.json, line 2, character 9: "},
		{"p.json", "{\"b\":\n 1x}", "p.json, line 2, character 3: invalid character 'x'"},
		{"p.json", "{\"b\": 1", "p.json, line 1, character 8: "},
		{"p.json", "{\"b\": 1} {}", "p.json, line 1, character 10: more text behind the object"},
		{"p.json", "{\"b\": 1e999}", "p.json, line 1, character 12: start of b must be a number, not \"1e999, which is too large\""},
		{"p.json", "{\"b\": 1, \"b\": 2}", "b has two start values"},
		{"p.json", "{\"b\": {\"fix\": 1}}", "p.json, line 1, character 17: fix of b must be true or false, not 1"},
		{"p.json", "{\"b\": null}", "start of b must be a number, not <nil>"},
	} {
		var s Set
		if err := s.File(test.file, []byte(test.text)); err == nil || !strings.HasPrefix(err.Error(), test.want) && !strings.Contains(err.Error(), ": "+test.want) {
			t.Errorf("%s %q: %v, want %s", test.file, test.text, err, test.want)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add(tomlText, false)
	f.Add(jsonText, true)
	f.Add("b1 = 1\n[k]\nlower=-1\nupper=1\nlogit=true\n", false)
	f.Add("\"a b\".start = 1\n'x'.tie='b1'\n", false)
	f.Add("[b1]\nstart=1\nlog=true\nlower=-5\n[k]\ntie='b1/0'", false)
	f.Add(`{"b1": {"start": 1, "start": 2}}`, true)
	f.Add(`{"b1": {"lower": 0, "upper": 0}, "k": [1]}`, true)
	f.Fuzz(func(t *testing.T, text string, json bool) {
		var s Set
		file := "p.toml"
		if json {
			file = "p.json"
		}
		if err := s.File(file, []byte(text)); err != nil {
			if !strings.HasPrefix(err.Error(), file) {
				t.Fatalf("error %q does not name the file", err)
			}
			return
		}
		resolveAndFit(t, &s)
	})
}

func FuzzFlags(f *testing.F) {
	f.Add("b1=1", "b1=0", "k=2", "k=2*b1", "k", "b1", "")
	f.Add("b1=-1", "=", "b1=", "=2", "b1=3", "k", "k=0")
	f.Add("k=1e300", "k=-inf", "k=inf", "b1=exp(k)", "k=1e308", "k", "k")
	f.Fuzz(func(t *testing.T, start, lower, upper, tie, fix, log, scale string) {
		var s Set
		list := func(v string) []string {
			if v == "" {
				return nil
			}
			return []string{v}
		}
		if s.Flags(Flags{Start: list(start), Lower: list(lower), Upper: list(upper), Tie: list(tie), Fix: list(fix), Log: list(log), Scale: list(scale)}) == nil {
			resolveAndFit(t, &s)
		}
	})
}

// resolveAndFit: whatever Resolve lets pass, a fit takes without panic, and Write writes so that it reads back.
func resolveAndFit(t *testing.T, s *Set) {
	m := fit.Model{Parameters: []string{"b1", "k"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = 1, x[0]
		}
		return b[0] + b[1]*x[0]
	}}
	p, err := s.Resolve(m.Parameters, []fit.Parameter{{Name: "b1", Start: 1}, {Name: "k", Start: 1}})
	if err != nil {
		return
	}
	d := fit.Data{X: [][]float64{{0}, {1}, {2}, {3}}, Y: []float64{1, 2, 2, 5}}
	r, _ := fit.Curve(context.Background(), m, d, p, &fit.Settings{Iterations: 5, AdamSteps: 5})
	if r == nil {
		return
	}
	for _, v := range r.Estimate {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
	}
	var b strings.Builder
	if err := s.Write(&b, p, r); err != nil {
		t.Fatal(err)
	}
	var again Set
	if err := again.File("p.toml", []byte(b.String())); err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
}
