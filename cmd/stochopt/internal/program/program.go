// Package program makes an Oracle of a program that is run once for each draw.
package program

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/stochopt/stochopt"
)

// Oracle returns the Oracle whose draws a program prints: the value and then, if it has one, each component of the
// gradient, separated by white space. In its arguments {seed} stands for the seed of the draw, an integer from 0 to 2³¹-1, and
// an argument {x} for the components of x, one argument each; if there is no {x} they come last. The variable STOCHOPT_SEED is the
// seed as well.
//
// A program that ends with another exit code than 0, or prints something else, is an error, with what it wrote to its
// standard error.
func Oracle(ctx context.Context, args []string) stochopt.Oracle {
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		seed := strconv.Itoa(int(s.Rand().Int32()))
		call := expand(args, seed, x)
		cmd := exec.CommandContext(ctx, call[0], call[1:]...)
		cmd.Env = append(os.Environ(), "STOCHOPT_SEED="+seed)
		var out, complaint bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &complaint
		if err := cmd.Run(); err != nil {
			return 0, fmt.Errorf("%s: %w%s", args[0], err, said(complaint.String()))
		}
		words := strings.Fields(out.String())
		numbers := make([]float64, len(words))
		for i, w := range words {
			v, err := strconv.ParseFloat(w, 64)
			if err != nil {
				return 0, fmt.Errorf("%s printed %q where a number was expected%s", args[0], w, said(complaint.String()))
			}
			numbers[i] = v
		}
		switch {
		case len(numbers) != 1 && len(numbers) != 1+len(x):
			return 0, fmt.Errorf("%s printed %d numbers; print the value, or the value and %d components of the gradient", args[0], len(numbers), len(x))
		case grad != nil && len(numbers) == 1:
			return 0, fmt.Errorf("%s printed no gradient", args[0])
		}
		copy(grad, numbers[1:])
		return numbers[0], nil
	}
}

// expand returns args with seed and x in their places.
func expand(args []string, seed string, x []float64) []string {
	var call, at []string
	for _, v := range x {
		at = append(at, strconv.FormatFloat(v, 'g', -1, 64))
	}
	placed := false
	for _, a := range args {
		if a == "{x}" {
			call = append(call, at...)
			placed = true
			continue
		}
		call = append(call, strings.ReplaceAll(a, "{seed}", seed))
	}
	if !placed {
		call = append(call, at...)
	}
	return call
}

// said returns what a program wrote to its standard error, in parentheses: its first and its last line, either of which may be the message.
func said(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	first, last := strings.TrimSpace(lines[0]), strings.TrimSpace(lines[len(lines)-1])
	switch {
	case first == "":
		return ""
	case len(lines) == 1:
		return " (" + first + ")"
	}
	return " (" + first + " ... " + last + ")"
}
