pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/poseidon.circom";
include "lean-imt.circom";

// The dataset's leaf, and that it is in the registry (docs/protocol.md 4, 7).
// Proved: leaf commits to owner, source, as-of day, terms, dataset root and, through A, to the aggregates; root is that
// of a tree of at most 20 levels that holds the leaf.
// Caller: compares root with the public one and ranges the aggregates' limbs.
template RegisteredDataset(programTag, aggregateCount) {
    signal input ownerId;
    signal input sourceClass;
    signal input sourceKey;
    signal input asOfDay;
    signal input termsAmount;
    signal input datasetRoot;
    signal input aggregates[aggregateCount];
    signal input aggregateSalt;
    signal input depth;
    signal input index;
    signal input siblings[20];
    signal output leaf;
    signal output root;

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

    component tree = LeanImtRoot(20);
    tree.leaf <== leaf;
    tree.depth <== depth;
    tree.index <== index;
    tree.siblings <== siblings;
    root <== tree.root;
}
