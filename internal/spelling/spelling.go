// Package spelling finds the name that was probably meant by one that does not exist.
package spelling

import "strings"

// Nearest returns the name that was probably meant by the unknown one, or "". It accepts another case and about one slip in
// three letters: a letter that is wrong, missing, too many, or two neighbours that are swapped. Names that differ in their
// final digits only, such as b1 and b2, are not taken for each other. Of several equally near ones it is the first.
func Nearest(unknown string, names []string) string {
	best, distance := "", 1+len([]rune(unknown))/3
	for _, name := range names {
		if stem(name) == stem(unknown) {
			continue
		}
		if d := edits(strings.ToLower(unknown), strings.ToLower(name)); d < distance {
			best, distance = name, d
		}
	}
	return best
}

// Hint is "; did you mean NAME?" with the Nearest of names, or "" where there is none.
func Hint(unknown string, names []string) string {
	if n := Nearest(unknown, names); n != "" {
		return "; did you mean " + n + "?"
	}
	return ""
}

func stem(name string) string { return strings.TrimRight(name, "0123456789") }

// edits is the least number of characters to insert, delete, replace or swap with their neighbour that makes a into b, where
// what has been swapped is not edited again.
//
// Reference: F. J. Damerau, A technique for computer detection and correction of spelling errors, Communications of the ACM
// 7, 1964.
func edits(a, b string) int {
	from, to := []rune(a), []rune(b)
	before, last, row := make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		before, last, row = last, row, before
		row[0] = i + 1
		for j, q := range to {
			replace := last[j]
			if r != q {
				replace++
			}
			row[j+1] = min(replace, row[j]+1, last[j+1]+1)
			if i > 0 && j > 0 && r == to[j-1] && from[i-1] == q {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(to)]
}
