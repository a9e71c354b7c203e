pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/bitify.circom";

// Splits a sum of n signed lanes of `stride` bits into lanes + offset, each below 2^width.
// Proved: packed = sum of (lane_j - offset) * 2^(stride*j) with 0 <= lane_j < 2^width. When the true lanes are below
// 2^(stride-1) in magnitude, as sums of few enough records are, there is one such split only, so lane_j - offset is the
// true lane: two splits would differ in some lowest lane by a multiple of 2^stride.
// Caller: the true lanes keep that bound.
template SignedLanes(n, stride, width, offset) {
    signal input packed;
    signal output lane[n];
    assert(width < stride && n * stride <= 252);

    component bits[n];
    var sum = 0;
    var shift = 0;
    for (var j = 0; j < n; j++) shift += offset * (1 << (stride * j));
    for (var j = 0; j < n; j++) {
        lane[j] <-- ((packed + shift) >> (stride * j)) & ((1 << stride) - 1);
        bits[j] = Num2Bits(width);
        bits[j].in <== lane[j];
        sum += lane[j] * (1 << (stride * j));
    }
    sum === packed + shift;
}
