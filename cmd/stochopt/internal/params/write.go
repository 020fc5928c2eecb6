package params

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stochopt/stochopt/fit"
)

// Write writes a file that says of the parameters what has been said, with the estimates of a fit as their starts.
func (s *Set) Write(w io.Writer, parameters []fit.Parameter, r *fit.Result) error {
	var b strings.Builder
	for _, p := range parameters {
		fmt.Fprintf(&b, "[%s]\n", key(p.Name))
		said := s.find(p.Name)
		if said != nil && said.tie != nil {
			fmt.Fprintf(&b, "tie = %s\n\n", strconv.Quote(strings.TrimSpace(*said.tie)))
			continue
		}
		v := r.Estimate[slices.Index(r.Parameters, p.Name)]
		fmt.Fprintf(&b, "start = %s\n", number17(v))
		if p.Fixed {
			b.WriteString("fix = true\n")
		}
		if p.Lower != 0 || p.Upper != 0 {
			if !math.IsInf(p.Lower, 0) {
				fmt.Fprintf(&b, "lower = %s\n", number17(p.Lower))
			}
			if !math.IsInf(p.Upper, 0) {
				fmt.Fprintf(&b, "upper = %s\n", number17(p.Upper))
			}
		}
		if p.Scale != 0 {
			fmt.Fprintf(&b, "scale = %s\n", number17(p.Scale))
		}
		switch p.Transform {
		case fit.Log:
			b.WriteString("log = true\n")
		case fit.Logit:
			b.WriteString("logit = true\n")
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// key writes a name so that TOML reads it back.
func key(name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" {
		return name
	}
	return strconv.Quote(name)
}

// number17 writes a number so that TOML reads it back as itself.
func number17(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(text, ".eEn") {
		text += ".0"
	}
	return text
}
