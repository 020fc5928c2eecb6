// Command _asm writes the assembly of package kernel: for each kernel a file x_amd64.s and its declaration x_amd64.go, and
// noasm.go with the declarations for builds without assembly. In this folder,
//
//	GOWORK=off go run . -dir ..
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "..", "folder to write to")
	flag.Parse()
	files, err := generate()
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(*dir, name), text, 0o666); err != nil {
			log.Fatal(err)
		}
	}
}

// generate returns the text of every generated file.
func generate() (map[string][]byte, error) {
	files := map[string][]byte{}
	cfg := printer.Config{Name: "internal/kernel/_asm", Pkg: "kernel"}
	var noasm bytes.Buffer
	fmt.Fprintf(&noasm, "// %s\n\n//go:build !amd64 || purego\n\npackage kernel\n\n", cfg.GeneratedWarning())
	fmt.Fprintf(&noasm, "var avx2 = false\n\n")
	fmt.Fprintf(&noasm, "// wide is the number of leading elements, of n, that are left to the assembly: none.\nfunc wide(n int) int { return 0 }\n")
	for _, f := range []struct {
		name string
		make func() *kernel
	}{
		{"adam", adam},
		{"adamw", adamw},
		{"amsgrad", amsgrad},
		{"adamax", adamax},
		{"nadam", nadam},
		{"rmsprop", rmsprop},
		{"adagrad", adagrad},
		{"sgd", sgd},
		{"nesterov", nesterov},
		{"lion", lion},
		{"mix", mix},
		{"track", track},
		{"squares", squares},
		{"schedulefreesgd", scheduleFreeSGD},
		{"schedulefreeadam", scheduleFreeAdam},
		{"adamwcenter", adamwCenter},
		{"rmspropcentered", rmspropCentered},
		{"notfinite", notFinite},
		{"notsquarable", notSquarable},
		{"replay", adamReplay},
		{"decay", decay},
	} {
		k := f.make()
		file, err := k.Result()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		if err := pass.Compile.Execute(file); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		for suffix, p := range map[string]printer.Printer{"_amd64.s": printer.NewGoAsm(cfg), "_amd64.go": printer.NewStubs(cfg)} {
			if files[f.name+suffix], err = p.Print(file); err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
		}
		for _, section := range file.Sections {
			if fn, ok := section.(*ir.Function); ok {
				fmt.Fprintf(&noasm, "\n%s { panic(\"kernel: no assembly\") }\n", fn.Stub())
			}
		}
	}
	var err error
	files["noasm.go"], err = format.Source(noasm.Bytes())
	return files, err
}
