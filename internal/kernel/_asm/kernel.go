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
	i      reg.GPVirtual           // index of the element at hand
	at     int                     // elements from it
}

// loop returns the function name(vectors *float64, n int, scalars float64), which carries out body for the n elements of the
// vectors. Names are separated by spaces.
func loop(name, vectors, scalars string, body func(k *kernel)) *kernel {
	k := &kernel{Context: build.NewContext(), base: map[string]reg.Register{}, scalar: map[string]value{}}
	k.ConstraintExpr("!purego")
	k.Function(name + "AVX2")
	k.Attributes(attr.NOSPLIT)
	k.Doc(name + "AVX2 is " + name + " for n elements, a multiple of 4.")
	k.Pragma("noescape")
	vec, par := strings.Fields(vectors), strings.Fields(scalars)
	signature := "func(" + strings.Join(vec, ", ") + " *float64, n int"
	if len(par) > 0 {
		signature += ", " + strings.Join(par, ", ") + " float64"
	}
	k.SignatureExpr(signature + ")")

	for _, v := range vec {
		k.base[v] = k.Load(k.Param(v), k.GP64())
	}
	n := k.GP64()
	k.Load(k.Param("n"), n)
	for _, s := range par {
		address, err := k.Param(s).Resolve()
		if err != nil {
			panic(err)
		}
		k.scalar[s] = k.YMM()
		k.VBROADCASTSD(address.Addr, k.scalar[s])
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

// unlessZero returns a, or 0 where d is 0. NaN is not 0.
func (k *kernel) unlessZero(d, a value) value {
	zero, mask, v := k.YMM(), k.YMM(), k.YMM()
	k.VXORPD(zero, zero, zero)
	k.VCMPPD(operand.Imm(4), zero, d, mask) // not equal, or unordered
	k.VANDPD(mask, a, v)
	return v
}
