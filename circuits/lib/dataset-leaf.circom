pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/poseidon.circom";

// L, a dataset's leaf over its opened aggregates (docs/protocol.md 4). RegisteredDataset computes the same and finds it
// in the registry.
// Proved: leaf = Poseidon(8)(programTag, owner, source class, source key, as-of day, terms, D, A) with
// A = Poseidon(aggregates, salt).
// Caller: ranges the aggregates' limbs.
template DatasetLeaf(programTag, aggregateCount) {
    signal input ownerId;
    signal input sourceClass;
    signal input sourceKey;
    signal input asOfDay;
    signal input termsAmount;
    signal input datasetRoot;
    signal input aggregates[aggregateCount];
    signal input aggregateSalt;
    signal output leaf;

    component a = Poseidon(aggregateCount + 1);
    for (var i = 0; i < aggregateCount; i++) a.inputs[i] <== aggregates[i];
    a.inputs[aggregateCount] <== aggregateSalt;

    component l = Poseidon(8);
    l.inputs[0] <== programTag;
    l.inputs[1] <== ownerId;
    l.inputs[2] <== sourceClass;
    l.inputs[3] <== sourceKey;
    l.inputs[4] <== asOfDay;
    l.inputs[5] <== termsAmount;
    l.inputs[6] <== datasetRoot;
    l.inputs[7] <== a.out;
    leaf <== l.out;
}
