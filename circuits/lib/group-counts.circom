pragma circom 2.1.6;

// How many groups of a run of slots have their first counted record here (distinct suppliers, docs/protocol.md).
// before / after say whether the open group has a counted record before the first and after the last slot.
// Proved: fresh is the number of slots that are counted while no earlier slot of their group is.
// Caller: step, skipped and before are bits.
template GroupCounts(slots) {
    signal input step[slots];
    signal input skipped[slots];
    signal input before;
    signal output after;
    signal output fresh;

    signal known[slots]; // the group has a counted record before this slot
    signal none[slots];  // it still has none after it
    var sum = 0;
    for (var i = 0; i < slots; i++) {
        if (i == 0) known[i] <== (1 - step[i]) * before;
        else known[i] <== (1 - step[i]) * (1 - none[i - 1]);
        none[i] <== skipped[i] * (1 - known[i]);
        sum += 1 - known[i] - none[i];
    }
    after <== 1 - none[slots - 1];
    fresh <== sum;
}
