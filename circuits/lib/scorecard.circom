pragma circom 2.1.6;
include "characteristic.circom";
include "limbs.circom";
include "ranged.circom";
include "positive.circom";

// Points, score and grade of n characteristics under a packed model (docs/protocol.md 4, 6).
// packedPoints = P; score carries the offset 2^19; grade = number of thresholds above the score.
// Proved: points are those of the bins that the values a/b fall into; 0 <= score + 2^19 < 2^20; each comparison with a
// threshold is exact, because both sides are below 2^20 and Positive(20) covers their difference.
// Widths: n <= 15, points below 2^16 and base below 2^20 with offsets, so the sum is below 2^21 and cannot wrap.
// Caller: the duties of Characteristic for every (a, b); thresholds descending, checked when the model is registered.
template Scorecard(n, aBits, highBits, caps) {
    signal input header;
    signal input characteristics[n];
    signal input bins[n];
    signal input a[n];
    signal input b[n];
    signal output packedPoints;
    signal output score;
    signal output grade;

    var GRADES = 6;
    assert(n <= 15);
    component part = Limbs(1 + GRADES, [20, 20, 20, 20, 20, 20, 20]);
    part.packed <== header;

    component characteristic[n];
    var packed = 0;
    var sum = part.limb[0];
    for (var j = 0; j < n; j++) {
        characteristic[j] = Characteristic(aBits[j], highBits[j], caps[j]);
        characteristic[j].packed <== characteristics[j];
        characteristic[j].bin <== bins[j];
        characteristic[j].a <== a[j];
        characteristic[j].b <== b[j];
        packed += characteristic[j].points * (1 << (16 * j));
        sum += characteristic[j].points - (1 << 15);
    }
    packedPoints <== packed;
    score <== sum;
    component fits = Ranged(20);
    fits.in <== score;

    component above[GRADES];
    var missed = 0;
    for (var i = 0; i < GRADES; i++) {
        above[i] = Positive(20);
        above[i].in <== part.limb[1 + i] - score;
        missed += above[i].out;
    }
    grade <== missed;
}
