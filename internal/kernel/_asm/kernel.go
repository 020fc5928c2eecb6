package main

import (
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	lanes = 4         // float64 in a register
	turn  = 2 * lanes // elements in a turn of the loop, a cache line
	ahead = 2048      // bytes from a load to the line that is fetched for later: memory is slower than the loop without
)

// value is a register of float64.
type value = reg.VecVirtual

// kernel is a function under construction: a loop over vectors, whose body is written in operations on values. Each is one
// instruction, rounded once, as in the portable loop.
type kernel struct {
	*build.Context
	base   map[string]reg.Register // of the vectors
	scalar map[string]value        // in all lanes
	far    map[string]operand.Mem  // scalars that there are no registers for
	i      reg.GPVirtual           // index of the element at hand
	at     int                     // elements from it
	any    value                   // of a scan
	sum    [turn / lanes]value     // of sums
}

// loop returns the function name(vectors *float64, n int, scalars float64), which carries out body for the n elements of the
// vectors. Names are separated by spaces. Scalars that follow a bar are kept in memory.
func loop(name, vectors, scalars string, body func(k *kernel)) *kernel {
	return function(name, vectors, scalars, nothing, body)
}

// scan is loop for a body that returns all bits set where an element has a property. The function returns whether one has,
// 0 or more.
func scan(name, vector, scalars string, body func(k *kernel) value) *kernel {
	return function(name, vector, scalars, whether, func(k *kernel) { k.VORPD(body(k), k.any, k.any) })
}

// sums is loop for a body that returns what to add up. The function has one more parameter, sums *float64, where it stores the
// sums over elements i, i+turn, i+2 turn, ... for i = 0, ..., turn-1.
func sums(name, vector string, body func(k *kernel) value) *kernel {
	return function(name, vector, "", totals, func(k *kernel) {
		s := k.sum[k.at/lanes]
		k.VADDPD(body(k), s, s)
	})
}

// result is what a function has for one.
type result int

const (
	nothing result = iota
	whether        // a scan
	totals         // sums
)

func function(name, vectors, scalars string, has result, body func(k *kernel)) *kernel {
	k := &kernel{Context: build.NewContext(), base: map[string]reg.Register{}, scalar: map[string]value{}, far: map[string]operand.Mem{}}
	k.ConstraintExpr("!purego")
	k.Function(name + "AVX2")
	k.Attributes(attr.NOSPLIT)
	k.Doc(name + "AVX2 is " + name + " for n elements, a multiple of 4.")
	k.Pragma("noescape")
	near, far, _ := strings.Cut(scalars, "|")
	vec, par := strings.Fields(vectors), append(strings.Fields(near), strings.Fields(far)...)
	signature := "func(" + strings.Join(vec, ", ") + " *float64, n int"
	if len(par) > 0 {
		signature += ", " + strings.Join(par, ", ") + " float64"
	}
	switch has {
	case whether:
		signature += ") (any int"
	case totals:
		signature += ", sums *float64"
	}
	k.SignatureExpr(signature + ")")

	for _, v := range vec {
		k.base[v] = k.Load(k.Param(v), k.GP64())
	}
	n := k.GP64()
	k.Load(k.Param("n"), n)
	for i, s := range par {
		address, err := k.Param(s).Resolve()
		if err != nil {
			panic(err)
		}
		k.far[s] = address.Addr
		if i < len(strings.Fields(near)) {
			k.scalar[s] = k.again(s)
		}
	}
	switch has {
	case whether:
		k.any = k.zero()
	case totals:
		for i := range k.sum {
			k.sum[i] = k.zero()
		}
	}
	k.i = k.GP64()
	k.XORQ(k.i, k.i)
	k.SUBQ(operand.Imm(turn), n) // n is what is left less one turn
	k.JLT(operand.LabelRef("rest"))
	k.Label("turn")
	for _, v := range vec {
		line := k.mem(v)
		line.Disp += ahead
		k.PREFETCHT0(line)
	}
	for k.at = 0; k.at < turn; k.at += lanes {
		body(k)
	}
	k.at = 0
	k.ADDQ(operand.Imm(turn), k.i)
	k.SUBQ(operand.Imm(turn), n)
	k.JGE(operand.LabelRef("turn"))
	k.Label("rest")
	k.ADDQ(operand.Imm(turn), n)
	k.JEQ(operand.LabelRef("done"))
	body(k)
	k.Label("done")
	switch has {
	case whether:
		bits := k.GP32()
		k.VMOVMSKPD(k.any, bits)
		k.Store(bits.As64(), k.Return("any"))
	case totals:
		to := k.Load(k.Param("sums"), k.GP64())
		for i, s := range k.sum {
			k.VMOVUPD(s, operand.Mem{Base: to, Disp: 8 * lanes * i})
		}
	}
	k.VZEROUPPER()
	k.RET()
	return k
}

