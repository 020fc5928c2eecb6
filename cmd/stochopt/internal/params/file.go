package params

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// File takes what a file says: TOML, or JSON if its name ends in .json. In both, a parameter is a number, its start, or a table of
// words:
//
//	b1 = 500
//	[b2]
//	start = 0.1
//	lower = 0
func (s *Set) File(name string, text []byte) error {
	s.next()
	if !utf8.Valid(text) {
		return fmt.Errorf("%s: not UTF-8 text", name)
	}
	if strings.EqualFold(filepath.Ext(name), ".json") {
		return s.readJSON(name, text)
	}
	return s.readTOML(name, text)
}

func (s *Set) readTOML(file string, text []byte) error {
	var tables map[string]any
	meta, err := toml.Decode(string(text), &tables)
	var syntax toml.ParseError
	switch {
	case errors.As(err, &syntax) && syntax.Position.Start <= len(text):
		return fmt.Errorf("%s: %s", place(file, text, syntax.Position.Start), strings.TrimRight(syntax.Message, "."))
	case err != nil:
		return fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "toml: "))
	}
	// A table has no order, the list of keys has that of the file.
	var read []string
	for _, key := range meta.Keys() {
		name := key[0]
		if slices.Contains(read, name) {
			continue
		}
		read = append(read, name)
		var order []string
		for _, k := range meta.Keys() {
			if k[0] == name && len(k) == 2 {
				order = append(order, k[1])
			}
		}
		if err := s.entry(name, tables[name], order); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// entry takes what a file says of a parameter.
func (s *Set) entry(name string, value any, order []string) error {
	table, ok := value.(map[string]any)
	if !ok {
		return s.say(name, "start", float(value))
	}
	if len(table) == 0 {
		return fmt.Errorf("nothing is said of %s; say %s", name, strings.Join(words, ", "))
	}
	for _, word := range order {
		if err := s.say(name, word, float(table[word])); err != nil {
			return err
		}
	}
	return nil
}

// float makes numbers float64.
func float(value any) any {
	switch v := value.(type) {
	case int64:
		return float64(v)
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return f
		}
		return string(v) + ", which is too large"
	}
	return value
}

func (s *Set) readJSON(file string, text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	inValue := false
	fail := func(err error) error {
		at := int(d.InputOffset())
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = int(syntax.Offset)
			if inValue {
				at-- // as the wrong character has been read
			}
		}
		return fmt.Errorf("%s: %w", place(file, text, at), err)
	}
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		if err == nil {
			err = errors.New(`want an object of parameters, as {"b1": 500}`)
		}
		return fail(err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return fail(err)
		}
		var value json.RawMessage
		inValue = true
		if err := d.Decode(&value); err != nil {
			return fail(err)
		}
		inValue = false
		any, order, err := object(value)
		if err != nil {
			return fail(err)
		}
		if err := s.entry(name.(string), any, order); err != nil {
			return fail(err)
		}
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return fail(err)
	}
	if d.More() {
		return fail(errors.New("more text behind the object"))
	}
	return nil
}

// object decodes a value that is known to be JSON, and returns the keys of an object in their order.
func object(text json.RawMessage) (value any, order []string, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, nil, err
	}
	if _, ok := value.(map[string]any); !ok {
		return value, nil, nil
	}
	d = json.NewDecoder(bytes.NewReader(text))
	d.Token()
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		order = append(order, key.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			return nil, nil, err
		}
	}
	return value, order, nil
}

// place names the line and the character of a byte in a text.
func place(file string, text []byte, at int) string {
	at = max(0, min(at, len(text)))
	before := text[:at]
	line := 1 + bytes.Count(before, []byte("\n"))
	start := 1 + bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("%s, line %d, character %d", file, line, 1+utf8.RuneCount(before[start:]))
}
