package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// flagsFirst moves the flags of a command before its arguments: between the arguments of a list kong takes none. What
// follows -- are arguments. It leaves alone what begins with no command, or with one that has commands of its own.
func flagsFirst(model *kong.Application, args []string) []string {
	if len(args) == 0 {
		return args
	}
	i := slices.IndexFunc(model.Children, func(n *kong.Node) bool { return n.Name == args[0] })
	if i < 0 || len(model.Children[i].Children) > 0 {
		return args
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
		flags = append(flags, a)
		name, _, hasValue := strings.Cut(strings.TrimPrefix(a, "--"), "=")
		takesValue := slices.ContainsFunc(command.Flags, func(f *kong.Flag) bool { return f.Name == name && !f.IsBool() })
		if takesValue && !hasValue && k+1 < len(args) {
			k++
			flags = append(flags, args[k])
		}
	}
	return append(flags, rest...)
}
