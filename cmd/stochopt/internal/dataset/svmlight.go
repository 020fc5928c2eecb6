package dataset

import (
	"bufio"
	"fmt"
	"io"
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
	for line := 1; scanner.Scan(); line++ {
		text, _, _ := strings.Cut(scanner.Text(), "#")
		label, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
		if label == "" {
			continue
		}
		v, err := strconv.ParseFloat(label, 64)
		if err != nil {
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
			if err != nil {
				return nil, fmt.Errorf("%s, line %d: %q, want index:value", name, line, cell)
			}
			last = j
			m.Index, m.Value = append(m.Index, int32(j-1)), append(m.Value, x)
		}
		m.Labels, m.Start = append(m.Labels, v), append(m.Start, len(m.Index))
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
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
each review: rating index:count ..., with index 1 to 10000 of the words by falling frequency in the training reviews. Other words and
other orders give other sizes and sums.`,
		[]file{
			{"train.svm", 18866900, "d958cba47708abd8984d2ace1bc7a6e5"},
			{"test.svm", 18408352, "50a0052a1d809a1c6b70eea13cd75550"},
		})
	if err != nil {
		return nil, nil, err
	}
	defer closeAll(files)
	if train, err = ReadSVMLight(files[0], "IMDB, train.svm", 10_000); err != nil {
		return nil, nil, err
	}
	test, err = ReadSVMLight(files[1], "IMDB, test.svm", 10_000)
	return train, test, err
}
