pragma circom 2.1.6;

// Balances of a run of slots, ascending within a zone. A zone counts its balances b' from 0 (docs/protocol.md, Ingest
// proofs): at a crossing b' starts anew.
// Proved: b'_i = (crossing_i ? 0 : b'_(i-1)) + delta_i with b'_(-1) = before. A balance is one product and one delta, never a
// sum of all deltas so far: under O2 that sum would stand in every product it takes part in.
//   after  b' of the last slot
//   sum    of all b', the slots that repeat the last balance included
//   left   sum over the crossings of (1 + 2^100 * position) * b'_(i-1), positions counted from `first`
// Caller: delta >= 0 makes each zone ascend; whoever knows the positions splits `left` (RetailZones); crossings are bits.
template ZonedBalances(slots) {
    signal input before;
    signal input first;
    signal input delta[slots];
    signal input crossing[slots];
    signal output balance[slots];
    signal output after;
    signal output sum;
    signal output left;

    var AT = 1 << 100;
    signal kept[slots];
    var balances = 0;
    var leaves = 0;
    var leavesAt = 0;
    for (var i = 0; i < slots; i++) {
        var last = i == 0 ? before : kept[i - 1] + delta[i - 1];
        kept[i] <== (1 - crossing[i]) * last;
        balance[i] <== kept[i] + delta[i];
        balances += kept[i] + delta[i];
        leaves += last - kept[i];
        leavesAt += i * (last - kept[i]);
    }
    after <== kept[slots - 1] + delta[slots - 1];
    sum <== balances;
    left <== leaves + AT * (leavesAt + first * leaves);
}
