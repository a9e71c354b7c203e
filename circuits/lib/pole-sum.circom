pragma circom 2.1.6;

// sum of weight_i / (point - at_i): a multiset of weighted keys as the value of a rational function.
// Proved: out is that sum, unless some at_i equals the point, where quotient_i is free when weight_i = 0 (and no witness
// exists otherwise). Quotients are hints, fixed by one product each.
// Two such sums that agree at a random point agree for every key: the weights on it add up to the same on both sides. For
// k different keys in all, another total survives with a chance of at most 2k/r (docs/ingest-cost.md).
// Caller: `point` is derived from everything that weights and keys follow from, so that nothing can be chosen after it.
template PoleSum(n) {
    signal input weight[n];
    signal input at[n];
    signal input point;
    signal output out;

    signal quotient[n];
    var sum = 0;
    for (var i = 0; i < n; i++) {
        quotient[i] <-- point == at[i] ? 0 : weight[i] / (point - at[i]);
        quotient[i] * (point - at[i]) === weight[i];
        sum += quotient[i];
    }
    out <== sum;
}
