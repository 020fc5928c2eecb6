package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// read reads all columns of a table.
func read(in io.Reader, file string) (*Table, error) {
	r, err := Open(in, file)
	if err != nil {
		return nil, err
	}
	return r.Table(r.Names...)
}

func TestRead(t *testing.T) {
	for name, text := range map[string]string{
		"plain":           "x,y\n1,2\n-3,4.5e-1\n",
		"no last newline": "x,y\n1,2\n-3,0.45",
		"CRLF":            "x,y\r\n1,2\r\n-3,.45\r\n",
		"mark":            "\uFEFFx,y\n1,2\n-3,45E-2\n",
		"mark, comment":   "\uFEFF# two\nx,y\n1,2\n-3,0.45\n",
		"spaces":          "  x ,\ty \n 1, 2 \n\t-3 ,0.45\t\n",
		"comments":        "# a, b\n\n  # c \"\nx,y\n\n1,2\n   \n#9,9\n-3,0.45\n\n",
		"semicolons":      "x;y\n1;2\n-3;0.45\n",
		"decimal commas":  "x;y\n1;2\n-3;0,45\n",
		"tabs":            "x\ty\n1\t2\n-3\t0.45\n",
		"tabs, commas":    "x\ty\n1,0\t2\n-3\t,45\n",
		"tabs in names":   "\tx,\ty\n1,\t2\n-3,0.45\n",
		"blanks":          "  x   y  \n1 2\n  -3 \t 0.45 \n",
		"blanks, commas":  "x y\n1 2\n-3 0,45\n",
		"blanks, quotes":  "\"x\"  y\n\"1\"  2\n-3 \" 0.45 \"\n",
		"quotes":          "\"x\", \"y\" \n\"1\",2\n-3,\" 0.45 \"\n",
	} {
		table, err := read(strings.NewReader(text), "f.csv")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := fmt.Sprint(table.Names, table.Columns["x"], table.Columns["y"], table.Columns["z"])
		if want := "[x y] [1 -3] [2 0.45] []"; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}

	table, err := read(strings.NewReader("# c\n\n\"a \"\"b\"\", c\"\n1\n\n2\n"), "f.csv")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(table.Names, []string{`a "b", c`}) || !slices.Equal(table.Lines, []int{4, 6}) {
		t.Errorf("names %q, lines %d", table.Names, table.Lines)
	}
}

// TestColumns: only the columns that are asked for need to hold numbers.
func TestColumns(t *testing.T) {
	const text = "when,x,who,y\n2024-01-01,1,Ada,2\n,-3,,0.45\n"
	r, err := Open(strings.NewReader(text), "f.csv")
	if err != nil {
		t.Fatal(err)
	}
	table, err := r.Table("y", "x")
	if err != nil || fmt.Sprint(table.Names, table.Columns) != "[when x who y] map[x:[1 -3] y:[2 0.45]]" {
		t.Errorf("%+v, %v", table, err)
	}
	if r, err = Open(strings.NewReader(text), "f.csv"); err != nil {
		t.Fatal(err)
	}
	if _, err = r.Table("x", "z"); err == nil || err.Error() != `f.csv: no column "z"; columns: when,x,who,y` {
		t.Errorf("unknown column: %v", err)
	}
}

// TestNamelessColumns: columns without a name and columns that share one are no hindrance where they are not asked for, as
// are empty cells behind the last column.
func TestNamelessColumns(t *testing.T) {
	for _, text := range []string{",x,y\n0,1,2\n1,-3,0.45\n", "x,y,\n1,2,\n-3,0.45,\n", "x,y,,\n1,2\n-3,0.45,,\n", "x,y\n1,2,\n-3,0.45,,,\n", "z,x,z,y\n0,1,a,2\n1,-3,b,0.45\n"} {
		r, err := Open(strings.NewReader(text), "f.csv")
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		table, err := r.Table("x", "y")
		if err != nil || fmt.Sprint(table.Columns) != "map[x:[1 -3] y:[2 0.45]]" || slices.Contains(table.Names, "") {
			t.Errorf("%q: %+v, %v", text, table, err)
		}
	}
}

