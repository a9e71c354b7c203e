pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/comparators.circom";

// Balance and place of the first recent slot of a run: of ascending balances the least of the recent ones.
// Proved: found = 1 when some recent_i is 1; then out = balance_i + 2^64 * (first + i) for the least such i, else out = 0.
// Walks backward, so that one product a slot both selects and forgets what comes later.
// Caller: recent are bits; |balance| < 2^63, so that the place can be told from the balance.
template FirstRecent(slots) {
    signal input recent[slots];
    signal input balance[slots];
    signal input first;
    signal output found;
    signal output out;

    var PLACE = 1 << 64;
    signal least[slots + 1];
    var count = 0;
    least[slots] <== 0;
    for (var i = slots - 1; i >= 0; i--) {
        least[i] <== least[i + 1] + recent[i] * (balance[i] + PLACE * i - least[i + 1]);
        count += recent[i];
    }
    component none = IsZero();
    none.in <== count;
    found <== 1 - none.out;
    out <== least[0] + PLACE * first * found;
}
