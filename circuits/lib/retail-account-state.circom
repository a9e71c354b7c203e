pragma circom 2.1.6;
include "absorb.circom";

// S, the state of retail-account between two chunks, as a commitment (docs/protocol.md, Ingest proofs).
// Proved: out = absorb(state domain of retail-account/1, the 13 elements in the order of the inputs).
// Caller: the salt has at least 128 random bits.
template RetailAccountState() {
    signal input root;        // D over the chunks so far
    signal input index;       // of the last chunk; 0 before the first
    signal input count;       // transactions so far
    signal input balance;     // b' of the last one; -2^31 before the first
    signal input noRecent;    // 1 while none is recent
    signal input leastRecent; // b' + 2^64 * position of the first recent one; 0 while there is none
    signal input creditGap;   // product over all slots (TransactionTotals): 0 once a credit attains the largest
    signal input dayGap;      // the same: 0 once a transaction is of the first day
    signal input flows;       // lanes of 50 bits: charges of credits, of debits, of cash, of household debits, of household credits
    signal input counts;      // partners, credits, household credits, crossings, crossings to high: 20 bits each; sums of the
                              // crossings' positions 36, of those to high 36, of the crossings' positions squared 48
    signal input balanceSum;  // of b'
    signal input left;        // sum over the crossings of (1 + 2^100 * position) * b' before
    signal input salt;
    signal output out;

    component state = Absorb(13, 195320886964345197493449760007761639399735208248923328160466614802130666269);
    state.in[0] <== root;
    state.in[1] <== index;
    state.in[2] <== count;
    state.in[3] <== balance;
    state.in[4] <== noRecent;
    state.in[5] <== leastRecent;
    state.in[6] <== creditGap;
    state.in[7] <== dayGap;
    state.in[8] <== flows;
    state.in[9] <== counts;
    state.in[10] <== balanceSum;
    state.in[11] <== left;
    state.in[12] <== salt;
    out <== state.out;
}
