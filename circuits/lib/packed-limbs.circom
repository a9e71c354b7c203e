pragma circom 2.1.6;
include "ranged.circom";

// Packs n unsigned limbs into an element, low bits first: the inverse of Limbs.
// Proved: every limb is below 2^width, so that Limbs finds the same limbs in the element.
// Caller: a limb is the integer it stands for and cannot wrap.
template PackedLimbs(n, widths) {
    signal input limb[n];
    signal output packed;

    component range[n];
    var at = 0;
    var sum = 0;
    for (var i = 0; i < n; i++) {
        range[i] = Ranged(widths[i]);
        range[i].in <== limb[i];
        sum += limb[i] * (1 << at);
        at += widths[i];
    }
    assert(at <= 252);
    packed <== sum;
}
