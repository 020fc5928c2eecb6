package table

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// line is one line of a file.
type line struct {
	file   string
	number int
	text   string
}

// cell is what stands between two separators.
type cell struct {
	text   string // without the spaces and quotation marks around it
	at     int    // place in the line, in bytes from 0
	quoted bool
}

// errorAt returns an Error at a place given in bytes from 0.
func (l *line) errorAt(at int, format string, args ...any) *Error {
	character := 1 + utf8.RuneCountInString(l.text[:at])
	return &Error{File: l.file, Line: l.number, Character: character, Message: fmt.Sprintf(format, args...)}
}

// split appends the cells of a line, one more than it has separators outside of quotation marks.
func (l *line) split(separator byte, cells []cell) ([]cell, error) {
	if !utf8.ValidString(l.text) || strings.Contains(l.text, "\x00") {
		return nil, &Error{File: l.file, Line: l.number, Message: "not UTF-8 text; save or convert the file as UTF-8"}
	}
	if i := strings.Index(l.text, "\r"); i >= 0 {
		return nil, l.errorAt(i, "a carriage return inside a line; lines end in LF or CRLF")
	}
	if separator == ' ' {
		return l.splitBlanks(cells)
	}
	for at := 0; ; {
		c, end, err := l.cell(separator, at)
		if err != nil {
			return nil, err
		}
		cells = append(cells, c)
		if end == len(l.text) {
			return cells, nil
		}
		at = end + 1
	}
}

// splitBlanks appends the cells of a line between which any number of spaces and tabs stands.
func (l *line) splitBlanks(cells []cell) ([]cell, error) {
	const blank = " \t"
	for at := 0; ; {
		at += len(l.text[at:]) - len(strings.TrimLeft(l.text[at:], blank))
		if at == len(l.text) {
			return cells, nil
		}
		if l.text[at] == '"' {
			c, end, err := l.cell(' ', at)
			if err != nil {
				return nil, err
			}
			cells, at = append(cells, c), end
			continue
		}
		end := strings.IndexAny(l.text[at:], blank)
		if end < 0 {
			end = len(l.text) - at
		}
		cells = append(cells, cell{text: l.text[at : at+end], at: at})
		at += end
	}
}

// cell returns the cell that begins at a place, and the place of the separator or the end of the line behind it.
func (l *line) cell(separator byte, at int) (c cell, end int, err error) {
	rest := l.text[at:]
	blank := " \t"
	if separator == '\t' {
		blank = " "
	}
	start := at + len(rest) - len(strings.TrimLeft(rest, blank))
	if !strings.HasPrefix(l.text[start:], `"`) {
		text, _, _ := strings.Cut(rest, string(separator))
		end = at + len(text)
		text = strings.TrimSpace(text)
		if text == "" {
			start = at
		}
		return cell{text: text, at: start}, end, nil
	}
	var b strings.Builder
	for i := start + 1; i < len(l.text); i++ {
		if l.text[i] != '"' {
			b.WriteByte(l.text[i])
			continue
		}
		if strings.HasPrefix(l.text[i+1:], `"`) { // a doubled mark stands for itself
			b.WriteByte('"')
			i++
			continue
		}
		after, _, _ := strings.Cut(l.text[i+1:], string(separator))
		if s := strings.TrimSpace(after); s != "" {
			return cell{}, 0, l.errorAt(i+1, "%q after a closing quotation mark", s)
		}
		return cell{text: strings.TrimSpace(b.String()), at: start, quoted: true}, i + 1 + len(after), nil
	}
	return cell{}, 0, l.errorAt(start, "a quotation mark is not closed: %s", l.text[start:])
}
