package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Lengths of the arrays in package kernel.
const (
	replayLanes = 8
	replaySteps = 16
	decayLanes  = 32
)

// straight begins the function name with these parameters, the last of which are float64. Its body is written for registers
// that stay in use, and not for vectors in memory.
func straight(name, signature, doc string, scalars ...string) *kernel {
	k := &kernel{Context: build.NewContext(), base: map[string]reg.Register{}, scalar: map[string]value{}}
	k.ConstraintExpr("!purego")
	k.Function(name + "AVX2")
	k.Attributes(attr.NOSPLIT)
	k.Doc(name + "AVX2 " + doc)
	k.Pragma("noescape")
	k.SignatureExpr(signature)
	for _, s := range scalars {
		address, err := k.Param(s).Resolve()
		if err != nil {
			panic(err)
		}
		k.scalar[s] = k.YMM()
		k.VBROADCASTSD(address.Addr, k.scalar[s])
	}
	return k
}

// adamReplay is a step in all lanes a turn.
func adamReplay() *kernel {
	k := straight("adamReplay", "func(l *float64, b1 float64)", "is AdamReplay for the lanes that begin at l.", "b1")
	l := k.Load(k.Param("l"), k.GP64())
	const row, table = 8 * replayLanes, 8 * replayLanes * replaySteps // bytes
	scalars := k.GP64()
	k.LEAQ(operand.Mem{Base: l, Disp: 3 * row}, scalars)
	load := func(base reg.Register, disp int) value {
		v := k.YMM()
		k.VMOVUPD(operand.Mem{Base: base, Disp: disp}, v)
		return v
	}
	const groups = replayLanes / lanes
	var at [3][groups]value // x, m, v
	for j := range at {
		for g := range at[j] {
			at[j][g] = load(l, j*row+8*lanes*g)
		}
	}
	zero, b1 := k.zero(), k.scalar["b1"]
	n := k.GP64()
	k.MOVQ(operand.U64(replaySteps), n)
	k.Label("turn")
	for g := range groups {
		x, m, v := at[0][g], at[1][g], at[2][g]
		disp := 8 * lanes * g
		k.VMULPD(m, b1, m)
		k.VADDPD(zero, m, m)
		k.VMULPD(load(scalars, 2*table+disp), v, v)
		d := k.add(k.sqrt(v), load(scalars, table+disp))
		step := k.div(k.mul(load(scalars, disp), m), d)
		k.VSUBPD(k.and(k.compare(notEqual, d, zero), step), x, x) // x - 0 is x
	}
	k.ADDQ(operand.Imm(row), scalars)
	k.DECQ(n)
	k.JNE(operand.LabelRef("turn"))
	for j := range at {
		for g, v := range at[j] {
			k.VMOVUPD(v, operand.Mem{Base: l, Disp: j*row + 8*lanes*g})
		}
	}
	k.VZEROUPPER()
	k.RET()
	return k
}

// decay is a multiplication in all lanes a turn.
func decay() *kernel {
	k := straight("decay", "func(v *float64, n int, b float64)", "multiplies the 32 numbers that begin at v n times by b, n > 0.", "b")
	base := k.Load(k.Param("v"), k.GP64())
	n := k.Load(k.Param("n"), k.GP64())
	var all [decayLanes / lanes]value
	for g := range all {
		all[g] = k.YMM()
		k.VMOVUPD(operand.Mem{Base: base, Disp: 8 * lanes * g}, all[g])
	}
	k.Label("turn")
	for _, v := range all {
		k.VMULPD(k.scalar["b"], v, v)
	}
	k.DECQ(n)
	k.JNE(operand.LabelRef("turn"))
	for g, v := range all {
		k.VMOVUPD(v, operand.Mem{Base: base, Disp: 8 * lanes * g})
	}
	k.VZEROUPPER()
	k.RET()
	return k
}
