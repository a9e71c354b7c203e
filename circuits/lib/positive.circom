pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/bitify.circom";

// out = 1 when in > 0, else 0.
// Proved: -2^n < in <= 2^n, and out is the top bit of in - 1 + 2^n, which has n + 1 bits.
// Caller: `in` is the integer it stands for, that is, sums of ranged limbs that cannot wrap.
template Positive(n) {
    signal input in;
    signal output out;
    assert(n <= 251);
    component bits = Num2Bits(n + 1);
    bits.in <== in - 1 + (1 << n);
    out <== bits.out[n];
}
