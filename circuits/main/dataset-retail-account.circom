pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/comparators.circom";
include "../../node_modules/circomlib/circuits/poseidon.circom";
include "../lib/dataset-leaf.circom";
include "../lib/limbs.circom";
include "../lib/packed-limbs.circom";
include "../lib/positive.circom";
include "../lib/ranged.circom";
include "../lib/retail-account-state.circom";
include "../lib/retail-zones.circom";

// Both ends of the chain of states of a retail-account dataset, and its leaf (docs/protocol.md, Ingest proofs). Includes
// circomlib templates, which are GPL-3.0.
// Proved: stateFirst is the initial state of a dataset of n < 2^8 chunks under these terms, with largestCredit and firstDay in
// its root; stateLast is a state after n chunks with dataset root D; largestCredit and firstDay are attained by a transaction
// (0 when there is none to attain them); leaf commits to the owner, source, terms, D and the aggregates of stateLast, each
// within its width.
// Caller: ingest proofs lead from stateFirst to stateLast.
template DatasetRetailAccount() {
    var TAG = 201;
    var START = -(1 << 31);

    signal input stateFirst;
    signal input stateLast;
    signal input leaf;
    signal input datasetRoot;
    signal input sourceClass;
    signal input sourceKey;

    signal input chunks;
    signal input asOfDay;
    signal input termsAmount;
    signal input largestCredit;
    signal input firstDay;
    signal input ownerId;
    signal input aggregateSalt;

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

    // Hints: the balances that the crossings between zones leave.
    signal input leftFirst;
    signal input leftSecond;

    component chunksRange = Ranged(8);
    chunksRange.in <== chunks;
    component termsRange = Ranged(31);
    termsRange.in <== termsAmount - 1;
    component start = Poseidon(6);
    start.inputs[0] <== TAG;
    start.inputs[1] <== chunks;
    start.inputs[2] <== asOfDay;
    start.inputs[3] <== termsAmount;
    start.inputs[4] <== largestCredit;
    start.inputs[5] <== firstDay;

    component first = RetailAccountState();
    first.root <== start.out;
    first.index <== 0;
    first.count <== 0;
    first.balance <== START;
    first.noRecent <== 1;
    first.leastRecent <== 0;
    first.creditGap <== 1;
    first.dayGap <== 1;
    first.flows <== 0;
    first.counts <== 0;
    first.balanceSum <== 0;
    first.left <== 0;
    first.salt <== stateSalt;
    first.out === stateFirst;

    component last = RetailAccountState();
    last.root <== datasetRoot;
    last.index <== chunks;
    last.count <== count;
    last.balance <== balance;
    last.noRecent <== noRecent;
    last.leastRecent <== leastRecent;
    last.creditGap <== creditGap;
    last.dayGap <== dayGap;
    last.flows <== flows;
    last.counts <== counts;
    last.balanceSum <== balanceSum;
    last.left <== left;
    last.salt <== stateSalt;
    last.out === stateLast;

    component flow = Limbs(5, [50, 50, 50, 50, 50]);
    flow.packed <== flows;
    component counted = Limbs(8, [20, 20, 20, 20, 20, 36, 36, 48]);
    counted.packed <== counts;
    var credits = counted.limb[1];
    var householdCredits = counted.limb[2];

    component zones = RetailZones();
    zones.count <== count;
    zones.crossings <== counted.limb[3];
    zones.highs <== counted.limb[4];
    zones.crossedAt <== counted.limb[5];
    zones.highAt <== counted.limb[6];
    zones.crossedAtSquared <== counted.limb[7];
    zones.left <== left;
    zones.balance <== balance;
    zones.instalment <== termsAmount;
    zones.leftFirst <== leftFirst;
    zones.leftSecond <== leftSecond;

    // The least recent balance, and whether it stands in the high zone.
    component least = Limbs(2, [64, 16]);
    least.packed <== leastRecent + (1 << 63);
    component isHigh = Positive(16);
    isHigh.in <== least.limb[1] - zones.low + 1;
    signal high <== isHigh.out * (1 - noRecent);
    signal leastShift <== high * termsAmount;

    // The first day; without transactions the age is 0.
    component empty = IsZero();
    empty.in <== count;
    (1 - empty.out) * dayGap === 0;
    empty.out * firstDay === 0;
    signal ageDays <== (1 - empty.out) * (asOfDay - firstDay);

    creditGap * largestCredit === 0;
    signal highSum <== (count - zones.low) * termsAmount;

    component about = PackedLimbs(7, [16, 16, 16, 16, 20, 37, 53]);
    about.limb[0] <== zones.low;
    about.limb[1] <== zones.negative;
    about.limb[2] <== count;
    about.limb[3] <== counted.limb[0];
    about.limb[4] <== ageDays;
    about.limb[5] <== least.limb[0] - (1 << 63) + leastShift + (1 << 36);
    about.limb[6] <== balanceSum + highSum + (1 << 52);

    signal creditTotal <== largestCredit * credits;
    signal householdTotal <== largestCredit * householdCredits;
    component money = PackedLimbs(5, [48, 48, 48, 48, 48]);
    money.limb[0] <== creditTotal - flow.limb[0];
    money.limb[1] <== flow.limb[1];
    money.limb[2] <== flow.limb[2];
    money.limb[3] <== flow.limb[3] + householdTotal - flow.limb[4];
    money.limb[4] <== largestCredit;

    component owned = DatasetLeaf(TAG, 2);
    owned.ownerId <== ownerId;
    owned.sourceClass <== sourceClass;
    owned.sourceKey <== sourceKey;
    owned.asOfDay <== asOfDay;
    owned.termsAmount <== termsAmount;
    owned.datasetRoot <== datasetRoot;
    owned.aggregates[0] <== about.packed;
    owned.aggregates[1] <== money.packed;
    owned.aggregateSalt <== aggregateSalt;
    owned.leaf === leaf;
}

component main {public [stateFirst, stateLast, leaf, datasetRoot, sourceClass, sourceKey]} = DatasetRetailAccount();
