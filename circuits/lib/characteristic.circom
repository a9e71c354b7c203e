pragma circom 2.1.6;
include "limbs.circom";
include "one-hot.circom";
include "ranged.circom";

// Points of one characteristic: which bin the value a/b falls into, without dividing (docs/protocol.md 4, 6).
// `packed` is c_j: five edges of 30 bits, six points of 16 bits (offset 2^15). `bin` is the builder's hint.
// Proved, with value = min(a/b, cap), low = edge[bin-1] (0 for bin 0), high = edge[bin] (2^30 - 1 for bin 5):
//   low <= value   as   a - low*b in 0..2^aBits-1   and   cap - low in 0..2^30-1
//   value < high   as   high > cap   or   high*b - a > 0, one range check muxed by `beyond`. It is a free bit: it only says
//                  which side is shown, and each side alone implies the claim.
// An edge above the cap (2^30 - 1 marks an unused one) is therefore never reached. The bin is unique when edges increase.
// Widths: a < 2^aBits, b <= 2^52, low and high < 2^30, so every difference is below 2^83 and cannot wrap; a negative one is
// near r and fails. highBits is enough for honest witnesses: cap*b <= 2^highBits, and high - cap - 1 < 2^30 <= 2^highBits.
// Caller: 0 <= a < 2^aBits, 0 < b with cap*b <= 2^highBits, 0 <= cap <= 2^30 - 2; edges strictly increasing, checked
// when the model is registered.
template Characteristic(aBits, highBits, cap) {
    signal input packed;
    signal input bin;
    signal input a;
    signal input b;
    signal output points;

    var EDGES = 5;
    var NEVER = (1 << 30) - 1;
    assert(cap < NEVER && highBits >= 30 && highBits <= 84);

    component part = Limbs(11, [30, 30, 30, 30, 30, 16, 16, 16, 16, 16, 16]);
    part.packed <== packed;
    component here = OneHot(EDGES + 1);
    here.index <== bin;

    signal lows[EDGES];
    signal highs[EDGES];
    signal earned[EDGES + 1];
    var lowSum = 0;
    var highSum = here.flag[EDGES] * NEVER;
    var pointSum = 0;
    for (var k = 0; k <= EDGES; k++) {
        if (k < EDGES) {
            lows[k] <== here.flag[k + 1] * part.limb[k];
            highs[k] <== here.flag[k] * part.limb[k];
            lowSum += lows[k];
            highSum += highs[k];
        }
        earned[k] <== here.flag[k] * part.limb[EDGES + k];
        pointSum += earned[k];
    }
    points <== pointSum;

    signal low <== lowSum;
    signal high <== highSum;
    signal lowTimes <== low * b;
    signal highTimes <== high * b;

    component atLeast = Ranged(aBits);
    atLeast.in <== a - lowTimes;
    component reachable = Ranged(30);
    reachable.in <== cap - low;

    signal beyond <-- high > cap ? 1 : 0;
    beyond * (1 - beyond) === 0;
    component below = Ranged(highBits);
    signal margin <== highTimes - 1 - a;
    below.in <== margin + beyond * (high - cap - 1 - margin);
}
