package gradient

import "math/bits"

// union makes the union of lists of indices, ascending, in a time that hardly depends on how large the indices are. The
// zero union is empty.
type union struct {
	words []uint64 // a bit for each index
	pages []uint64 // a bit for each word that is not 0
}

func (u *union) add(index []int) {
	for _, j := range index {
		w := j >> 6
		if n := len(u.words); w >= n {
			u.words = append(u.words, make([]uint64, max(64, n, w+1-n))...)
			u.pages = append(u.pages, make([]uint64, (len(u.words)+63)/64-len(u.pages))...)
		}
		u.words[w] |= 1 << (j & 63)
		u.pages[w>>6] |= 1 << (w & 63)
	}
}

// drain appends the union to dst, and empties it.
func (u *union) drain(dst []int) []int {
	for p, page := range u.pages {
		for ; page != 0; page &= page - 1 {
			w := p<<6 + bits.TrailingZeros64(page)
			for word := u.words[w]; word != 0; word &= word - 1 {
				dst = append(dst, w<<6+bits.TrailingZeros64(word))
			}
			u.words[w] = 0
		}
		u.pages[p] = 0
	}
	return dst
}
