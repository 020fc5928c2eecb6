package dataset

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// idx is a file of bytes in IDX format.
func idx(sizes []int, data ...byte) []byte {
	b := []byte{0, 0, 8, byte(len(sizes))}
	for _, n := range sizes {
		b = append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, data...)
}

func zipped(t *testing.T, b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}

func put(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Images are read from plain and compressed files, in the folder itself and below it.
func TestMNIST(t *testing.T) {
	train, trainLabels := idx([]int{3, 2, 2}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255), idx([]int{3}, 0, 9, 4)
	test, testLabels := idx([]int{1, 2, 2}, 0, 0, 0, 1), idx([]int{1}, 5)
	plain, packed := t.TempDir(), t.TempDir()
	put(t, plain, map[string][]byte{"train-images-idx3-ubyte": train, "train-labels-idx1-ubyte": trainLabels,
		"t10k-images-idx3-ubyte": test, "t10k-labels-idx1-ubyte": testLabels})
	put(t, filepath.Join(packed, "mnist"), map[string][]byte{"train-images-idx3-ubyte.gz": zipped(t, train), "train-labels-idx1-ubyte.gz": zipped(t, trainLabels),
		"t10k-images-idx3-ubyte.gz": zipped(t, test), "t10k-labels-idx1-ubyte.gz": zipped(t, testLabels)})
	for _, folder := range []string{plain, packed} {
		a, b, err := MNIST(folder)
		if err != nil {
			t.Fatal(err)
		}
		if a.Len() != 3 || a.Rows != 2 || a.Columns != 2 || !slices.Equal(a.Image(2), []byte{9, 10, 11, 255}) || !slices.Equal(a.Labels, []byte{0, 9, 4}) {
			t.Errorf("train is %+v", a)
		}
		if b.Len() != 1 || !slices.Equal(b.Image(0), []byte{0, 0, 0, 1}) || b.Labels[0] != 5 {
			t.Errorf("test is %+v", b)
		}
		if two := a.First(2); two.Len() != 2 || len(two.Pixels) != 8 || a.First(9).Len() != 3 {
			t.Errorf("the first two of train are %+v", two)
		}
	}
	put(t, plain, map[string][]byte{"train-labels-idx1-ubyte": idx([]int{3}, 0, 10, 4)})
	if _, _, err := MNIST(plain); err == nil || !strings.Contains(err.Error(), "label 1 is 10, want less than 10") {
		t.Errorf("a label of 10: %v", err)
	}
	put(t, plain, map[string][]byte{"train-labels-idx1-ubyte": idx([]int{2}, 0, 1)})
	if _, _, err := MNIST(plain); err == nil || !strings.Contains(err.Error(), "3 images, 2 labels") {
		t.Errorf("a label too few: %v", err)
	}
}

func TestMissing(t *testing.T) {
	for _, folder := range []string{"", t.TempDir()} {
		_, _, err := MNIST(folder)
		var missing *MissingError
		if !errors.As(err, &missing) || len(missing.Files) != 4 {
			t.Fatalf("%v", err)
		}
		for _, want := range []string{folder, "--data DIR", "STOCHOPT_DATA", "train-images-idx3-ubyte   47040016 bytes, SHA-256 ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", "of the plain files", "LeCun"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q lacks %q", err, want)
			}
		}
	}
	folder := t.TempDir()
	put(t, folder, map[string][]byte{"train.svm": []byte("1 1:1\n")})
	_, _, err := IMDB(folder)
	var missing *MissingError
	if !errors.As(err, &missing) || len(missing.Files) != 1 || !strings.HasPrefix(missing.Files[0], "test.svm ") {
		t.Errorf("%v", err)
	}
}

func TestBadIDX(t *testing.T) {
	for want, b := range map[string][]byte{
		"shorter than the head":                                 {0, 0, 8},
		"begins with the bytes":                                 {1, 2, 3, 4, 5, 6, 7, 8},
		"dimension 1 has the size 0":                            idx([]int{0}),
		"ends 2 bytes after its head, which promises 3 for [3]": idx([]int{3}, 1, 2),
		"goes on after the 3 bytes that its head promises":      idx([]int{3}, 1, 2, 3, 4),
		// A head that promises a GB must not take it.
		"ends 1 bytes after its head, which promises 1073741824": idx([]int{1 << 30}, 1),
		"dimension 1 has the size 4294967295":                    idx([]int{1<<32 - 1}, 1),
	} {
		if _, _, err := ReadIDX(bytes.NewReader(b), "f", 1); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "f: ") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, _, err := ReadIDX(bytes.NewReader(idx([]int{1 << 20, 1 << 20, 7}, 1)), "f", 3); err == nil || !strings.Contains(err.Error(), "dimension 2") {
		t.Errorf("sizes whose product overflows: %v", err)
	}
}

