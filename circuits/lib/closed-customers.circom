pragma circom 2.1.6;
include "limbs.circom";
include "pole-sum.circom";

// The customers whose group of sales closes in a run of slots, and what they leave between their sums and the claimed
// largest one (docs/protocol.md, Ingest proofs). A group's key is the number of groups that begin after it: 0 is the group
// that stays open, 1..80 close here, one of which began before the first slot.
// heads[]: five of 48 bits an element, low first; head of key k = limb k - 1 = M - T, T the group's sum (0 of an unused key).
// Proved when active = 1: openAfter is the sum of the open group; every other group's sum T has 0 <= M - T < 2^48, and a
// group with sum other than 0 has a key of at most 80; gaps is the product of M - T over keys 1..80. Sums are right but
// for a chance of 2^10/r (PoleSum). When active = 0: openAfter = 0 and nothing else.
// Widths: |T| < 2^59, so M - T does not wrap.
// Caller: step and active are bits; `point` is derived from values, steps, openBefore, largest, openAfter and heads; M < 2^48.
template ClosedCustomers(slots) {
    signal input active;
    signal input step[slots];
    signal input value[slots];
    signal input openBefore;
    signal input openAfter;
    signal input largest;
    signal input heads[16];
    signal input point;
    signal output gaps;

    var GROUPS = 80;
    component paid = PoleSum(slots + 1);
    paid.point <== point;
    var after = 0;
    for (var i = slots - 1; i >= 0; i--) {
        paid.weight[i] <== value[i];
        paid.at[i] <== after;
        after += step[i];
    }
    paid.weight[slots] <== openBefore;
    paid.at[slots] <== after;

    component claimed = PoleSum(GROUPS + 1);
    claimed.point <== point;
    claimed.weight[0] <== openAfter;
    claimed.at[0] <== 0;
    component head[16];
    signal product[GROUPS];
    for (var e = 0; e < 16; e++) {
        head[e] = Limbs(5, [48, 48, 48, 48, 48]);
        head[e].packed <== heads[e];
        for (var l = 0; l < 5; l++) {
            var j = 5 * e + l;
            claimed.weight[j + 1] <== largest - head[e].limb[l];
            claimed.at[j + 1] <== j + 1;
            if (j == 0) product[j] <== head[e].limb[l];
            else product[j] <== product[j - 1] * head[e].limb[l];
        }
    }
    active * (paid.out - claimed.out) === 0;
    (1 - active) * openAfter === 0;
    gaps <== product[GROUPS - 1];
}
