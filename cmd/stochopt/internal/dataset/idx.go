package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Images are grey images of one size, each with a label.
type Images struct {
	// Rows and Columns are the size of an image in pixels.
	Rows, Columns int
	// Pixels are the images one after the other, each row by row, from 0 to 255.
	Pixels []byte
	// Labels are the classes, one for each image.
	Labels []byte
}

// Len is the number of images.
func (m Images) Len() int { return len(m.Labels) }

// Image is image i.
func (m Images) Image(i int) []byte {
	n := m.Rows * m.Columns
	return m.Pixels[i*n : (i+1)*n : (i+1)*n]
}

// First returns the first n images, or all if there are no more.
func (m Images) First(n int) Images {
	n = min(n, m.Len())
	m.Pixels, m.Labels = m.Pixels[:n*m.Rows*m.Columns], m.Labels[:n]
	return m
}

// ReadIDX reads a file in IDX format: two zero bytes, the type of the numbers, 8 for bytes, which is the only one read
// here, the number of dimensions, their sizes as big-endian 32-bit integers, and the bytes, at most 1 GiB. Name is that of the file in errors.
func ReadIDX(r io.Reader, name string, dimensions int) (sizes []int, data []byte, err error) {
	head := make([]byte, 4+4*dimensions)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, nil, fmt.Errorf("%s: shorter than the head of an IDX file: %w", name, err)
	}
	if want := []byte{0, 0, 8, byte(dimensions)}; !bytes.Equal(head[:4], want) {
		return nil, nil, fmt.Errorf("%s: begins with the bytes %v, want %v, those of an IDX file of bytes in %d dimensions", name, head[:4], want, dimensions)
	}
	n := 1
	for k := range dimensions {
		size := int(binary.BigEndian.Uint32(head[4+4*k:]))
		if size == 0 || n > 1<<30/size {
			return nil, nil, fmt.Errorf("%s: dimension %d has the size %d, want at least 1 and at most %d bytes in all", name, k+1, size, 1<<30)
		}
		sizes = append(sizes, size)
		n *= size
	}
	var b bytes.Buffer // grows with what is there: the head of a broken file must not decide on memory
	if _, err := io.Copy(&b, io.LimitReader(r, int64(n)+1)); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	switch {
	case b.Len() < n:
		return nil, nil, fmt.Errorf("%s: ends %d bytes after its head, which promises %d for %v", name, b.Len(), n, sizes)
	case b.Len() > n:
		return nil, nil, fmt.Errorf("%s: goes on after the %d bytes that its head promises for %v", name, n, sizes)
	}
	return sizes, b.Bytes(), nil
}

// readImages reads a file of images and that of their labels, from 0 to classes - 1.
func readImages(images, labels io.Reader, name string, classes int) (Images, error) {
	size, pixels, err := ReadIDX(images, name+" images", 3)
	if err != nil {
		return Images{}, err
	}
	n, l, err := ReadIDX(labels, name+" labels", 1)
	if err != nil {
		return Images{}, err
	}
	if n[0] != size[0] {
		return Images{}, fmt.Errorf("%s: %d images, %d labels", name, size[0], n[0])
	}
	for i, c := range l {
		if int(c) >= classes {
			return Images{}, fmt.Errorf("%s: label %d is %d, want less than %d", name, i, c, classes)
		}
	}
	return Images{Rows: size[1], Columns: size[2], Pixels: pixels, Labels: l}, nil
}

// MNIST reads the handwritten digits: 60 000 images to train on and 10 000 to test. Files of fewer images are read as well.
func MNIST(folder string) (train, test Images, err error) {
	files, err := open(folder, "MNIST", "Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits, http://yann.lecun.com/exdb/mnist/; a copy is at https://storage.googleapis.com/cvdf-datasets/mnist/",
		[]file{
			{"train-images-idx3-ubyte", 47040016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
			{"train-labels-idx1-ubyte", 60008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
			{"t10k-images-idx3-ubyte", 7840016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
			{"t10k-labels-idx1-ubyte", 10008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
		})
	if err != nil {
		return train, test, err
	}
	defer closeAll(files)
	if train, err = readImages(files[0], files[1], "MNIST, train", 10); err != nil {
		return train, test, err
	}
	test, err = readImages(files[2], files[3], "MNIST, t10k", 10)
	if err == nil && (test.Rows != train.Rows || test.Columns != train.Columns) {
		err = fmt.Errorf("MNIST: images of %d x %d to train, of %d x %d to test", train.Rows, train.Columns, test.Rows, test.Columns)
	}
	return train, test, err
}