func TestSVMLight(t *testing.T) {
	m, err := ReadSVMLight(strings.NewReader("9 1:2 4:0 5:1.5 # good\n\n# nothing\n-1\n3 2:1\n"), "f", 5)
	if err != nil {
		t.Fatal(err)
	}
	if m.Len() != 3 || !slices.Equal(m.Labels, []float64{9, -1, 3}) || !slices.Equal(m.Start, []int{0, 2, 2, 3}) ||
		!slices.Equal(m.Index, []int32{0, 4, 1}) || !slices.Equal(m.Value, []float64{2, 1.5, 1}) {
		t.Errorf("%+v", m)
	}
	if index, value := m.Row(2); !slices.Equal(index, []int32{1}) || !slices.Equal(value, []float64{1}) {
		t.Errorf("row 2 is %v %v", index, value)
	}
	if two := m.First(2); two.Len() != 2 || m.First(7).Len() != 3 {
		t.Errorf("the first two rows are %+v", two)
	}
	for text, want := range map[string]string{
		"":               "f: no rows",
		"x 1:1":          `f, line 1: the label is "x", want a number`,
		"\n1 a:1":        `f, line 2: "a:1", want index:value`,
		"1 1":            `f, line 1: "1", want index:value`,
		"1 1:":           `f, line 1: "1:", want index:value`,
		"1 2:1 2:1":      "f, line 1: index 2 after 2, want ascending indices from 1 to 5",
		"1 6:1":          "f, line 1: index 6 after 0, want ascending indices from 1 to 5",
		"1 0:1":          "f, line 1: index 0 after 0, want ascending indices from 1 to 5",
		"1 4:1\n1 4:1:2": `f, line 2: "4:1:2", want index:value`,
		"nan 1:1":        `f, line 1: the label is "nan", want a number`,
		"1 1:Inf":        `f, line 1: "1:Inf", want index:value`,
	} {
		if _, err := ReadSVMLight(strings.NewReader(text), "f", 5); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// A compressed file that is cut short is an error that says so, wherever that is in a line; the whole is none.
func TestCutShort(t *testing.T) {
	var text strings.Builder
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		fmt.Fprintf(&text, "9 1:%d 17:%d 250:%d\n", r.IntN(1000), r.IntN(1000), r.IntN(1000))
	}
	whole := zipped(t, []byte(text.String()))
	read := func(b []byte) error {
		folder := t.TempDir()
		put(t, folder, map[string][]byte{"train.svm.gz": b, "test.svm.gz": whole})
		_, _, err := IMDB(folder)
		return err
	}
	if err := read(whole); err != nil {
		t.Fatal(err)
	}
	for n := len(whole) - 40; n < len(whole); n++ {
		if err := read(whole[:n]); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "IMDB, train.svm, after line ") {
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	b := slices.Clone(whole)
	b[len(b)-8]++
	if err := read(b); !errors.Is(err, gzip.ErrChecksum) {
		t.Errorf("a wrong sum: %v", err)
	}
}

// Labels that are no ratings, as the usual -1 and 1, are refused: all would be bad reviews.
func TestRatings(t *testing.T) {
	for text, want := range map[string]string{
		"9 1:1\n-1 1:1\n": "IMDB, train.svm: review 2 has the rating -1, want 1 to 4 or 7 to 10",
		"5 1:1\n":         "IMDB, train.svm: review 1 has the rating 5, want 1 to 4 or 7 to 10",
		"7.5 1:1\n":       "IMDB, train.svm: review 1 has the rating 7.5, want 1 to 4 or 7 to 10",
	} {
		folder := t.TempDir()
		put(t, folder, map[string][]byte{"train.svm": []byte(text), "test.svm": []byte("1 1:1\n")})
		if _, _, err := IMDB(folder); err == nil || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func FuzzIDX(f *testing.F) {
	f.Add(idx([]int{2, 1, 1}, 3, 4))
	f.Fuzz(func(_ *testing.T, b []byte) { ReadIDX(bytes.NewReader(b), "f", 3) })
}

func FuzzSVMLight(f *testing.F) {
	f.Add("9 1:2 5:1.5 # good\n\n-1\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ReadSVMLight(strings.NewReader(text), "f", 7)
		if err == nil && (m.Start[m.Len()] != len(m.Index) || len(m.Start) != m.Len()+1) {
			t.Errorf("%+v", m)
		}
	})
}
