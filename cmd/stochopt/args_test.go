package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestFlagsFirst(t *testing.T) {
	var commands struct {
		Fit fitCommand `cmd:""`
	}
	parser, err := kong.New(&commands)
	if err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"":                                     "",
		"--help":                               "--help",
		"fot a --json b":                       "fot a --json b",
		"fit - y~a a=1 --json b=2":             "fit --json - y~a a=1 b=2",
		"fit --json - y~a --sigma s a=1":       "fit --json --sigma=s - y~a a=1",
		"fit - y~a --sigma=s a=1 --fix a k=-1": "fit --sigma=s --fix=a - y~a a=1 k=-1",
		"fit - y~a --unknown a=1":              "fit --unknown - y~a a=1",
		"fit - --level 0.9 -- --sigma a=1 --json": "fit --level=0.9 - -- --sigma a=1 --json",
		"fit - y~a --sigma -1 --lower a=-2":       "fit --sigma=-1 --lower=a=-2 - y~a",
		"fit - y~a --csv - a=1 --loss huber":      "fit --csv=- --loss=huber - y~a a=1",
	} {
		ordered, err := flagsFirst(parser.Model, strings.Fields(args))
		if got := strings.Join(ordered, " "); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", args, got, err, want)
		}
	}
	for args, want := range map[string]string{
		"fit - y~a --sigma":          "--sigma needs a value: --sigma=COLUMN",
		"fit - y~a --plot --json":    "--plot needs a value: --plot=FILE",
		"fit - --weights w":          "there is no --weights: rows weigh 1/s² with the standard deviations s that --sigma names",
		"fit - -model=line":          "-model=line: flags have two dashes, --model",
		"fit - --loss hubre":         `--loss is "hubre", want one of linear, softl1, huber, cauchy, tukey; did you mean huber?`,
		"fit - --conf=propfile":      `--conf is "propfile", want one of t, profile, bootstrap; did you mean profile?`,
		"fit - --loss=square --json": `--loss is "square", want one of linear, softl1, huber, cauchy, tukey`,
	} {
		if _, err := flagsFirst(parser.Model, strings.Fields(args)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
