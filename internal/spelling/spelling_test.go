package spelling

import "testing"

// TestNearest checks what is taken for a slip, and what is not.
func TestNearest(t *testing.T) {
	names := []string{"b1", "x", "rate", "temperature", "größe", "gaussian", "energy"}
	for unknown, want := range map[string]string{
		"b2": "", "b10": "", "b": "", "X": "x", "z": "", "rat": "rate", "rote": "rate", "RATES": "rate", "ratio": "", "tempratur": "temperature",
		"grösse": "größe", "": "", "rtae": "rate", "arte": "rate", "arta": "", "guassain": "gaussian", "enregy": "energy", "gauss": "",
		"1b": "",
	} {
		if got := Nearest(unknown, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", unknown, got, want)
		}
	}
	if got := Hint("rtae", names) + Hint("zzz", names); got != "; did you mean rate?" {
		t.Errorf("hints %q", got)
	}
}

// TestEdits: a swap counts once, where without it it would count twice.
func TestEdits(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"abcd", "badc", 2}, {"ca", "abc", 3},
		{"größe", "grßöe", 1}, {"abcd", "acbd", 1}, {"abcde", "acbd", 2},
	} {
		if got := edits(test.a, test.b); got != test.want {
			t.Errorf("%q to %q: %d edits, want %d", test.a, test.b, got, test.want)
		}
	}
}
