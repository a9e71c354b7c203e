pragma circom 2.1.6;
include "../lib/absorb.circom";
include "../lib/first-recent.circom";
include "../lib/packed-transactions.circom";
include "../lib/retail-account-state.circom";
include "../lib/transaction-totals.circom";
include "../lib/zoned-balances.circom";

// One step of a retail-account dataset: the chunk with commitment C takes the state in stateIn to the one in stateOut
// (docs/protocol.md, Ingest proofs). Includes circomlib templates, which are GPL-3.0.
// Proved: stateIn opens to the state; C, of which D makes one more link, commits to chunk number index + 1 with at least one
// transaction, and every chunk before it is full; balances, their sums, the first recent one, flows, counts and the crossings'
// positions go on by exactly what the slots say, and stateOut commits to the result.
// Widths: with fewer than 2^8 chunks (dataset circuit) there are less than 2^16 transactions, |b'| < 2^49, sums below 2^65,
// flows below 2^47, positions' squares add up to less than 2^48: no lane runs over, no value wraps.
// Caller: chains of proofs begin and end with the dataset circuit's states, which judges crossings and zones; recent, type,
// cash, household and newPartner of the packed form are those of the records (whoever endorses or opens D recomputes them).
template IngestRetailAccount() {
    var SLOTS = 250;
    var OPENED = 85;
    var REST = 18;

    signal input stateIn;
    signal input stateOut;

    signal input root;
    signal input index;
    signal input count;
    signal input balance;
    signal input noRecent;
    signal input leastRecent;
    signal input creditGap;
    signal input dayGap;
    signal input flows;
    signal input counts;
    signal input balanceSum;
    signal input left;
    signal input stateSalt;

    signal input opened[OPENED];
    signal input rest[REST];
    signal input salt;

    component before = RetailAccountState();
    before.root <== root;
    before.index <== index;
    before.count <== count;
    before.balance <== balance;
    before.noRecent <== noRecent;
    before.leastRecent <== leastRecent;
    before.creditGap <== creditGap;
    before.dayGap <== dayGap;
    before.flows <== flows;
    before.counts <== counts;
    before.balanceSum <== balanceSum;
    before.left <== left;
    before.salt <== stateSalt;
    before.out === stateIn;

    // The chunk and its commitment. Chunks before it are full, and it holds a transaction.
    component slots = PackedTransactions(SLOTS);
    slots.opened <== opened;
    count === SLOTS * index;
    slots.present[0] === 1;
    var here = 0;
    for (var i = 0; i < SLOTS; i++) here += slots.present[i];

    component chunk = Absorb(OPENED + REST + 2, 4492028373051830416064810001799841234495009720222511875329196425071835518);
    chunk.in[0] <== index + 1 + here * (1 << 32);
    for (var e = 0; e < OPENED; e++) chunk.in[1 + e] <== opened[e];
    for (var e = 0; e < REST; e++) chunk.in[1 + OPENED + e] <== rest[e];
    chunk.in[1 + OPENED + REST] <== salt;
    component link = Poseidon(2);
    link.inputs[0] <== root;
    link.inputs[1] <== chunk.out;

    component balances = ZonedBalances(SLOTS);
    balances.before <== balance;
    balances.first <== count;
    balances.delta <== slots.delta;
    balances.crossing <== slots.crossing;

    component recent = FirstRecent(SLOTS);
    recent.recent <== slots.recent;
    recent.balance <== balances.balance;
    recent.first <== count;

    component totals = TransactionTotals(SLOTS);
    totals.first <== count;
    totals.creditGapBefore <== creditGap;
    totals.dayGapBefore <== dayGap;
    totals.charge <== slots.charge;
    totals.age <== slots.age;
    totals.crossing <== slots.crossing;
    totals.toHigh <== slots.toHigh;
    totals.present <== slots.present;
    totals.credit <== slots.credit;
    totals.debit <== slots.debit;
    totals.cash <== slots.cash;
    totals.household <== slots.household;
    totals.householdCredit <== slots.householdCredit;
    totals.newPartner <== slots.newPartner;

    component after = RetailAccountState();
    after.root <== link.out;
    after.index <== index + 1;
    after.count <== count + here;
    after.balance <== balances.after;
    after.noRecent <== noRecent * (1 - recent.found);
    after.leastRecent <== leastRecent + noRecent * recent.out;
    after.creditGap <== totals.creditGap;
    after.dayGap <== totals.dayGap;
    after.flows <== flows + totals.flows;
    after.counts <== counts + totals.counts;
    // Absent slots repeat the last balance.
    after.balanceSum <== balanceSum + balances.sum - (SLOTS - here) * balances.after;
    after.left <== left + balances.left;
    after.salt <== stateSalt;
    after.out === stateOut;
}

component main {public [stateIn, stateOut]} = IngestRetailAccount();
