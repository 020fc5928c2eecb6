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
		"fit --json - y~a --sigma s a=1":       "fit --json --sigma s - y~a a=1",
		"fit - y~a --sigma=s a=1 --fix a k=-1": "fit --sigma=s --fix a - y~a a=1 k=-1",
		"fit - y~a --unknown a=1":              "fit --unknown - y~a a=1",
		"fit - --level 0.9 -- --sigma a=1 --json": "fit --level 0.9 - -- --sigma a=1 --json",
		"fit - y~a --sigma":                       "fit --sigma - y~a",
	} {
		if got := strings.Join(flagsFirst(parser.Model, strings.Fields(args)), " "); got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
}
