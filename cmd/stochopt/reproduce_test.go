package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An experiment leaves its picture in two formats, its numbers with what they are, and its lines, which it prints. It is silent
// elsewhere.
func TestReproduce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there")
	code, out, errs := runCommand(context.Background(), "", "reproduce", "convergence", "--quick", "--out="+dir)
	if code != 0 || errs != "" {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	read := func(ending string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, "convergence"+ending))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	// Theorem 1 of S. J. Reddi, S. Kale, S. Kumar, 2018, is that Adam's mean regret is 2/3 there, and AMSGrad's goes to 0.
	text := string(read(".txt"))
	if !strings.HasPrefix(out, text) || !strings.Contains(text, "Adam, β₁ = 0, β₂ = 0.1          1.000         0.6748\n") || !strings.Contains(out, ".png, .svg, .csv and .txt, in ") {
		t.Errorf("printed\n%s\nwritten\n%s", out, text)
	}
	if img, err := png.Decode(bytes.NewReader(read(".png"))); err != nil || img.Bounds().Dx() < 800 {
		t.Errorf("picture: %v", err)
	}
	if !bytes.Contains(read(".svg"), []byte(">mean regret R(T)/T<")) {
		t.Error("no word at an axis of the picture")
	}
	rows, err := csv.NewReader(bytes.NewReader(read(".csv"))).ReadAll()
	if err != nil || len(rows) < 500 || strings.Join(rows[0], " ") != "panel across up curve x y low high" || strings.Join(rows[1][:4], "; ") != "where it plays; round; x; Adam, β₁ = 0, β₂ = 0.1" {
		t.Errorf("%d rows, %q, %v", len(rows), rows[:2], err)
	}
	if _, out, _ := runCommand(context.Background(), "", "reproduce"); strings.Count(out, "\n") != 10 || !strings.Contains(out, "imdb-logistic") {
		t.Errorf("the list is\n%s", out)
	}
}

// What the user gets wrong ends with exit code 2 and words that tell what.
func TestReproduceBadInput(t *testing.T) {
	t.Setenv("STOCHOPT_DATA", "")
	broken := t.TempDir()
	for _, name := range []string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"} {
		if err := os.WriteFile(filepath.Join(broken, name), []byte("<html>not found</html>"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for want, args := range map[string]string{
		`no experiment "mpl"; did you mean "mlp"?`:           "mpl",
		"--units is for mlp, not for cnn":                    "cnn --units=10",
		"--units is -1, want at least 1":                     "mlp --units=-1",
		"--methods is for the logistic experiments, not for": "mlp --methods=Lion",
		`there is no method "Lyon"; there are Adam; `:        "mnist-logistic --methods=Lyon",
		"seeds":                         "noise --seeds=0",
		"the files of MNIST, and no fo": "mlp",
		"lacks files of IMDB":           "imdb-logistic --data=" + broken,
		"MNIST, train images: begins with the bytes [60 104 116 109], want [0 0 8 3]": "cnn --data=" + broken,
	} {
		code, out, errs := runCommand(context.Background(), "", append([]string{"reproduce", "--out=" + t.TempDir()}, strings.Fields(args)...)...)
		if code != badInput || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d\n%s%s\nwant %q", args, code, out, errs, want)
		}
	}
}

// An interrupt ends an experiment with exit code 130, and without files.
func TestReproduceInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	code, out, errs := runCommand(ctx, "", "reproduce", "sparsity", "--out="+dir)
	files, err := os.ReadDir(dir)
	if code != interrupted || out != "" || !strings.Contains(errs, "interrupted, nothing written") || err != nil || len(files) != 0 {
		t.Errorf("exit code %d, %d files, %v\n%s%s", code, len(files), err, out, errs)
	}
}
