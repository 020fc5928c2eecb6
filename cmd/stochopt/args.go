package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/stochopt/stochopt/internal/spelling"
)

// flagsFirst moves the flags of a command before its arguments, each joined to its value: between the arguments of a list
// kong takes none. What follows -- are arguments. It leaves alone what begins with no command, or with one that has commands of its own. A flag
// without its value, or with one that it does not know, is an error.
func flagsFirst(model *kong.Application, args []string) ([]string, error) {
	if len(args) == 0 {
		return args, nil
	}
	i := slices.IndexFunc(model.Children, func(n *kong.Node) bool { return n.Name == args[0] })
	if i < 0 || len(model.Children[i].Children) > 0 {
		return args, nil
	}
	command := model.Children[i]
	flags, rest := []string{args[0]}, []string{}
	for k := 1; k < len(args); k++ {
		a := args[k]
		if a == "--" {
			rest = append(rest, args[k:]...)
			break
		}
		if len(a) < 2 || a[0] != '-' {
			rest = append(rest, a)
			continue
		}
		if name, _, _ := strings.Cut(a[1:], "="); slices.ContainsFunc(command.Flags, func(f *kong.Flag) bool { return len(name) > 1 && f.Name == name }) {
			return nil, fmt.Errorf("%s: flags have two dashes, --%s", a, name)
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(a, "--"), "=")
		f := slices.IndexFunc(command.Flags, func(f *kong.Flag) bool { return f.Name == name && !f.IsBool() })
		if strings.HasPrefix(name, "weight") && command.Name == "fit" {
			return nil, fmt.Errorf("there is no --%s: rows weigh 1/s² with the standard deviations s that --sigma names", name)
		}
		if f < 0 {
			flags = append(flags, a)
			continue // kong tells of a flag that does not exist
		}
		flag := command.Flags[f]
		if !hasValue {
			if k++; k == len(args) || strings.HasPrefix(args[k], "--") {
				return nil, fmt.Errorf("--%s needs a value: --%s=%s", name, name, flag.FormatPlaceHolder())
			}
			value = args[k]
		}
		flags = append(flags, "--"+name+"="+value) // which may begin with -
		if choices := flag.EnumSlice(); flag.Enum != "" && !slices.Contains(choices, value) {
			return nil, fmt.Errorf("--%s is %q, want one of %s%s", name, value, strings.Join(choices, ", "), spelling.Hint(value, choices))
		}
	}
	return append(flags, rest...), nil
}
