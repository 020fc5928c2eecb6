package dataset

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Rows are the rows of a sparse matrix, each with a label.
type Rows struct {
	// Columns is the number of columns.
	Columns int
	// Start[i] and Start[i+1] are where row i begins and ends in Index and Value.
	Start []int
	// Index are the columns of the numbers that are not 0, ascending within a row.
	Index []int32
	// Value are these numbers.
	Value []float64
	// Labels are one for each row.
	Labels []float64
}

// Len is the number of rows.
func (m *Rows) Len() int { return len(m.Labels) }

// Row returns the columns and the numbers of row i.
func (m *Rows) Row(i int) (index []int32, value []float64) {
	from, to := m.Start[i], m.Start[i+1]
	return m.Index[from:to:to], m.Value[from:to:to]
}

// First returns the first n rows, or all if there are no more.
func (m *Rows) First(n int) *Rows {
	n = min(n, m.Len())
	return &Rows{Columns: m.Columns, Start: m.Start[:n+1], Index: m.Index, Value: m.Value, Labels: m.Labels[:n]}
}

// Append adds a row.
func (m *Rows) Append(index []int32, value []float64, label float64) {
	if m.Start == nil {
		m.Start = []int{0}
	}
	m.Index, m.Value, m.Labels = append(m.Index, index...), append(m.Value, value...), append(m.Labels, label)
	m.Start = append(m.Start, len(m.Index))
}

// ReadSVMLight reads a file in svmlight format, a line for each row: the label, then index:value for the numbers that are
// not 0, with ascending indices from 1 to columns. What follows a # is skipped. Name is that of the file in errors.
func ReadSVMLight(r io.Reader, name string, columns int) (*Rows, error) {
	m := &Rows{Columns: columns, Start: []int{0}}
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<24)
	line := 0
	for scanner.Scan() {
		line++
		if scanner.Err() != nil {
			break // this line may be a part of one
		}
		text, _, _ := strings.Cut(scanner.Text(), "#")
		label, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
		if label == "" {
			continue
		}
		v, err := strconv.ParseFloat(label, 64)
		if err != nil || v-v != 0 {
			return nil, fmt.Errorf("%s, line %d: the label is %q, want a number", name, line, label)
		}
		last := 0
		for cell := range strings.FieldsSeq(rest) {
			column, number, found := strings.Cut(cell, ":")
			j, err := strconv.Atoi(column)
			if !found || err != nil {
				return nil, fmt.Errorf("%s, line %d: %q, want index:value", name, line, cell)
			}
			if j <= last || j > columns {
				return nil, fmt.Errorf("%s, line %d: index %d after %d, want ascending indices from 1 to %d", name, line, j, last, columns)
			}
			x, err := strconv.ParseFloat(number, 64)
			if err != nil || x-x != 0 {
				return nil, fmt.Errorf("%s, line %d: %q, want index:value", name, line, cell)
			}
			last = j
			if x != 0 {
				m.Index, m.Value = append(m.Index, int32(j-1)), append(m.Value, x)
			}
		}
		m.Labels, m.Start = append(m.Labels, v), append(m.Start, len(m.Index))
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("%s, after line %d: %w", name, max(line-1, 0), err)
	}
	if m.Len() == 0 {
		return nil, fmt.Errorf("%s: no rows", name)
	}
	return m, nil
}

// IMDB reads the bags of words of the film reviews, 25 000 to train on and 25 000 to test: column j is the word j of the 10 000
// most frequent, the value how often it occurs, and the label the rating from 1 to 10.
func IMDB(folder string) (train, test *Rows, err error) {
	files, err := open(folder, "IMDB", `The reviews are the Large Movie Review Dataset v1.0, A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng, C. Potts, Learning word
vectors for sentiment analysis, ACL 2011, https://ai.stanford.edu/~amaas/data/sentiment/. The files hold them in svmlight format, a line for
each review: rating index:count ..., with index 1 to 10000 of the words by falling frequency in the training reviews, the 12 500 good
reviews by number first. Words are runs of a-z and 0-9, joined inside by ' or -, in lower case, with <br /> for a blank. Other words and
other orders give other sizes and sums, and are read as well.`,
		[]file{
			{"train.svm", 18866900, "53edbc8b55012c25abc69b4f2a3e33a608ed9290c2eb96b091ce9dce88b60814"},
			{"test.svm", 18408352, "01d69284c6789a13800d373cff75482386c8104607cbc66e72d7af1d8341d133"},
		})
	if err != nil {
		return nil, nil, err
	}
	defer closeAll(files)
	if train, err = readReviews(files[0], "IMDB, train.svm"); err != nil {
		return nil, nil, err
	}
	test, err = readReviews(files[1], "IMDB, test.svm")
	return train, test, err
}

// readReviews reads bags of words whose labels are ratings from 1 to 4 or from 7 to 10.
func readReviews(r io.Reader, name string) (*Rows, error) {
	m, err := ReadSVMLight(r, name, 10_000)
	if err != nil {
		return nil, err
	}
	for i, v := range m.Labels {
		if v != math.Trunc(v) || v < 1 || v > 10 || v == 5 || v == 6 {
			return nil, fmt.Errorf("%s: review %d has the rating %g, want 1 to 4 or 7 to 10", name, i+1, v)
		}
	}
	return m, nil
}
