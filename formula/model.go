package formula

import (
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt/fit"
)

// Model returns the right side as a model whose predictors are the Columns, with exact derivatives. Its Points evaluates the
// formula at many points several times as fast as Func does one by one, to the same bits. Both allocate nothing in a
// call, and several goroutines may call them at once.
func (f *Formula) Model() fit.Model {
	return fit.Model{Parameters: slices.Clone(f.Parameters), Func: f.model.eval, Points: f.model.points}
}

// Data returns the predictors, a row of the Columns for each point, and the response, computed from the ResponseColumns.
// The columns, of equal length, are given by name; those that the formula does not use are ignored. A response that is
// not finite is a *RowError. Sigma remains to be set.
func (f *Formula) Data(columns map[string][]float64) (fit.Data, error) {
	n := -1
	for _, name := range slices.Concat(f.ResponseColumns, f.Columns) {
		c, ok := columns[name]
		switch {
		case !ok:
			return fit.Data{}, fmt.Errorf("formula: column %s is not in the data", name)
		case n >= 0 && len(c) != n:
			return fit.Data{}, fmt.Errorf("formula: column %s has %d rows, column %s has %d", name, len(c), f.ResponseColumns[0], n)
		}
		n = len(c)
	}
	d := fit.Data{X: rows(columns, f.Columns, n), Y: make([]float64, n)}
	for i, row := range rows(columns, f.ResponseColumns, n) {
		d.Y[i] = f.response.eval(nil, nil, row)
		if math.IsNaN(d.Y[i]) || math.IsInf(d.Y[i], 0) {
			return fit.Data{}, &RowError{Row: i, Value: d.Y[i]}
		}
	}
	return d, nil
}

// rows returns some columns row by row.
func rows(columns map[string][]float64, names []string, n int) [][]float64 {
	k := len(names)
	all, rows := make([]float64, n*k), make([][]float64, n)
	for j, name := range names {
		for i, v := range columns[name] {
			all[i*k+j] = v
		}
	}
	for i := range rows {
		rows[i] = all[i*k : (i+1)*k : (i+1)*k]
	}
	return rows
}