// TestNoHeader: with names given the first line is a row, in which commas beside semicolons are decimal.
func TestNoHeader(t *testing.T) {
	for _, text := range []string{"1 2\n-3   0.45\n", "1,2\n-3,0.45\n", "# c\n1,0;2\n-3;0,45\n", "1,0\t2\n-3\t0,45\n"} {
		r, err := Open(strings.NewReader(text), "f.dat", "x", "y")
		if err != nil {
			t.Fatal(err)
		}
		table, err := r.Table("x", "y")
		if err != nil || fmt.Sprint(table.Columns) != "map[x:[1 -3] y:[2 0.45]]" {
			t.Errorf("%q: %+v, %v", text, table, err)
		}
	}
	if _, err := Open(strings.NewReader("1\n"), "f.dat", "x", "x"); err == nil || !strings.Contains(err.Error(), "want different names") {
		t.Errorf("equal names: %v", err)
	}
	r, err := Open(strings.NewReader("x,y\n1,2\n"), "f.dat", "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = r.Table("a", "b"); err == nil || err.Error() != `f.dat, line 1, character 1: column a: "x" is not a number; if this line names the columns, leave out --columns` {
		t.Errorf("a header in a file without: %v", err)
	}
}

// TestSkipMissing leaves out rows without a value, and no others.
func TestSkipMissing(t *testing.T) {
	open := func(text string) *Reader {
		r, err := Open(strings.NewReader(text), "f.csv")
		if err != nil {
			t.Fatal(err)
		}
		r.SkipMissing = true
		return r
	}
	table, err := open("x,y,z\n1,2,\nNA,3,1\n\n4,,1\n5,6,NaN\n").Table("x", "y")
	if err != nil || fmt.Sprint(table.Lines, table.Skipped, table.Columns) != "[2 6] [3 5] map[x:[1 5] y:[2 6]]" {
		t.Errorf("%+v, %v", table, err)
	}
	if _, err = open("x,y\n1,two\n").Table("x", "y"); err == nil || !strings.Contains(err.Error(), `"two" is not a number`) {
		t.Errorf("text is skipped: %v", err)
	}
	if _, err = open("x,y\n1,inf\n").Table("x", "y"); err == nil || !strings.Contains(err.Error(), `"inf" is not a finite number`) {
		t.Errorf("infinity is skipped: %v", err)
	}
	if _, err = open("x,y\n1,\nNA,NA\n").Table("x", "y"); err == nil || err.Error() != "f.csv: values are missing in all 2 rows" {
		t.Errorf("nothing left: %v", err)
	}
}

