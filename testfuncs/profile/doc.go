// Package profile compares methods on test objectives: it runs each of them on each objective from several seeds, and
// says which share of the problems a method has solved within a given cost.
//
//	c := profile.Comparison{Methods: methods, Problems: testfuncs.Classical(), Seeds: 5, Budget: 2000}
//	r, err := c.Run(ctx)
//	bands := r.Data(1e-3)
//
// A run is judged by the values without noise at the points that the method announces (the X of its major iterations), which
// the method itself cannot see.
package profile
