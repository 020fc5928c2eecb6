package examples

import (
	"bytes"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each program prints what its README says, and draws the picture beside it.
func TestReadmes(t *testing.T) {
	for _, c := range []struct {
		folder   string
		programs []string
	}{
		{"curve", []string{"."}},
		{"peaks", []string{"."}},
		{"epidemic", []string{"."}},
		{"stream", []string{"."}},
		{"dropin", []string{"before", "after"}},
	} {
		t.Run(c.folder, func(t *testing.T) {
			t.Parallel()
			said := blocks(t, c.folder, "```\n")
			if len(said) != len(c.programs) {
				t.Fatalf("%d blocks of output for %d programs", len(said), len(c.programs))
			}
			dir := t.TempDir()
			for i, program := range c.programs {
				name := filepath.Join(dir, "program")
				build := exec.Command("go", "build", "-o", name, "./"+filepath.Join(c.folder, program))
				if out, err := build.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				run := exec.Command(name)
				run.Dir = dir
				var stderr bytes.Buffer
				run.Stderr = &stderr
				out, err := run.Output()
				if err != nil {
					t.Fatalf("%v\n%s", err, &stderr)
				}
				if got := string(out); got != said[i] {
					t.Errorf("%s prints\n%sthe README says\n%s", program, got, said[i])
				}
			}
			picture := c.folder + ".png"
			got, want := read(t, filepath.Join(dir, picture)), read(t, filepath.Join(c.folder, picture))
			if len(want) > 60_000 {
				t.Errorf("%s has %d bytes", picture, len(want))
			}
			a, errA := png.DecodeConfig(bytes.NewReader(got))
			b, errB := png.DecodeConfig(bytes.NewReader(want))
			if errA != nil || errB != nil || a.Width != b.Width || a.Height != b.Height {
				t.Errorf("%s: %v, %v, %d by %d, beside the README %d by %d", picture, errA, errB, a.Width, a.Height, b.Width, b.Height)
			}
		})
	}
}

// The README of dropin shows all lines that differ, but for comments.
func TestDropinDiff(t *testing.T) {
	lines := func(program string) []string {
		return strings.Split(string(read(t, filepath.Join("dropin", program, "main.go"))), "\n")
	}
	before, after := lines("before"), lines("after")
	var want []string
	differ := func(mark string, from, other []string) {
		for _, l := range from {
			if !slices.Contains(other, l) && !strings.HasPrefix(l, "//") {
				want = append(want, mark+l)
			}
		}
	}
	differ("-", before, after)
	differ("+", after, before)
	said := strings.Split(strings.TrimSpace(strings.Join(blocks(t, "dropin", "```diff\n"), "")), "\n")
	slices.Sort(want)
	slices.Sort(said)
	if !slices.Equal(want, said) {
		t.Errorf("the programs differ by\n%s\nthe README says\n%s", strings.Join(want, "\n"), strings.Join(said, "\n"))
	}
}

// blocks are the texts behind each fence in a README.
func blocks(t *testing.T, folder, fence string) (all []string) {
	text := string(read(t, filepath.Join(folder, "README.md")))
	open := ""
	var block strings.Builder
	for line := range strings.Lines(text) {
		switch {
		case open == "" && strings.HasPrefix(line, "```"):
			open = line
			block.Reset()
		case open != "" && line == "```\n":
			if open == fence {
				all = append(all, block.String())
			}
			open = ""
		default:
			block.WriteString(line)
		}
	}
	return all
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
