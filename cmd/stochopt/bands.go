package main

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"
)

// writeCSV writes a row for each point: line, predictors, response, sigma if there is one, fit, residual, standardized
// residual, and the ends of the confidence and the prediction band. A number that is not known is left empty.
func writeCSV(w io.Writer, d *candidate, lines []int, level float64) error {
	bands, err := d.result.Predict(d.model, d.data, level)
	if err != nil {
		return err
	}
	residuals := d.result.Residuals()
	header := append([]string{"line"}, d.predictors...)
	header = append(header, d.response)
	columns := [][]float64{d.data.Y}
	if d.data.Sigma != nil {
		header, columns = append(header, "sigma"), append(columns, d.data.Sigma)
	}
	header = append(header, "fit", "residual", "standardized_residual", "confidence_lower", "confidence_upper", "prediction_lower", "prediction_upper")
	columns = append(columns, bands.Value, residuals.Raw, residuals.Standardized, bands.Confidence.Lower, bands.Confidence.Upper,
		bands.Prediction.Lower, bands.Prediction.Upper)
	out := csv.NewWriter(w)
	out.Write(header)
	for i, x := range d.data.X {
		row := []string{strconv.Itoa(lines[i])}
		for _, v := range x {
			row = append(row, cellOf(v))
		}
		for _, c := range columns {
			row = append(row, cellOf(c[i]))
		}
		out.Write(row)
	}
	out.Flush()
	return out.Error()
}

// cellOf writes a number so that it reads back as itself.
func cellOf(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
