package main

import (
	"bytes"
	"os"
	"runtime"
	"strings"
)

// processor is the name of the processor, or of its architecture where the system does not tell.
func processor() string {
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range bytes.Lines(text) {
			if name, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return runtime.GOARCH
}
