package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/stochopt/stochopt/fit"
)

// rowFile is the points of a table in a temporary file, a record each: the line, the predictors, the response and its
// standard deviation, or 0 for none, in 8 bytes each. It is a fit.Source, and shows on a terminal how far it has got.
type rowFile struct {
	n        int // records
	file     *os.File
	writer   *bufio.Writer
	reader   *bufio.Reader
	record   []byte
	first    []byte // record
	varies   []bool // the words of a record that are not the same in all
	passes   int
	terminal io.Writer
	progress progress
	unshown  int // rows
}

func newRowFile(terminal io.Writer) (*rowFile, error) {
	f, err := os.CreateTemp("", "stochopt-rows-*")
	if err != nil {
		return nil, fmt.Errorf("no temporary file for the rows: %w", err)
	}
	return &rowFile{
		file:     f,
		writer:   bufio.NewWriterSize(f, 1<<16),
		reader:   bufio.NewReaderSize(f, 1<<16),
		terminal: terminal,
		progress: newProgress(terminal, -1, "rows read"),
	}, nil
}

// remove removes the file.
func (r *rowFile) remove() {
	r.progress.finish()
	r.file.Close()
	os.Remove(r.file.Name())
}

// add writes a record behind the others.
func (r *rowFile) add(line int, x []float64, y, sigma float64) error {
	b := binary.LittleEndian.AppendUint64(r.record[:0], uint64(line))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(y))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(sigma))
	if r.record = b; r.n == 0 {
		r.first, r.varies = bytes.Clone(b), make([]bool, len(b)/8)
	}
	for i := range r.varies {
		r.varies[i] = r.varies[i] || !bytes.Equal(b[8*i:8*i+8], r.first[8*i:8*i+8])
	}
	r.n++
	r.show()
	if _, err := r.writer.Write(b); err != nil {
		return fmt.Errorf("the temporary file for the rows: %w", err)
	}
	return nil
}

// differs reports whether the predictors and the response are not the same in all rows.
func (r *rowFile) differs() (x, y bool) {
	if n := len(r.varies); n > 0 {
		return slices.Contains(r.varies[1:n-2], true), r.varies[n-2]
	}
	return false, false
}

// show tells the terminal of a row.
func (r *rowFile) show() {
	if r.unshown++; r.unshown == 1024 {
		r.progress.add(r.unshown)
		r.unshown = 0
	}
}

// Rewind implements fit.Source.
func (r *rowFile) Rewind() error {
	if err := r.writer.Flush(); err != nil {
		return err
	}
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r.reader.Reset(r.file)
	r.progress.finish()
	r.passes++
	r.unshown = 0
	r.progress = newProgress(r.terminal, r.n, fmt.Sprintf("pass %d", r.passes))
	return nil
}

// Next implements fit.Source.
func (r *rowFile) Next(p *fit.Point) error {
	if _, err := io.ReadFull(r.reader, r.record); err != nil {
		return err
	}
	r.show()
	r.decode(p)
	return nil
}

// decode makes a point of the record.
func (r *rowFile) decode(p *fit.Point) {
	word := func(i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(r.record[8*i:])) }
	last := len(r.record)/8 - 1
	p.X = p.X[:0]
	for i := 1; i < last-1; i++ {
		p.X = append(p.X, word(i))
	}
	p.Y, p.Sigma = append(p.Y[:0], word(last-1)), p.Sigma[:0]
	if sigma := word(last); sigma > 0 {
		p.Sigma = append(p.Sigma, sigma)
	}
}

// at reads record i, by its place.
func (r *rowFile) at(i int) error {
	if _, err := r.file.ReadAt(r.record, int64(i)*int64(len(r.record))); err != nil {
		return fmt.Errorf("the temporary file for the rows: %w", err)
	}
	return nil
}

// sample returns some n points, at equal distances in the file, or all if there are less.
func (r *rowFile) sample(n int) (d fit.Data, err error) {
	if err := r.writer.Flush(); err != nil {
		return d, err
	}
	var p fit.Point
	for i := 0; i < r.n; i += max(1, r.n/n) {
		if err := r.at(i); err != nil {
			return d, err
		}
		r.decode(&p)
		d.X, d.Y, d.Sigma = append(d.X, slices.Clone(p.X)), append(d.Y, p.Y...), append(d.Sigma, p.Sigma...)
	}
	return d, nil
}

// lines returns the lines of the first n points.
func (r *rowFile) lines(n int) ([]int, error) {
	lines := make([]int, n)
	for i := range lines {
		if err := r.at(i); err != nil {
			return nil, err
		}
		lines[i] = int(binary.LittleEndian.Uint64(r.record))
	}
	return lines, nil
}
