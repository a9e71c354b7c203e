pragma circom 2.1.6;
include "../lib/absorb.circom";
include "../lib/choose.circom";
include "../lib/closed-customers.circom";
include "../lib/group-counts.circom";
include "../lib/packed-invoices.circom";
include "../lib/pole-sum.circom";
include "../lib/ranged.circom";
include "../lib/sme-invoice-state.circom";

// One step of an sme-invoice dataset: the chunk with commitment C takes the state in stateIn to the one in stateOut
// (docs/protocol.md, Ingest proofs). Includes circomlib templates, which are GPL-3.0.
// Proved: stateIn opens to `state`; C, of which D makes one more link, commits to a chunk of number index + 1; monthly
// sums, counts, distinct suppliers and the product of gaps grow by exactly what its slots say, the claimed largest
// customer is reached by none of the groups that close here, and stateOut commits to the result. Sums by month and by
// customer are compared at one random point: another sum survives with a chance below 2^11/r a trial.
// A chunk has one direction; directions do not go back; the first purchase chunk begins a group and closes the last sales
// group.
// Widths: |amount| <= 2^36, at most 2^14 chunks (dataset circuit) of 320 slots: sums below 2^59, lanes of 60 bits.
// Caller: chains of proofs begin and end with the dataset circuit's states; codes and steps of the packed form are those of
// the records (whoever endorses or opens D recomputes them).
template IngestSmeInvoice() {
    var SLOTS = 320;
    var OPENED = 64;
    var REST = 23;
    var GROUPS = 9;
    var OUTSIDE = 12;
    var VOID = 13;

    signal input stateIn;
    signal input stateOut;

    signal input root;
    signal input index;
    signal input directionBefore;
    signal input largest;
    signal input miss;
    signal input openSum;
    signal input openCounted;
    signal input counts;
    signal input sales[GROUPS];
    signal input margins[GROUPS];
    signal input stateSalt;

    signal input direction;
    signal input count;
    signal input opened[OPENED];
    signal input rest[REST];
    signal input salt;

    // Hints: sums of this chunk by group of months, its void records, the sum of the group left open, the closed groups.
    signal input months[GROUPS];
    signal input voids;
    signal input openSumAfter;
    signal input heads[16];

    component before = SmeInvoiceState();
    before.root <== root;
    before.index <== index;
    before.direction <== directionBefore;
    before.largest <== largest;
    before.miss <== miss;
    before.openSum <== openSum;
    before.openCounted <== openCounted;
    before.counts <== counts;
    before.sales <== sales;
    before.margins <== margins;
    before.salt <== stateSalt;
    before.out === stateIn;

    // The chunk and its commitment.
    direction * (1 - direction) === 0;
    component countRange = Ranged(9);
    countRange.in <== count;
    component chunk = Absorb(OPENED + REST + 2, 433927974906726059664058235159185845668863857088801264753955501897987127107);
    chunk.in[0] <== index + 1 + count * (1 << 32) + direction * (1 << 64);
    for (var e = 0; e < OPENED; e++) chunk.in[1 + e] <== opened[e];
    for (var e = 0; e < REST; e++) chunk.in[1 + OPENED + e] <== rest[e];
    chunk.in[1 + OPENED + REST] <== salt;
    component link = Poseidon(2);
    link.inputs[0] <== root;
    link.inputs[1] <== chunk.out;

    component challenge = Absorb(4 + GROUPS + 16, 450221116199720598894871250635702935534998508418033854645645372519543440041);
    challenge.in[0] <== chunk.out;
    challenge.in[1] <== stateIn;
    challenge.in[2] <== openSumAfter;
    challenge.in[3] <== voids;
    for (var g = 0; g < GROUPS; g++) challenge.in[4 + g] <== months[g];
    for (var e = 0; e < 16; e++) challenge.in[4 + GROUPS + e] <== heads[e];

    component slots = PackedInvoices(SLOTS);
    slots.opened <== opened;

    // Sums by group of months; what does not count is counted.
    component recorded = PoleSum(SLOTS);
    recorded.point <== challenge.out;
    var skipped = 0;
    for (var i = 0; i < SLOTS; i++) {
        recorded.weight[i] <== slots.lanes[i];
        recorded.at[i] <== slots.group[i];
        skipped += slots.skipped[i];
    }
    component summed = PoleSum(GROUPS + 2);
    summed.point <== challenge.out;
    for (var g = 0; g < GROUPS; g++) {
        summed.weight[g] <== months[g];
        summed.at[g] <== 4 * (g \ 3) + g % 3;
    }
    summed.weight[GROUPS] <== skipped - voids;
    summed.at[GROUPS] <== OUTSIDE;
    summed.weight[GROUPS + 1] <== voids;
    summed.at[GROUPS + 1] <== VOID;
    recorded.out === summed.out;

    // From sales to purchases: the last customer's group closes with nothing of this chunk in it.
    signal turn <== direction - directionBefore;
    turn * (1 - turn) === 0;
    turn * (1 - slots.step[0]) === 0;
    signal turnGap <== turn * (largest - openSum);
    component turnRange = Ranged(48);
    turnRange.in <== turnGap;

    component customers = ClosedCustomers(SLOTS);
    customers.active <== 1 - direction;
    customers.step <== slots.step;
    customers.value <== slots.value;
    customers.openBefore <== openSum;
    customers.openAfter <== openSumAfter;
    customers.largest <== largest;
    customers.heads <== heads;
    customers.point <== challenge.out;
    component gaps = Choose();
    gaps.flag <== direction;
    gaps.yes <== 1 - turn + turnGap;
    gaps.no <== customers.gaps;

    component groups = GroupCounts(SLOTS);
    groups.step <== slots.step;
    groups.skipped <== slots.skipped;
    groups.before <== openCounted;
    component counted = Choose();
    counted.flag <== direction;
    counted.yes <== groups.fresh * (1 << 64);
    counted.no <== voids + (SLOTS - skipped) * (1 << 32);

    component after = SmeInvoiceState();
    after.root <== link.out;
    after.index <== index + 1;
    after.direction <== direction;
    after.largest <== largest;
    after.miss <== miss * gaps.out;
    after.openSum <== openSumAfter;
    after.openCounted <== groups.after;
    after.counts <== counts + counted.out;
    signal bought[GROUPS];
    for (var g = 0; g < GROUPS; g++) {
        bought[g] <== direction * months[g];
        after.sales[g] <== sales[g] + months[g] - bought[g];
        after.margins[g] <== margins[g] + months[g] - 2 * bought[g];
    }
    after.salt <== stateSalt;
    after.out === stateOut;
}

component main {public [stateIn, stateOut]} = IngestSmeInvoice();