func (k *kernel) mem(vector string) operand.Mem {
	return operand.Mem{Base: k.base[vector], Index: k.i, Scale: 8, Disp: 8 * k.at}
}

func (k *kernel) load(vector string) value {
	v := k.YMM()
	k.VMOVUPD(k.mem(vector), v)
	return v
}

// again returns a scalar, read from memory.
func (k *kernel) again(scalar string) value {
	v := k.YMM()
	k.VBROADCASTSD(k.far[scalar], v)
	return v
}

func (k *kernel) store(vector string, v value) { k.VMOVUPD(v, k.mem(vector)) }

// Avo's operands are in Go's order, sources last to first.

func (k *kernel) add(a, b value) value { return k.op(k.VADDPD, a, b) }
func (k *kernel) sub(a, b value) value { return k.op(k.VSUBPD, a, b) }
func (k *kernel) mul(a, b value) value { return k.op(k.VMULPD, a, b) }
func (k *kernel) div(a, b value) value { return k.op(k.VDIVPD, a, b) }

func (k *kernel) op(instruction func(ops ...operand.Op), a, b value) value {
	v := k.YMM()
	instruction(b, a, v)
	return v
}

func (k *kernel) sqrt(a value) value {
	v := k.YMM()
	k.VSQRTPD(a, v)
	return v
}

// Predicates of compare.
const (
	unordered    = 0x03 // one is NaN
	notEqual     = 0x04 // or unordered
	lessGreater  = 0x0c
	notLessEqual = 0x16 // or unordered
	greater      = 0x1e
)

// compare returns all bits set where the predicate holds for a and b.
func (k *kernel) compare(predicate int, a, b value) value {
	v := k.YMM()
	k.VCMPPD(operand.Imm(uint64(predicate)), b, a, v)
	return v
}

// zero returns 0.
func (k *kernel) zero() value {
	v := k.YMM()
	k.VXORPD(v, v, v)
	return v
}

// and returns the bits that a and b have in common.
func (k *kernel) and(a, b value) value { return k.op(k.VANDPD, a, b) }

// or returns the bits that a or b has.
func (k *kernel) or(a, b value) value { return k.op(k.VORPD, a, b) }

// abs returns |a|: its bits but the first.
func (k *kernel) abs(a value) value {
	v := k.YMM()
	k.VPCMPEQQ(v, v, v)
	k.VPSRLQ(operand.Imm(1), v, v)
	return k.and(a, v)
}

// choose returns b where mask is set, a elsewhere.
func (k *kernel) choose(mask, a, b value) value {
	v := k.YMM()
	k.VBLENDVPD(mask, b, a, v)
	return v
}

// max returns the maximum of a and b that are >= 0 or NaN, NaN if one is.
func (k *kernel) max(a, b value) value {
	return k.choose(k.compare(unordered, a, a), k.op(k.VMAXPD, a, b), a)
}

// decay returns b v + n g, a running mean.
func (k *kernel) decay(b string, v value, n string, g value) value {
	return k.add(k.mul(k.scalar[b], v), k.mul(k.scalar[n], g))
}

// decaySquare returns b v + n g g.
func (k *kernel) decaySquare(b string, v value, n string, g value) value {
	return k.add(k.mul(k.scalar[b], v), k.mul(k.mul(k.scalar[n], g), g))
}

// moments stores the running means m of g and v of g², and returns them.
func (k *kernel) moments(g value) (m, v value) {
	m = k.decay("b1", k.load("m"), "n1", g)
	k.store("m", m)
	v = k.decaySquare("b2", k.load("v"), "n2", g)
	k.store("v", v)
	return m, v
}

// descend subtracts step from x where mask is set.
func (k *kernel) descend(x, step, mask value) {
	k.store("x", k.sub(x, k.and(mask, step))) // x - 0 is x
}

func (k *kernel) positive(d value) value { return k.compare(greater, d, k.zero()) }
func (k *kernel) notZero(d value) value  { return k.compare(notEqual, d, k.zero()) }
