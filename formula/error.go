package formula

import "fmt"

// Error says what is wrong with a formula, and where.
type Error struct {
	// Character is the place in the text, counted from 1. It is 0 if the error has no single place.
	Character int
	// Unknown is the name that stands there, if the error is that it is neither a column nor a parameter.
	Unknown string
	// Hint is the part of Message that says what was probably meant by Unknown, or "".
	Hint    string
	Message string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Character == 0 {
		return "formula: " + e.Message
	}
	return fmt.Sprintf("formula, character %d: %s", e.Character, e.Message)
}

// errorAt returns an Error at the rune with index i of the text.
func errorAt(i int, format string, args ...any) *Error {
	return &Error{Character: i + 1, Message: fmt.Sprintf(format, args...)}
}

// RowError says in which row of the data the response is not finite.
type RowError struct {
	Row   int     // counted from 0
	Value float64 // of the response, NaN or infinite
}

// Error implements error.
func (e *RowError) Error() string {
	return fmt.Sprintf("formula: the response left of ~ is %v in row %d", e.Value, e.Row)
}