// TestExtension: names end in .tsv where tabs separate and names hold commas.
func TestExtension(t *testing.T) {
	for _, file := range []string{"f.tsv", "f.TAB"} {
		r, err := Open(strings.NewReader("x, m;s\ty\n1\t2\n"), file)
		if err != nil || len(r.Names) != 2 {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestConstant(t *testing.T) {
	table, err := read(strings.NewReader("x,y\n1,2\n1,3\n1,2\n"), "f.csv")
	if err != nil {
		t.Fatal(err)
	}
	if !table.Constant("x") || table.Constant("y") {
		t.Errorf("constant: x %v, y %v, want true, false", table.Constant("x"), table.Constant("y"))
	}
	if table, err = read(strings.NewReader("x\n1\n"), "f.csv"); err != nil || table.Constant("x") {
		t.Errorf("one row is constant, %v", err)
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		text, want string
	}{
		// Header.
		{"", "f.csv: empty; the first line must name the columns, as in x,y"},
		{"\n# x,y\n", "f.csv: empty"},
		{"x,y\n# 1,2\n", "f.csv: no rows below the header x,y"},
		{"x,y,x\n1,2,3\n", `f.csv: columns 1 and 3 are both named "x"; rename one of them in the file`},
		{"x,,y\n1\n", "f.csv, line 2, character 2: cell 2 is missing"},
		{",\n1,2\n", "f.csv, line 1, character 1: the first line names no column"},
		{"x,y\ns,V\n1,2\n", `f.csv, line 2, character 1: column x: "s" is not a number; a line of units must begin with #`},
		{"x,y\n1,V\n", `f.csv, line 2, character 3: column y: "V" is not a number`},
		{"x,y\n1,2\ns,V\n", `f.csv, line 3, character 1: column x: "s" is not a number`},
		{"x,y\n2024-01-31,2\n", `"2024-01-31" is not a number; write dates and times as numbers, such as days or seconds from the first`},
		{"x,y\n31.1.2024,2\n", `"31.1.2024" is not a number; write dates and times`},
		{"x,y\n1,12:30\n", `"12:30" is not a number; write dates and times`},
		{"x,y\n1,1.5D-03\n", `"1.5D-03" is not a number; write exponents with E`},
		{"1,2\n3,4\n", `f.csv, line 1, character 1: "1" is a number; the first line must name the columns`},
		{"# c\nx, -1e3\n3,4\n", `f.csv, line 2, character 4: "-1e3" is a number`},
		{"x;y, z\n1;2\n", `f.csv, line 1: commas and semicolons, either of which may separate`},
		{"1,5;2,5\n", `f.csv, line 1: commas and semicolons`},
		{"x\ty\n1,2\n", `f.csv, line 2, character 4: the cell of column y is missing`},
		{"x|y\n1|2\n", `looks separated by "|"`},
		{"Time s\n1\n2\n", "f.csv, line 2, character 2: the cell of column s is missing; blanks separate the columns, so names that contain one stand between quotation marks"},
		{"x y\n1 2 3\n", `f.csv, line 2, character 5: cell 3, "3", but there are names for 2 column(s)`},
		{"x y\n1 \"2\n", "f.csv, line 2, character 3: a quotation mark is not closed"},
		{"x y\n1 \"2\"3\n", `f.csv, line 2, character 6: "3" after a closing quotation mark`},
		{"x y\n1 2;3\n", `f.csv, line 2, character 3: column y: "2;3" is not a number`},
		{"x y\n1 2\n1,500 3.5\n", `f.csv, line 3, character 1: "1,500" has a comma and "3.5" in line 3 a point`},
		// Shape of rows.
		{"x,y\n1\n", "f.csv, line 2, character 2: the cell of column y is missing"},
		{"x,y\n1;2\n", `f.csv, line 2, character 2: "1;2" looks separated by ";", the first line by commas`},
		{"x,y\n1,2,3\n", `f.csv, line 2, character 5: cell 3, "3", but there are names for 2 column(s)`},
		{"x,y\n1,5,2,5\n", `f.csv, line 2, character 5: cell 3, "2", but there are names for 2 column(s); numbers are written with a decimal point`},
		{"x,y\n1,\n", "f.csv, line 2, character 3: column y: empty cell"},
		{"x,y\n,1\n", "f.csv, line 2, character 1: column x: empty cell"},
		{"x,y\n1,\"\"\n", "f.csv, line 2, character 3: column y: empty cell"},
		{"größe,y\n1,2\n\n# c\n 1, ä\n", `f.csv, line 5, character 5: column y: "ä" is not a number`},
		// Numbers.
		{"x,y\n1,abc\n", `column y: "abc" is not a number`},
		{"x,y\n1,1.2.3\n", `"1.2.3" is not a number`},
		{"x,y\n1,-\n", `"-" is not a number`},
		{"x,y\n1,NaN\n", `f.csv, line 2, character 3: column y: "NaN" is not a finite number; remove the row, or give --skip-missing`},
		{"x;y\n1,5;2\n1;2.5\n", `f.csv, line 2, character 1: "1,5" has a comma and "2.5" in line 3 a point; write decimal points`},
		{"x;y\n1,500;2\n2,250;3\n", `f.csv, line 2, character 1: the comma in "1,500" may be decimal or separate thousands`},
		{"x;y\n1,500,000;2\n2;3\n", `"1,500,000" is not a number; write a decimal point and no thousands`},
		{"x;y\n1.500,5;2\n2;3\n", `"1.500,5" is not a number; write a decimal point and no thousands`},
		{"x,y\n1,NA\n", `"NA" is not a finite number`},
		{"x,y\n-Inf,1\n", `column x: "-Inf" is not a finite number`},
		{"x,y\n1,infinity\n", `"infinity" is not a finite number`},
		{"x,y\n1,1e999\n", `"1e999" is too large`},
		{"x,y\n1,\"2,5\"\n", `"2,5" is not a number; write a decimal point and no thousands separators`},
		{"x,y\n1,\"1,234.5\"\n", `"1,234.5" is not a number; write a decimal point and no thousands`},
		{"x,y\n1,1 234\n", `"1 234" is not a number; write a decimal point and no thousands separators`},
		{"x,y\n1,1'234\n", `"1'234" is not a number; write a decimal point and no thousands separators`},
		{"x,y\n1,1_234\n", `"1_234" is not a number; write a decimal point and no thousands separators`},
		{"x,y\n1,0x1p4\n", `"0x1p4" is not a number`},
		{"x,y\n1,5 # five\n", `"5 # five" is not a number`},
		{"x,y\n1,−5\n", `"−5" is not a number`},
		// Text.
		{"x,y\n1,\"2\n", `f.csv, line 2, character 3: a quotation mark is not closed: "2`},
		{"x,y\n1,\"2\"3\n", `f.csv, line 2, character 6: "3" after a closing quotation mark`},
		{"x,y\n1,\xff\n", "f.csv, line 2: not UTF-8 text"},
		{"x,gr\xf6\xdfe\n1,2\n", "f.csv, line 1: not UTF-8 text; save or convert the file as UTF-8"},
		{"\xff\xfex\x00,\x00", "f.csv: UTF-16 text, want UTF-8"},
		{"\xfe\xff\x00x\x00,", "f.csv: UTF-16 text, want UTF-8"},
		{"x\x00,\x00y\x00", "f.csv: UTF-16 text, want UTF-8"},
		{"PK\x03\x04\x14\x00", "f.csv: a zip archive, as workbooks of Excel"},
		{"\x1f\x8b\x08\x00", "f.csv: compressed by gzip: unpack it"},
		{"x,y\r1,2\r3,4", "f.csv, line 1, character 4: a carriage return inside a line"},
		{"x,y\n" + strings.Repeat("1", maxLine+1), "f.csv, line 2: the line is longer than"},
	} {
		_, err := read(strings.NewReader(test.text), "f.csv")
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.40q: %v, want %s", test.text, err, test.want)
		}
	}
	_, err := read(io.MultiReader(strings.NewReader("x\n"), iotest.ErrReader(errors.New("broken disk"))), "f.csv")
	if err == nil || err.Error() != "f.csv: broken disk" {
		t.Errorf("read error is reported as %v", err)
	}
}

func FuzzTable(f *testing.F) {
	for _, text := range []string{
		"x,y\n1,2\n", "\uFEFF# c\r\n\"x\" , y\r\n\r\n1e3,.5\r\n", "x;y\n1;2", "x\n1,5", "\"a\"\"\",b\n1,2", "x,y\n1,\"", "\xff\xfe", "1\n2",
		"x y\n1 2", "\"a b\"  y \n 1,5\t\"2\"\n", "\r", ",\n,", "x\t\n1\t\n", "a;b\n1,5;2\n", "a;b\n1,500;2.5\n", "a\tb\n1\tNA\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		table, err := read(strings.NewReader(text), "f.csv")
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Line < 0 || e.Character < 0 || e.Message == "" {
				t.Fatalf("error %#v", err)
			}
			return
		}
		if len(table.Names) == 0 || len(table.Lines) == 0 || !slices.IsSorted(table.Lines) {
			t.Fatalf("table %+v", table)
		}
		for _, name := range table.Names {
			column := table.Columns[name]
			if len(column) != len(table.Lines) {
				t.Fatalf("column %q has %d rows of %d", name, len(column), len(table.Lines))
			}
			for _, v := range column {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("column %q holds %v", name, v)
				}
			}
		}
	})
}

func BenchmarkRow(b *testing.B) {
	text := "x,y\n" + strings.Repeat("1.25,-3.0625e-2\n", 10_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := Open(strings.NewReader(text), "f.csv")
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Select("x", "y"); err != nil {
			b.Fatal(err)
		}
		row := make([]float64, 2)
		for err == nil {
			_, err = r.Row(row)
		}
	}
}
