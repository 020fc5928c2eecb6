package table

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Reader reads a table row by row, in memory that does not grow with the number of rows.
type Reader struct {
	// Names are the names of the columns, each once. Columns without a name are left out.
	Names []string
	// SkipMissing leaves out rows in which a column that was asked for has no value: an empty cell, NA, NaN, null and the
	// like.
	SkipMissing bool

	file      string
	all       []string // the names of all columns, some of which may be empty or equal
	named     bool     // by --columns, and not by the file
	rows      int      // read so far
	scanner   *bufio.Scanner
	number    int    // of the line
	separator byte   // between cells
	pending   string // the first line of a file without header, which has been looked at already
	cells     []cell // of the line, memory
	chosen    []int  // indices of the columns that were asked for
	commas    commas
	skipped   []int
}

// maxLine is the length in bytes at which a line is taken for a file of another kind.
const maxLine = 1 << 24

// Open reads the header of a table. File is its name in errors, which are *Error. If names are given the file has no
// header: its first line is a row, and these are the names of its columns.
func Open(r io.Reader, file string, names ...string) (*Reader, error) {
	text := bufio.NewReader(r)
	if kind := otherKind(text); kind != "" {
		return nil, &Error{File: file, Message: kind}
	}
	t := &Reader{file: file, scanner: bufio.NewScanner(text)}
	t.scanner.Buffer(nil, maxLine)
	l, err := t.line()
	if err == io.EOF {
		return nil, &Error{File: file, Message: "empty; the first line must name the columns, as in x,y"}
	}
	if err != nil {
		return nil, err
	}
	if err := t.sniff(&l, len(names) > 0); err != nil {
		return nil, err
	}
	if t.cells, err = l.split(t.separator, nil); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return t, t.header(&l)
	}
	for i, name := range names {
		if name == "" || slices.Contains(names[:i], name) {
			return nil, &Error{File: file, Message: fmt.Sprintf("names of columns %q: want different names", names)}
		}
	}
	t.Names, t.all, t.named, t.pending = names, names, true, l.text
	return t, nil
}

// otherKind says what to do with a file that begins like one of another kind, or "".
func otherKind(text *bufio.Reader) string {
	start, _ := text.Peek(4) // an error comes again
	switch s := string(start); {
	case strings.HasPrefix(s, "\xff\xfe"), strings.HasPrefix(s, "\xfe\xff"), len(s) > 1 && (s[0] == 0) != (s[1] == 0):
		return "UTF-16 text, want UTF-8: save it as \"CSV UTF-8\", or convert it by iconv -f UTF-16 -t UTF-8"
	case s == "PK\x03\x04":
		return "a zip archive, as workbooks of Excel and LibreOffice are: save the sheet as CSV"
	case strings.HasPrefix(s, "\x1f\x8b"):
		return "compressed by gzip: unpack it, as in gunzip -c FILE | stochopt fit - ..."
	}
	return ""
}

// line returns the next line that is neither empty nor a comment.
func (r *Reader) line() (line, error) {
	if r.pending != "" {
		l := line{file: r.file, number: r.number, text: r.pending}
		r.pending = ""
		return l, nil
	}
	for r.scanner.Scan() {
		r.number++
		text := r.scanner.Text()
		if r.number == 1 {
			text = strings.TrimPrefix(text, "\uFEFF")
		}
		if s := strings.TrimSpace(text); s != "" && s[0] != '#' {
			return line{file: r.file, number: r.number, text: text}, nil
		}
	}
	err := r.scanner.Err()
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return line{}, &Error{File: r.file, Line: r.number + 1, Message: fmt.Sprintf("the line is longer than %d bytes", maxLine)}
	case err != nil:
		return line{}, &Error{File: r.file, Message: err.Error()}
	}
	return line{}, io.EOF
}

// sniff finds the separator in the first line, which holds names or, with decimal commas perhaps, numbers.
func (r *Reader) sniff(l *line, numbers bool) error {
	if ext := strings.ToLower(filepath.Ext(r.file)); ext == ".tsv" || ext == ".tab" {
		r.separator = '\t'
		return nil
	}
	var tabs, commas, semicolons, blanks int // outside of quotation marks
	quoted, last := false, ' '
	for _, c := range strings.TrimSpace(l.text) {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\t' && last != ',' && last != ';': // a tab behind a comma is a space
			tabs++
		case c == ',':
			commas++
		case c == ';':
			semicolons++
		case c == ' ':
			blanks++
		}
		if !unicode.IsSpace(c) {
			last = c
		}
	}
	switch {
	case tabs > 0:
		r.separator = '\t'
	case semicolons > 0 && (commas == 0 || numbers):
		r.separator = ';'
	case semicolons > 0:
		return &Error{File: r.file, Line: l.number,
			Message: "commas and semicolons, either of which may separate the columns; put names that contain one between quotation marks"}
	case commas == 0 && blanks > 0:
		r.separator = ' '
	default:
		r.separator = ','
	}
	return nil
}

