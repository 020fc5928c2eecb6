// Package builtin gives names to the models of fit/models, for the command line.
package builtin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/fit/models"
	"github.com/stochopt/stochopt/internal/spelling"
)

// Model is a built-in model.
type Model struct {
	Name    string // as it is written on the command line
	Formula string // what it computes
	About   string // what it is for, a sentence
	New     func() fit.Model
}

// Models are all built-in models but polynomials of higher degree, which Find knows.
var Models = []Model{
	{"constant", "c", "The mean, or the background under something else.", models.Constant},
	{"line", "intercept + slope*x", "A straight line.", models.Line},
	{"polynomial2", "c0 + c1*x + c2*x^2", "A parabola; polynomial3, polynomial4, ... are those of higher degree.", func() fit.Model { return models.Polynomial(2) }},
	{"exponential", "amplitude*exp(-rate*x)", "A decay to 0, or for a negative rate growth.", models.Exponential},
	{"exponential-offset", "amplitude*exp(-rate*x) + offset", "A decay to an offset, or for a negative amplitude saturation.", models.ExponentialOffset},
	{"double-exponential", "amplitude1*exp(-rate1*x) + amplitude2*exp(-rate2*x)", "Two decays, whose rates differ by a factor of two or more.", models.DoubleExponential},
	{"double-exponential-offset", "amplitude1*exp(-rate1*x) + amplitude2*exp(-rate2*x) + offset", "Two decays to an offset.", models.DoubleExponentialOffset},
	{"power", "amplitude*x^exponent", "A power law, for x > 0.", models.Power},
	{"arrhenius", "prefactor*exp(-activation/(8.31446*x))", "A rate at the temperature x in K; the activation energy is in J/mol.", models.Arrhenius},
	{"logistic", "asymptote/(1 + exp(-rate*(x-midpoint)))", "Growth from 0 to an asymptote.", models.Logistic},
	{"logistic4", "lower + (upper-lower)/(1 + exp(-rate*(x-midpoint)))", "A symmetric step between two levels.", models.Logistic4},
	{"gompertz", "asymptote*exp(-exp(-rate*(x-inflection)))", "Growth from 0 that slows down early.", models.Gompertz},
	{"gompertz4", "lower + (upper-lower)*exp(-exp(-rate*(x-inflection)))", "The same between two levels.", models.Gompertz4},
	{"gaussian", "area/(sigma*sqrt(2*pi))*exp(-(x-center)^2/(2*sigma^2))", "A peak; its full width at half maximum is 2.3548*sigma.", models.Gaussian},
	{"lorentzian", "area/(pi*gamma*(1 + ((x-center)/gamma)^2))", "The peak of a resonance; its full width at half maximum is 2*gamma.", models.Lorentzian},
	{"voigt", "a gaussian convolved with a lorentzian: area, center, sigma, gamma", "The line of a resonance that is broadened.", models.Voigt},
	{"pseudo-voigt", "a lorentzian and a gaussian of equal width, mixed: area, center, fwhm, fraction", "Nearly a voigt; its full width at half maximum, fwhm, is a parameter, and fraction that of the lorentzian.", models.PseudoVoigt},
	{"exponential-gaussian", "a gaussian convolved with a decay: area, center, sigma, tau", "The peak with a tail of chromatography.", models.ExponentialGaussian},
	{"error-step", "height*(1 + erf((x-center)/(sigma*sqrt(2))))/2", "A step that is as wide as sigma.", models.ErrorStep},
	{"michaelis-menten", "vmax*x/(km + x)", "The rate of an enzyme, or Langmuir's isotherm; x >= 0.", models.MichaelisMenten},
	{"hill", "maximum*x^coefficient/(half^coefficient + x^coefficient)", "Cooperative binding, from 0; half is the EC50; x >= 0.", models.Hill},
	{"hill4", "lower + (upper-lower)*x^coefficient/(half^coefficient + x^coefficient)", "A dose-response curve between two levels; half is the EC50; x >= 0.", models.Hill4},
	{"sinusoid", "amplitude*sin(2*pi*frequency*x + phase)", "A wave around 0; the phase is in radians.", models.Sinusoid},
	{"sinusoid-offset", "amplitude*sin(2*pi*frequency*x + phase) + offset", "A wave around an offset.", models.SinusoidOffset},
	{"damped-oscillation", "amplitude*exp(-rate*x)*sin(2*pi*frequency*x + phase)", "A wave that decays.", models.DampedOscillation},
	{"damped-oscillation-offset", "amplitude*exp(-rate*x)*sin(2*pi*frequency*x + phase) + offset", "A wave that decays to an offset.", models.DampedOscillationOffset},
}

