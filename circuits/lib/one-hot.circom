pragma circom 2.1.6;

// One flag per position; the one at `index` is 1, all others 0.
// Proved: index is in 0..n-1 and the flags are exactly its indicator: flag*(index - k) = 0 kills every flag but one,
// and the sum forces that one to 1. The flags are hints, fixed by these constraints.
// Caller: nothing; an index outside the range has no witness.
template OneHot(n) {
    signal input index;
    signal output flag[n];

    var sum = 0;
    for (var k = 0; k < n; k++) {
        flag[k] <-- index == k ? 1 : 0;
        flag[k] * (index - k) === 0;
        sum += flag[k];
    }
    sum === 1;
}
