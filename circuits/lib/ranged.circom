pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/bitify.circom";

// Proved: 0 <= in < 2^n.
// Caller: if `in` is a difference, both operands are bounded so that it cannot wrap: |difference| < r - 2^n.
template Ranged(n) {
    signal input in;
    assert(n <= 252);
    component bits = Num2Bits(n);
    bits.in <== in;
}
