pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/poseidon.circom";

// K, the commitment to a result in two parts that open apart (docs/protocol.md 4).
// Proved: out = Poseidon(G, F), G = Poseidon(J, leaf, asOfDay, terms, grade, salt), F = Poseidon(M, P, score, salt).
// J takes part in G, which binds the proof to one job.
// Caller: compares out with the public K; salts carry at least 128 random bits, new for every job.
template ResultCommitment() {
    signal input job;
    signal input leaf;
    signal input asOfDay;
    signal input termsAmount;
    signal input grade;
    signal input gradeSalt;
    signal input model;
    signal input packedPoints;
    signal input score;
    signal input detailSalt;
    signal output out;

    component g = Poseidon(6);
    g.inputs[0] <== job;
    g.inputs[1] <== leaf;
    g.inputs[2] <== asOfDay;
    g.inputs[3] <== termsAmount;
    g.inputs[4] <== grade;
    g.inputs[5] <== gradeSalt;

    component f = Poseidon(4);
    f.inputs[0] <== model;
    f.inputs[1] <== packedPoints;
    f.inputs[2] <== score;
    f.inputs[3] <== detailSalt;

    component k = Poseidon(2);
    k.inputs[0] <== g.out;
    k.inputs[1] <== f.out;
    out <== k.out;
}
