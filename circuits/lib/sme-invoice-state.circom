pragma circom 2.1.6;
include "absorb.circom";

// S, the state of sme-invoice between two chunks, as a commitment (docs/protocol.md, Ingest proofs).
// Proved: out = absorb(state domain of sme-invoice/1, the 27 elements in the order of the inputs).
// Caller: the salt has at least 128 random bits.
template SmeInvoiceState() {
    signal input root;        // D over the chunks so far
    signal input index;       // of the last chunk; 0 before the first
    signal input direction;   // of the last chunk; 0 before the first
    signal input largest;     // M, the claimed largest customer of the whole dataset
    signal input miss;        // product of M - T over the closed sales groups: 0 once one attains M
    signal input openSum;     // of the open sales group
    signal input openCounted; // 1 when the open group has a counted record
    signal input counts;      // void sales, valid sales * 2^32, suppliers * 2^64
    signal input sales[9];    // month m is lane m mod 4, 60 bits a lane, of element m \ 4
    signal input margins[9];  // sales - purchases
    signal input salt;
    signal output out;

    component state = Absorb(27, 90520196416861375497845786555976495837732592001235440734594169854624208935);
    state.in[0] <== root;
    state.in[1] <== index;
    state.in[2] <== direction;
    state.in[3] <== largest;
    state.in[4] <== miss;
    state.in[5] <== openSum;
    state.in[6] <== openCounted;
    state.in[7] <== counts;
    for (var g = 0; g < 9; g++) {
        state.in[8 + g] <== sales[g];
        state.in[17 + g] <== margins[g];
    }
    state.in[26] <== salt;
    out <== state.out;
}
