// Command bench times this module beside what it is to be measured with, and writes docs/speed.md with its picture. From the root
// of the repository:
//
//	go run ./bench
//
// It is a module of its own, and takes some five minutes. With --run it measures some of the page and writes nothing;
// -tags purego before ./bench measures the portable loops. The guard of CI,
//
//	go run ./bench --guard
//
// compares a few ratios with those in bench/baseline.json, which --guard --write measures anew.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

func main() {
	length := flag.Duration("length", time.Second, "length of each race")
	only := flag.String("run", "", "sections to measure, separated by commas, in place of all: "+strings.Join(names(), ", "))
	out := flag.String("out", "docs/speed.md", "the file to write; the pictures stand beside it")
	python := flag.String("python", "", "the Python interpreter that has torch; else python3 and /usr/bin/python3 are tried")
	watch := flag.Bool("guard", false, "compare a few ratios with bench/baseline.json, and fail where one is worse than 1.5 times that")
	write := flag.Bool("write", false, "with --guard: write bench/baseline.json in place of comparing")
	flag.Parse()
	err := func() error {
		switch {
		case flag.NArg() > 0:
			return fmt.Errorf("%q is no flag", flag.Arg(0))
		case *write && !*watch:
			return errors.New("--write goes with --guard")
		case *write:
			return writeBaseline(os.Stdout, "bench/baseline.json", guardedRows(), *length)
		case *watch:
			base, err := read(committed)
			if err != nil {
				return err
			}
			return guard(os.Stdout, guardedRows(), base, *length)
		}
		r := &report{log: os.Stdout, length: *length, pythons: []string{"python3", "/usr/bin/python3"}}
		if *python != "" {
			r.pythons = []string{*python}
		}
		chosen, err := choose(*only)
		if err != nil {
			return err
		}
		page, err := r.write(chosen)
		if err != nil || *only != "" {
			return err
		}
		return r.save(*out, page)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// names are those of the sections.
func names() (all []string) {
	for _, s := range sections {
		all = append(all, s.name)
	}
	return all
}

// choose returns the sections that are named, all for none.
func choose(only string) (chosen []section, err error) {
	if only == "" {
		return sections, nil
	}
	for _, name := range strings.Split(only, ",") {
		i := slices.Index(names(), name)
		if i < 0 {
			return nil, fmt.Errorf("--run %s: %q is none of %s", only, name, strings.Join(names(), ", "))
		}
		chosen = append(chosen, sections[i])
	}
	return chosen, nil
}
