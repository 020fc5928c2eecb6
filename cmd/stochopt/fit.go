package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"

	"github.com/stochopt/stochopt/fit"
)

type fitCommand struct {
	Data string   `arg:"" help:"The table, a CSV or TSV file whose first line names the columns; - is standard input."`
	Args []string `arg:"" optional:"" name:"formula name=value" help:"RESPONSE ~ MODEL, as in 'y ~ b1*(1-exp(-b2*x))', then the start value of each parameter, as in b1=500."`

	Model   string   `placeholder:"MODEL" help:"A built-in model, or a sum of them as in gaussian+line, in place of a formula; stochopt models lists them."`
	X       string   `placeholder:"COLUMN" help:"The column of the predictor of built-in models. If the table has only two columns to choose from, the first."`
	Y       string   `placeholder:"COLUMN" help:"The column of the response of built-in models. If the table has only two columns to choose from, the second."`
	Compare []string `sep:"none" placeholder:"FORMULA" help:"Fit this formula or built-in model too, and tell which the data support; may be repeated."`

	Sigma         string   `placeholder:"COLUMN" help:"The column of the standard deviations of the response, an expression of columns as in 'sqrt(counts)', or one number for all rows."`
	AbsoluteSigma bool     `help:"Take --sigma as known: error bars are not scaled by the residuals."`
	Columns       []string `placeholder:"NAME" help:"The names of the columns of a table without a header."`
	SkipMissing   bool     `help:"Leave out rows in which a value is missing, and say how many."`
	Stream        bool     `help:"Keep the rows in a temporary file and not in memory, for tables of millions of rows. The result is the same; for least squares with t-intervals only."`

	Params string   `placeholder:"FILE" help:"A TOML file, or JSON, that says of the parameters what the flags below do."`
	Lower  []string `sep:"none" placeholder:"NAME=NUMBER" help:"The least value that a parameter may have."`
	Upper  []string `sep:"none" placeholder:"NAME=NUMBER" help:"The greatest value that a parameter may have."`
	Fix    []string `sep:"none" placeholder:"NAME" help:"Leave a parameter at its start; NAME=NUMBER says where, in place of a start value."`
	Tie    []string `sep:"none" placeholder:"NAME=EXPRESSION" help:"Make a parameter an expression of others, as in 'b2=2*b1'."`
	Log    []string `sep:"none" placeholder:"NAME" help:"Search in the logarithm of a parameter, which must be positive."`
	Logit  []string `sep:"none" placeholder:"NAME" help:"Search in the logit of a parameter between its bounds."`
	Scale  []string `sep:"none" placeholder:"NAME=NUMBER" help:"A change of the parameter that matters; by default its start."`

	Loss  string  `default:"linear" enum:"linear,softl1,huber,cauchy,tukey" help:"What is minimized: linear is least squares, softl1, huber, cauchy and tukey withstand outliers, each more than the one before."`
	Conf  string  `default:"t" enum:"t,profile,bootstrap" help:"How confidence intervals are found: t, profile (of the likelihood) or bootstrap."`
	Level float64 `default:"0.95" help:"Probability that a confidence interval covers the parameter, between 0 and 1."`
	Seed  uint64  `default:"1" help:"The seed of the bootstrap."`

	JSON        bool   `name:"json" help:"Print one JSON object instead of the report."`
	CSV         string `name:"csv" placeholder:"FILE" help:"Write data, curve, residuals and bands, row by row; - is standard output, with the report on standard error."`
	Plot        string `placeholder:"FILE" help:"Draw data, curve, bands and residuals into a .png, .svg or .pdf file."`
	LogX        bool   `name:"logx" help:"Draw the picture of --plot over a logarithmic axis."`
	WriteParams string `placeholder:"FILE" help:"Write the estimates as a file for --params, to go on from."`
}

// Run reads the input, fits, and prints the report.
func (c *fitCommand) Run(ctx context.Context, s streams) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	// Many rows are a few long slices, quick to mark and large to wait with: collecting them early saves memory, not time.
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	find := c.fit
	if c.Stream {
		find = c.fitStream
	}
	problem, err := find(ctx, s)
	if err != nil {
		return err
	}
	first := problem.candidates[0]
	failure := problem.explain(first, first.err)
	intervals, trouble, err := c.intervals(ctx, s.err, first)
	if err != nil {
		return outcomeError{err, outcomeInterrupted}
	}
	r := newReport(c, problem, intervals, failure)
	r.Warnings = append(r.Warnings, trouble...)
	var warning string
	if r.Comparison, warning = problem.compareFits(); warning != "" {
		r.Warnings = append(r.Warnings, warning)
	}
	to := s.out
	if c.toStandardOutput() {
		to = s.err
	}
	if c.JSON {
		return errors.Join(judge(first, failure), r.json(to), c.writeFiles(problem, s.out, nil))
	}
	return errors.Join(judge(first, failure), r.text(to), c.writeFiles(problem, s.out, to))
}

// fit reads the input and fits all candidates.
func (c *fitCommand) fit(ctx context.Context, s streams) (*problem, error) {
	problem, err := c.read(s.in)
	if err != nil {
		return nil, inputError{err}
	}
	settings, err := c.settings()
	if err != nil {
		return nil, inputError{err}
	}
	for _, d := range problem.candidates {
		p := newFitProgress(s.err, d.text)
		settings.Recorder = p
		d.result, d.err = fit.Curve(ctx, d.model, d.data, d.parameters, settings)
		p.finish()
		d.interrupted = d.err != nil && ctx.Err() != nil
		if d.result == nil {
			err := problem.explain(d, d.err) // nothing was tried
			if len(problem.candidates) > 1 {
				err = fmt.Errorf("%s: %w", d.text, err)
			}
			return nil, inputError{err}
		}
	}
	return problem, nil
}

// settings are those of all fits.
func (c *fitCommand) settings() (*fit.Settings, error) {
	if c.AbsoluteSigma && c.Sigma == "" {
		return nil, errors.New("--absolute-sigma needs --sigma: say in which column the standard deviations are")
	}
	return &fit.Settings{AbsoluteSigma: c.AbsoluteSigma, Loss: losses[c.Loss]}, nil
}

// losses are the values of --loss.
var losses = map[string]fit.Loss{"linear": nil, "softl1": fit.SoftL1{}, "huber": fit.Huber{}, "cauchy": fit.Cauchy{}, "tukey": fit.Tukey{}}

// check returns the first thing wrong with the flags.
func (c *fitCommand) check() error {
	if !(c.Level > 0 && c.Level < 1) {
		return fmt.Errorf("--level is %v and must lie between 0 and 1, as 0.95 does", c.Level)
	}
	if c.Loss != "linear" && c.Conf == "profile" {
		return fmt.Errorf("--conf profile is for least squares: a fit by --loss %s has no likelihood; give --conf bootstrap", c.Loss)
	}
	if c.Loss != "linear" && len(c.Compare) > 0 {
		return fmt.Errorf("--compare weighs by AICc, which is for least squares: a fit by --loss %s has none", c.Loss)
	}
	if c.LogX && c.Plot == "" {
		return errors.New("--logx is for the picture: give --plot too")
	}
	if err := knownFormat(c.Plot); err != nil {
		return err
	}
	return c.checkOutputs()
}
