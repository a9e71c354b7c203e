pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/poseidon.circom";
include "../lib/choose.circom";
include "../lib/dataset-leaf.circom";
include "../lib/ranged.circom";
include "../lib/signed-lanes.circom";
include "../lib/sme-invoice-state.circom";

// Both ends of the chain of states of an sme-invoice dataset, and its leaf (docs/protocol.md, Ingest proofs). Includes
// circomlib templates, which are GPL-3.0.
// Proved: stateFirst is the initial state of a dataset of n < 2^14 chunks under these terms with the claim M; stateLast is
// a state after n chunks with dataset root D; M is the largest sum of a customer, or 0 when none is above 0, once the last
// open sales group is closed; leaf commits to the owner, source, terms, D and the aggregates of stateLast.
// Every aggregate has its width: months 42 bits with their offsets, counts 24, M 48. allSales = void + valid fits, because
// both count different records of at most 2^14 * 320.
// Caller: ingest proofs lead from stateFirst to stateLast.
template DatasetSmeInvoice() {
    var TAG = 101;
    var AGGREGATES = 13;
    var GROUPS = 9;
    var PER_GROUP = 4;
    var PER_ELEMENT = 6;
    var ZERO = 1 << 41;

    signal input stateFirst;
    signal input stateLast;
    signal input leaf;
    signal input datasetRoot;
    signal input sourceClass;
    signal input sourceKey;

    signal input chunks;
    signal input asOfDay;
    signal input termsAmount;
    signal input ownerId;
    signal input aggregateSalt;

    signal input direction;
    signal input largest;
    signal input miss;
    signal input openSum;
    signal input openCounted;
    signal input counts;
    signal input sales[GROUPS];
    signal input margins[GROUPS];
    signal input stateSalt;

    component chunksRange = Ranged(14);
    chunksRange.in <== chunks;
    component start = Poseidon(6);
    start.inputs[0] <== TAG;
    start.inputs[1] <== chunks;
    start.inputs[2] <== asOfDay;
    start.inputs[3] <== termsAmount;
    start.inputs[4] <== 0;
    start.inputs[5] <== 0;

    component first = SmeInvoiceState();
    first.root <== start.out;
    first.index <== 0;
    first.direction <== 0;
    first.largest <== largest;
    first.miss <== 1;
    first.openSum <== 0;
    first.openCounted <== 0;
    first.counts <== 0;
    for (var g = 0; g < GROUPS; g++) {
        first.sales[g] <== 0;
        first.margins[g] <== 0;
    }
    first.salt <== stateSalt;
    first.out === stateFirst;

    component last = SmeInvoiceState();
    last.root <== datasetRoot;
    last.index <== chunks;
    last.direction <== direction;
    last.largest <== largest;
    last.miss <== miss;
    last.openSum <== openSum;
    last.openCounted <== openCounted;
    last.counts <== counts;
    last.sales <== sales;
    last.margins <== margins;
    last.salt <== stateSalt;
    last.out === stateLast;

    // The last customer's group is still open when the dataset ends in sales.
    direction * (1 - direction) === 0;
    component largestRange = Ranged(48);
    largestRange.in <== largest;
    signal openGap <== (1 - direction) * (largest - openSum);
    component openRange = Ranged(48);
    openRange.in <== openGap;
    signal missed <== miss * (openGap + direction);
    missed * largest === 0;

    component sold[GROUPS];
    component margin[GROUPS];
    signal month[12 * PER_ELEMENT];
    for (var g = 0; g < GROUPS; g++) {
        sold[g] = SignedLanes(PER_GROUP, 60, 42, ZERO);
        sold[g].packed <== sales[g];
        margin[g] = SignedLanes(PER_GROUP, 60, 42, ZERO - 1);
        margin[g].packed <== margins[g];
        for (var j = 0; j < PER_GROUP; j++) {
            month[PER_GROUP * g + j] <== sold[g].lane[j];
            month[36 + PER_GROUP * g + j] <== margin[g].lane[j];
        }
    }
    component count = SignedLanes(3, 32, 24, 0); // void sales, valid sales, suppliers
    count.packed <== counts;

    component owned = DatasetLeaf(TAG, AGGREGATES);
    owned.ownerId <== ownerId;
    owned.sourceClass <== sourceClass;
    owned.sourceKey <== sourceKey;
    owned.asOfDay <== asOfDay;
    owned.termsAmount <== termsAmount;
    owned.datasetRoot <== datasetRoot;
    owned.aggregateSalt <== aggregateSalt;
    for (var e = 0; e < AGGREGATES - 1; e++) {
        var element = 0;
        for (var j = 0; j < PER_ELEMENT; j++) element += month[PER_ELEMENT * e + j] * (1 << (42 * j));
        owned.aggregates[e] <== element;
    }
    owned.aggregates[AGGREGATES - 1] <== count.lane[0] + (count.lane[0] + count.lane[1]) * (1 << 24)
        + count.lane[1] * (1 << 48) + count.lane[2] * (1 << 72) + largest * (1 << 96);
    owned.leaf === leaf;
}

component main {public [stateFirst, stateLast, leaf, datasetRoot, sourceClass, sourceKey]} = DatasetSmeInvoice();
