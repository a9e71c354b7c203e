pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/bitify.circom";

// The slots of an sme-invoice chunk, from their packed elements (docs/protocol.md 3): 44 bits a slot, five an element.
// Proved: every bit is a bit and an element has no bits above its 220; code is one of 0..3 + 4*(0..2) + 16*(0..3).
//   amount  signed, |amount| <= 2^36
//   step    1 at the first record of a counterparty
//   skipped 1 when the code says that the record does not count (void, outside the window, absent)
//   value   amount, 0 when skipped
//   group   key 4h + q of the quarter of months (0..2, 4..6, 8..10), or 12 outside, 13 void
//   lanes   (value, or 1 when skipped) * 2^(60 r): a month is lane r of its group
// Caller: compares the lanes by group with sums whose keys are the eleven above, and those of 12 and 13 with plain counts:
// that refuses a skipped record with q = 2 or r > 0.
template PackedInvoices(slots) {
    signal input opened[slots \ 5];
    signal output amount[slots];
    signal output step[slots];
    signal output skipped[slots];
    signal output value[slots];
    signal output group[slots];
    signal output lanes[slots];

    var PER_ELEMENT = 5;
    var WIDTH = 44;
    var AMOUNT = 37;
    assert(slots % PER_ELEMENT == 0);
    component bits[slots \ PER_ELEMENT];
    signal weight[slots];
    for (var e = 0; e < slots \ PER_ELEMENT; e++) {
        bits[e] = Num2Bits(PER_ELEMENT * WIDTH);
        bits[e].in <== opened[e];
        for (var s = 0; s < PER_ELEMENT; s++) {
            var i = PER_ELEMENT * e + s;
            var at = WIDTH * s;
            var sum = 0;
            for (var b = 0; b < AMOUNT; b++) sum += bits[e].out[at + b] * (1 << b);
            amount[i] <== sum - (1 << (AMOUNT - 1));
            step[i] <== bits[e].out[at + AMOUNT];

            var code = at + AMOUNT + 1; // r, q, h
            bits[e].out[code + 2] * bits[e].out[code + 3] === 0;
            skipped[i] <== bits[e].out[code + 4] * bits[e].out[code + 5];
            value[i] <== amount[i] * (1 - skipped[i]);
            group[i] <== bits[e].out[code + 2] + 2 * bits[e].out[code + 3] + 4 * bits[e].out[code + 4] + 8 * bits[e].out[code + 5];
            weight[i] <== (1 + ((1 << 60) - 1) * bits[e].out[code]) * (1 + ((1 << 120) - 1) * bits[e].out[code + 1]);
            lanes[i] <== (value[i] + skipped[i]) * weight[i];
        }
    }
}
