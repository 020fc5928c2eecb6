package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

//go:embed peers/torch.py
var torchSource string

// torch is a process that takes steps of torch.optim.Adam and times itself. It sleeps while others run.
type torch struct {
	version string
	in      io.WriteCloser
	out     *bufio.Scanner
	command *exec.Cmd
}

// startTorch starts the first of the interpreters that has PyTorch.
func startTorch(interpreters []string) (*torch, error) {
	for _, python := range interpreters {
		if exec.Command(python, "-c", "import torch").Run() != nil {
			continue
		}
		t := &torch{command: exec.Command(python, "-c", torchSource)}
		t.command.Stderr = os.Stderr
		in, err := t.command.StdinPipe()
		if err != nil {
			return nil, err
		}
		out, err := t.command.StdoutPipe()
		if err != nil {
			return nil, err
		}
		t.in, t.out = in, bufio.NewScanner(out)
		if err := t.command.Start(); err != nil {
			return nil, err
		}
		t.version, err = t.line()
		return t, err
	}
	return nil, fmt.Errorf("none of %s can import torch", strings.Join(interpreters, ", "))
}

func (t *torch) line() (string, error) {
	if !t.out.Scan() {
		return "", fmt.Errorf("torch gives no answer: %w", t.command.Wait())
	}
	return t.out.Text(), nil
}

// steps is a side. It panics if the process is gone.
func (t *torch) steps(dim int) side {
	return func(steps int) float64 {
		fmt.Fprintln(t.in, dim, steps)
		line, err := t.line()
		if err != nil {
			panic(err)
		}
		ns, err := strconv.ParseFloat(line, 64)
		if err != nil {
			panic(err)
		}
		return ns
	}
}

// stop ends the process.
func (t *torch) stop() error {
	t.in.Close()
	return t.command.Wait()
}
