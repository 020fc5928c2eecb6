// Package examples holds programs that show what the library is for, each in a folder with a README and its picture.
package examples
