pragma circom 2.1.6;
include "one-hot.circom";
include "ranged.circom";

// The largest of n values, at position `at` (a hint of the builder).
// Proved: `at` is in 0..n-1, out equals the value there, and no value exceeds it. With ties any of the equal positions
// is a witness; out is the same.
// Caller: every value is below 2^width; an offset common to all values is fine.
template Largest(n, width) {
    signal input value[n];
    signal input at;
    signal output out;

    component here = OneHot(n);
    here.index <== at;
    signal picked[n];
    var sum = 0;
    for (var i = 0; i < n; i++) {
        picked[i] <== here.flag[i] * value[i];
        sum += picked[i];
    }
    out <== sum;

    component above[n];
    for (var i = 0; i < n; i++) {
        above[i] = Ranged(width);
        above[i].in <== out - value[i];
    }
}