// Find returns the model of a name, in which upper case, hyphens and underscores do not count.
func Find(name string) (Model, error) {
	if digits, found := strings.CutPrefix(plain(name), "polynomial"); found {
		n, err := strconv.Atoi(digits)
		if err == nil && (n < 0 || n > 20) {
			return Model{}, fmt.Errorf("there is no model %q; polynomials are those of degree 0 to 20", name)
		}
		if err == nil {
			var terms []string
			for k := range n + 1 {
				terms = append(terms, []string{"c0", "c1*x", fmt.Sprintf("c%d*x^%d", k, k)}[min(k, 2)])
			}
			return Model{fmt.Sprint("polynomial", n), strings.Join(terms, " + "), fmt.Sprintf("A polynomial of degree %d.", n),
				func() fit.Model { return models.Polynomial(n) }}, nil
		}
	}
	for _, m := range Models {
		if plain(m.Name) == plain(name) {
			return m, nil
		}
	}
	name = strings.TrimSpace(name)
	if n := meant(name); n != "" {
		return Model{}, fmt.Errorf("there is no model %q; did you mean %s?", name, n)
	}
	return Model{}, fmt.Errorf("there is no model %q; models: %s", name, strings.Join(names(), ", "))
}

// meant is the name of a model that a wrong one is probably meant for: one with a slip, or three letters or more of its
// beginning, as gauss and michaelis.
func meant(name string) string {
	if n := spelling.Nearest(name, names()); n != "" {
		return n
	}
	for _, n := range names() {
		if p := plain(name); len(p) >= 3 && strings.HasPrefix(plain(n), p) {
			return n
		}
	}
	return ""
}

func names() (all []string) {
	for _, m := range Models {
		all = append(all, m.Name)
	}
	return all
}

func plain(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
}

// Sum is what a text such as gaussian+line stands for.
type Sum struct {
	// Terms are the names of its models.
	Terms []string
	// Model is the model, or the sum of all. In a sum, each parameter has the name of its term in front, as
	// gaussian_center; of several equal terms with a number, as gaussian2_center.
	Model fit.Model
	// Parts are the models of the terms, with the names that their parameters have in Model.
	Parts []fit.Model

	prefixes []string
}

// Parse reads the names of one or several models with + between them.
func Parse(text string) (*Sum, error) {
	s := &Sum{}
	var terms []fit.Model
	for name := range strings.SplitSeq(text, "+") {
		m, err := Find(name)
		if err != nil {
			return nil, err
		}
		s.Terms = append(s.Terms, m.Name)
		terms = append(terms, m.New())
	}
	if len(terms) == 1 {
		s.Model, s.Parts, s.prefixes = terms[0], terms, []string{""}
		return s, nil
	}
	const most = 50
	if len(terms) > most {
		return nil, fmt.Errorf("a sum of %d models, want %d at most", len(terms), most)
	}
	for k, name := range s.Terms {
		prefix := plain(name)
		equal := func(n string) bool { return n == name }
		if before := slices.IndexFunc(s.Terms, equal); before < k || slices.ContainsFunc(s.Terms[k+1:], equal) {
			number := 1
			for _, n := range s.Terms[:k] {
				if n == name {
					number++
				}
			}
			prefix += strconv.Itoa(number)
		}
		s.prefixes = append(s.prefixes, prefix+"_")
		terms[k] = models.Prefix(prefix+"_", terms[k])
	}
	s.Model, s.Parts = models.Sum(terms...), terms
	return s, nil
}

// Label is the name of term k, with a number where there are several equal ones.
func (s *Sum) Label(k int) string {
	if len(s.Terms) == 1 {
		return s.Terms[0]
	}
	return strings.TrimSuffix(s.prefixes[k], "_")
}

// NamesIn are the names that the parameters of s have in large, of which all terms of s must be terms; nil if they are not.
func (s *Sum) NamesIn(large *Sum) []string {
	var all []string
	taken := make([]bool, len(large.Terms))
	at := 0
	for k, name := range s.Terms {
		found := -1
		for l, other := range large.Terms {
			if other == name && !taken[l] {
				found = l
				break
			}
		}
		if found < 0 {
			return nil
		}
		taken[found] = true
		for range s.Parts[k].Parameters {
			own := strings.TrimPrefix(s.Model.Parameters[at], s.prefixes[k])
			all = append(all, large.prefixes[found]+own)
			at++
		}
	}
	return all
}
