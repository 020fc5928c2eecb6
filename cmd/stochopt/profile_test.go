package main

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProfile(t *testing.T) {
	dir := t.TempDir()
	for _, ext := range []string{"png", "svg", "pdf"} {
		picture, table := filepath.Join(dir, "p."+ext), filepath.Join(dir, ext+".md")
		code, out, errs := runCommand(context.Background(), "", "profile", "Adam", "SGD momentum", "gonum LBFGS", "--class=stiff,sums", "--budget=300", "--seeds=3",
			"--plot="+picture, "--out="+table, "--show=Adam;SGD momentum")
		if code != 0 || out != "\nPicture  "+picture+"\n" || errs != "" {
			t.Fatalf("exit code %d\n%s%s", code, out, errs)
		}
		text, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"| method | stiff | sums |", "| Adam | ", "| gonum LBFGS | **", "- sums: ", "(12 problems)"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
		data, err := os.ReadFile(picture)
		if err != nil || len(data) < 5000 {
			t.Errorf("%s: %d bytes, %v", ext, len(data), err)
		}
		if ext == "png" {
			if img, err := png.Decode(bytes.NewReader(data)); err != nil || img.Bounds().Dx() < 800 {
				t.Errorf("picture: %v", err)
			}
		}
	}
	// The same bits from the same seeds.
	_, one, _ := runCommand(context.Background(), "", "profile", "Adam", "--class=sums", "--budget=100", "--seeds=2")
	_, two, _ := runCommand(context.Background(), "", "profile", "Adam", "--class=sums", "--budget=100", "--seeds=2")
	if one != two || one == "" {
		t.Errorf("two runs differ:\n%s\n%s", one, two)
	}
}

func TestSweep(t *testing.T) {
	code, out, errs := runCommand(context.Background(), "", "sweep", "SGD", "Adam", "--budget=100", "--seeds=1")
	if code != 0 || errs != "" {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	for _, want := range []string{"Digits gained in 100 draws", "| method | 1e-05 |", "\n| SGD | ", "\n| Adam | ", "| 0.1 |\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestProfileBadInput(t *testing.T) {
	for want, args := range map[string][]string{
		`no method "Adm"; did you mean "Adam"?`:                     {"profile", "Adm"},
		`no method "zzz"; there are SGD; `:                          {"profile", "zzz"},
		`no method "adam"; did you mean "Adam"?`:                    {"profile", "adam"},
		`with a step size there is no method "DoG"; there are SGD;`: {"sweep", "DoG"},
		`--show: there is no method "foo"`:                          {"profile", "--plot=p.png", "--show=Adam;foo"},
		"--class is smoth; the classes are smooth":                  {"profile", "--class=smoth"},
		"must end in .png, .svg or .pdf":                            {"profile", "--plot=p.gif"},
		"--budget is 0":                                             {"profile", "--budget=0"},
		"--seeds is 0, want":                                        {"sweep", "--seeds=0"},
		"--tau is 1, want":                                          {"profile", "--tau=1"},
	} {
		code, out, errs := runCommand(context.Background(), "", args...)
		if code != badInput || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%q: exit code %d, want 2 and %q\n%s%s", args, code, want, out, errs)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if code, _, errs := runCommand(ctx, "", "profile"); code != failed || !strings.Contains(errs, "canceled") {
		t.Errorf("cancelled: %d %s", code, errs)
	}
}
