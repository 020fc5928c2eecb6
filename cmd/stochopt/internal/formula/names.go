package formula

import "strings"

// nearest returns the name that was probably meant by the unknown one, or "". It accepts another case and about one
// wrong letter in three. Names that differ in their final digits only, such as b1 and b2, are not taken for each other.
func nearest(unknown string, names []string) string {
	best, distance := "", 1+len([]rune(unknown))/3
	for _, name := range names {
		if stem(name) == stem(unknown) {
			continue
		}
		if d := editDistance(strings.ToLower(unknown), strings.ToLower(name)); d < distance {
			best, distance = name, d
		}
	}
	return best
}

func stem(name string) string { return strings.TrimRight(name, "0123456789") }

// editDistance is the least number of characters to insert, delete or replace that makes a into b.
func editDistance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, q := range to {
			replace := diagonal
			if r != q {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}

// list writes names for an error, the first twenty at most.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}
