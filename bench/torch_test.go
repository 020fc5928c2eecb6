package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTorch runs the protocol, with a stand-in where no interpreter has torch.
func TestTorch(t *testing.T) {
	// The stand-in takes a millisecond a step, whatever the number of variables.
	file := filepath.Join(t.TempDir(), "python")
	text := "#!/bin/sh\n[ \"$2\" = 'import torch' ] && exit 0\necho 1.2.3\nwhile read dim steps; do [ $dim = 5 ] && exit 7; echo 1000000.5; done\n"
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := startTorch([]string{filepath.Join(t.TempDir(), "nothing"), file})
	if err != nil {
		t.Fatal(err)
	}
	l := race{p.steps(3), func(int) float64 { return 1e6 }}.run(0)
	if p.version != "1.2.3" || l.time(0) != 1000000.5 || len(l[0]) != fewest {
		t.Errorf("version %s, times %v", p.version, l)
	}
	func() {
		defer func() {
			if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), "no answer") {
				t.Errorf("the process has ended, and the panic is %v", err)
			}
		}()
		p.steps(5)(1)
	}()
	if _, err := startTorch([]string{"/nothing/at/all"}); err == nil || !strings.Contains(err.Error(), "/nothing/at/all") {
		t.Errorf("an interpreter that is not there: error %v", err)
	}
}

// TestTorchScript runs the script itself where torch is there: twice the steps take about twice the time.
func TestTorchScript(t *testing.T) {
	p, err := startTorch([]string{"python3", "/usr/bin/python3"})
	if err != nil {
		t.Skip("torch is not installed: ", err)
	}
	if p.version == "" {
		t.Error("no version")
	}
	start := time.Now()
	ns := p.steps(1000)(50)
	if inside := time.Duration(50 * ns); !(ns > 100) || inside > time.Since(start) {
		t.Errorf("%v ns a step, in %v", ns, time.Since(start))
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}