// header takes the names of the columns from the first line.
func (r *Reader) header(l *line) error {
	r.cells = withoutEnd(r.cells, 1)
	for _, c := range r.cells {
		if _, err := strconv.ParseFloat(c.text, 64); err == nil || c.text != "" && strings.Trim(c.text, "0123456789") == "" {
			return l.errorAt(c.at, "%q is a number; the first line must name the columns, as in x,y, or --columns must, as in --columns x,y", c.text)
		}
		r.all = append(r.all, c.text)
		if c.text != "" && !slices.Contains(r.Names, c.text) {
			r.Names = append(r.Names, c.text)
		}
	}
	if len(r.Names) == 0 {
		return l.errorAt(0, "the first line names no column")
	}
	if len(r.all) > 1 || r.cells[0].quoted {
		return nil
	}
	name, at := r.Names[0], r.cells[0].at
	if fields := strings.Fields(name); len(fields) > 1 {
		return l.errorAt(at, "%q looks separated by spaces; separate cells by commas, tabs or semicolons", name)
	}
	if i := strings.Index(name, "|"); i >= 0 {
		return l.errorAt(at+i, "%q looks separated by \"|\"; separate cells by commas, tabs or semicolons", name)
	}
	return nil
}

// Select chooses the columns that Row returns.
func (r *Reader) Select(names ...string) error {
	r.chosen = nil
	for _, name := range names {
		i := slices.Index(r.all, name)
		if i < 0 || name == "" {
			return &Error{File: r.file, Message: fmt.Sprintf("no column %q; columns: %s", name, list(r.Names))}
		}
		if k := slices.Index(r.all[i+1:], name); k >= 0 {
			return &Error{File: r.file, Message: fmt.Sprintf("columns %d and %d are both named %q; rename one of them in the file", i+1, i+k+2, name)}
		}
		r.chosen = append(r.chosen, i)
	}
	return nil
}

// Row stores the numbers of the next row in dst, in the order of the names that were selected, and returns the number of its
// line, counted from 1. The error is io.EOF after the last row.
func (r *Reader) Row(dst []float64) (number int, err error) {
	for {
		l, err := r.line()
		if err == io.EOF {
			if err := r.commas.check(r.file); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		if r.cells, err = l.split(r.separator, r.cells[:0]); err != nil {
			return 0, err
		}
		if err := r.shape(&l); err != nil {
			return 0, err
		}
		missing, err := r.numbers(&l, dst)
		if err != nil {
			return 0, err
		}
		if !missing {
			r.rows++
			return l.number, nil
		}
		r.skipped = append(r.skipped, l.number)
	}
}

// Skipped are the lines of the rows that SkipMissing has left out so far.
func (r *Reader) Skipped() []int { return r.skipped }

// shape returns an error unless the line has a cell for each column.
func (r *Reader) shape(l *line) error {
	want := len(r.all)
	r.cells = withoutEnd(r.cells, want)
	cells := r.cells
	if len(cells) == want {
		return nil
	}
	separator := map[byte]string{',': "commas", ';': "semicolons", '\t': "tabs", ' ': "blanks"}[r.separator]
	for _, c := range cells {
		if i := strings.IndexAny(c.text, ";\t|"); i >= 0 && !c.quoted {
			return l.errorAt(c.at+i, "%q looks separated by %q, the first line by %s", c.text, c.text[i:i+1], separator)
		}
	}
	if len(cells) > want {
		advice := ""
		if r.separator == ',' {
			advice = "; numbers are written with a decimal point"
		}
		return l.errorAt(cells[want].at, "cell %d, %q, but there are names for %d column(s)%s", want+1, cells[want].text, want, advice)
	}
	if name := r.all[len(cells)]; name != "" {
		advice := ""
		if r.separator == ' ' && !r.named {
			advice = "; blanks separate the columns, so names that contain one stand between quotation marks, and a value that is missing is written NA"
		}
		return l.errorAt(len(l.text), "the cell of column %s is missing%s", name, advice)
	}
	return l.errorAt(len(l.text), "cell %d is missing", len(cells)+1)
}

// withoutEnd is a line without the empty cells behind a number of first ones, which separators at its end make.
func withoutEnd(cells []cell, first int) []cell {
	for n := len(cells); n > first && cells[n-1].text == "" && !cells[n-1].quoted; n-- {
		cells = cells[:n-1]
	}
	return cells
}

// numbers stores the numbers of a line in dst, or reports that one is missing.
func (r *Reader) numbers(l *line, dst []float64) (missing bool, err error) {
	for k, i := range r.chosen {
		c := r.cells[i]
		v, problem := r.parse(l, c)
		if problem == "" {
			dst[k] = v
			continue
		}
		if noValue(c.text) {
			if r.SkipMissing {
				return true, nil
			}
			problem += "; remove the row, or give --skip-missing"
		}
		if r.rows == 0 && len(r.skipped) == 0 && strings.ContainsFunc(c.text, unicode.IsLetter) && r.wordsOnly() {
			if r.named {
				problem += "; if this line names the columns, leave out --columns"
			} else {
				problem += "; a line of units must begin with #"
			}
		}
		return false, l.errorAt(c.at, "column %s: %s", r.all[i], problem)
	}
	return false, nil
}

// wordsOnly reports whether none of the chosen cells of the line begins like a number.
func (r *Reader) wordsOnly() bool {
	return !slices.ContainsFunc(r.chosen, func(i int) bool {
		text := r.cells[i].text
		return text != "" && strings.Trim(text[:1], "0123456789+-.,") == ""
	})
}

// list writes names as the header has them, the first twenty at most.
func list(names []string) string {
	const most = 20
	if len(names) > most {
		return fmt.Sprintf("%s,... and %d more", strings.Join(names[:most], ","), len(names)-most)
	}
	return strings.Join(names, ",")
}
