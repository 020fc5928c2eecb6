// Package dataset reads the public data of the experiments: MNIST's images in IDX format and IMDB's reviews in svmlight
// format, each file plain or compressed by gzip.
package dataset

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// file is a file of a set, as its publisher names it.
type file struct {
	name   string
	size   int    // of the plain content, in bytes
	sha256 string // likewise
}

// MissingError says that files of a set are not there, and where to get them.
type MissingError struct {
	Set    string // the name of the set
	Folder string // where it was looked for, "" if the user named none
	Source string // where it is published
	Files  []string
}

// Error implements error.
func (e *MissingError) Error() string {
	var b strings.Builder
	if e.Folder == "" {
		fmt.Fprintf(&b, "the experiment needs the files of %s, and no folder is named", e.Set)
	} else {
		fmt.Fprintf(&b, "%s lacks files of %s", e.Folder, e.Set)
	}
	b.WriteString("; say where they are by --data DIR or the variable STOCHOPT_DATA. Wanted, plain or as .gz, in DIR or in DIR/" + strings.ToLower(e.Set) + ":\n")
	for _, f := range e.Files {
		b.WriteString("\n    " + f)
	}
	b.WriteString("\n\nSizes and sums are those of the plain files.\n\n" + e.Source)
	return b.String()
}

// open opens the files of a set, which lie in the folder or in its subfolder of the set's name. The caller closes them.
func open(folder, set, source string, files []file) ([]io.ReadCloser, error) {
	missing := &MissingError{Set: set, Folder: folder, Source: source}
	var opened []io.ReadCloser
	for _, f := range files {
		r, err := openOne(folder, strings.ToLower(set), f.name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing.Files = append(missing.Files, fmt.Sprintf("%-24s %9d bytes, SHA-256 %s", f.name, f.size, f.sha256))
		case err != nil:
			closeAll(opened)
			return nil, err
		default:
			opened = append(opened, r)
		}
	}
	if missing.Files != nil {
		closeAll(opened)
		return nil, missing
	}
	return opened, nil
}

func closeAll(files []io.ReadCloser) {
	for _, f := range files {
		f.Close()
	}
}

// openOne opens a file, or its compressed form.
func openOne(folder, subfolder, name string) (io.ReadCloser, error) {
	if folder == "" {
		return nil, fs.ErrNotExist
	}
	for _, dir := range []string{folder, filepath.Join(folder, subfolder)} {
		for _, ending := range []string{"", ".gz"} {
			f, err := os.Open(filepath.Join(dir, name+ending))
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				return nil, err
			case ending == "":
				return f, nil
			default:
				z, err := gzip.NewReader(f)
				if err != nil {
					f.Close()
					return nil, fmt.Errorf("%s: %w", f.Name(), err)
				}
				return unpacked{z, f}, nil
			}
		}
	}
	return nil, fs.ErrNotExist
}

// unpacked is the plain content of a compressed file.
type unpacked struct {
	*gzip.Reader
	file *os.File
}

// Close closes both.
func (u unpacked) Close() error { return errors.Join(u.Reader.Close(), u.file.Close()) }
