package kernel

// Mix stores mean + w (x - mean) in dst.
func Mix(workers int, dst, mean, x []float64, w float64) {
	if workers > 1 && len(dst) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			Mix(1, v[0], v[1], v[2], s[0])
			return false
		}, scalars{w}, dst, mean, x)
		return
	}
	if n := wide(len(dst)); n > 0 {
		mixAVX2(&dst[0], &mean[:len(dst)][0], &x[:len(dst)][0], n, w)
		dst, mean, x = dst[n:], mean[n:], x[n:]
	}
	mean, x = mean[:len(dst)], x[:len(dst)]
	for i, m := range mean {
		dst[i] = m + float64(w*(x[i]-m))
	}
}
