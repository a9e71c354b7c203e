pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/bitify.circom";

// Splits a packed element into n unsigned limbs, low bits first (docs/protocol.md 4, 5).
// Proved: every limb is below 2^width, unused ones included, and the element has no bits above them. The split is
// unique because the widths sum to at most 252 bits, so no second decomposition exists modulo r.
// Also gives the top bit of every limb, which is the sign of a limb with an offset of half its range.
// Caller: nothing; `packed` may be any field element.
template Limbs(n, widths) {
    signal input packed;
    signal output limb[n];
    signal output top[n];

    var total = 0;
    for (var i = 0; i < n; i++) total += widths[i];
    assert(total <= 252);

    component bits = Num2Bits(total);
    bits.in <== packed;
    var at = 0;
    for (var i = 0; i < n; i++) {
        var sum = 0;
        for (var b = 0; b < widths[i]; b++) sum += bits.out[at + b] * (1 << b);
        limb[i] <== sum;
        top[i] <== bits.out[at + widths[i] - 1];
        at += widths[i];
    }
}
