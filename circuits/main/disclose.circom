pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/poseidon.circom";
include "../lib/ranged.circom";

// The disclosure statement (docs/protocol.md, "Disclosure"). Includes circomlib templates, which are GPL-3.0.
// Proved: K commits to a result whose grade index is at most gradeAtMost and, where scoreAtLeast or model is not 0, whose
// score, offset 2^19 included, is at least scoreAtLeast; where model is not 0 the result is of that model, where owner is
// not 0 it is of a dataset of that owner.
// Each claim has a value that claims nothing: gradeAtMost 7, scoreAtLeast 0, owner 0, model 0. The detail part F is opened
// only for a claim that needs it, so that a party to whom F is closed can still prove its grade.
// Caller: K is on the ledger, where the score circuit proved what it commits to; challenge is that of the recipient, expiry
// and ledger entry for which the proof may stand; every signal is below r.
template Disclose() {
    signal input K;
    signal input scoreAtLeast;
    signal input gradeAtMost;
    signal input owner;
    signal input model;
    signal input challenge;

    signal input job;
    signal input leaf;
    signal input asOfDay;
    signal input termsAmount;
    signal input grade;
    signal input gradeSalt;

    signal input detail;
    signal input detailModel;
    signal input packedPoints;
    signal input score;
    signal input detailSalt;

    signal input programTag;
    signal input sourceClass;
    signal input sourceKey;
    signal input datasetRoot;
    signal input aggregates;

    // K = Poseidon(G, F) with G opened and F as given.
    component g = Poseidon(6);
    g.inputs[0] <== job;
    g.inputs[1] <== leaf;
    g.inputs[2] <== asOfDay;
    g.inputs[3] <== termsAmount;
    g.inputs[4] <== grade;
    g.inputs[5] <== gradeSalt;
    component k = Poseidon(2);
    k.inputs[0] <== g.out;
    k.inputs[1] <== detail;
    k.out === K;

    // A product with a claim is 0 whatever the other factor when nothing is claimed, and forces it to 0 otherwise.
    // F opened, for a claim about the score or the model.
    component f = Poseidon(4);
    f.inputs[0] <== detailModel;
    f.inputs[1] <== packedPoints;
    f.inputs[2] <== score;
    f.inputs[3] <== detailSalt;
    scoreAtLeast * (f.out - detail) === 0;
    model * (f.out - detail) === 0;
    model * (detailModel - model) === 0;

    // The leaf opened, with the claimed owner in its place.
    component l = Poseidon(8);
    l.inputs[0] <== programTag;
    l.inputs[1] <== owner;
    l.inputs[2] <== sourceClass;
    l.inputs[3] <== sourceKey;
    l.inputs[4] <== asOfDay;
    l.inputs[5] <== termsAmount;
    l.inputs[6] <== datasetRoot;
    l.inputs[7] <== aggregates;
    owner * (l.out - leaf) === 0;

    // Both sides of a comparison and their difference are below 2^n: no wrap, and no claim but a well-formed one.
    component scoreBits = Ranged(20);
    scoreBits.in <== score;
    component scoreClaimBits = Ranged(20);
    scoreClaimBits.in <== scoreAtLeast;
    component above = Ranged(20);
    above.in <== score - scoreAtLeast;
    component gradeBits = Ranged(3);
    gradeBits.in <== grade;
    component gradeClaimBits = Ranged(3);
    gradeClaimBits.in <== gradeAtMost;
    component better = Ranged(3);
    better.in <== gradeAtMost - grade;

    // A public signal that no constraint uses would be bound to nothing.
    signal bound <== challenge * challenge;
}

component main {public [K, scoreAtLeast, gradeAtMost, owner, model, challenge]} = Disclose();
