pragma circom 2.1.6;
include "../lib/features-sme-invoice.circom";
include "../lib/registered-dataset.circom";
include "../lib/model-commitment.circom";
include "../lib/scorecard.circom";
include "../lib/result-commitment.circom";

// The score statement of sme-invoice/1 (docs/protocol.md 7). Includes circomlib templates, which are GPL-3.0.
// Proved: a leaf under R commits to aggregates that give features, which under some model give points, score and grade,
// and K commits to all of it for job J.
// Caller: R is a recent registry root, J the job's, K opens to a model that was registered; every signal is below r.
template ScoreSmeInvoice() {
    var TAG = 101;
    var AGGREGATES = 13;
    var N = 8;

    signal input R;
    signal input K;
    signal input J;
    signal input asOfDay;
    signal input sourceClass;

    signal input ownerId;
    signal input sourceKey;
    signal input termsAmount;
    signal input datasetRoot;
    signal input aggregates[AGGREGATES];
    signal input aggregateSalt;
    signal input modelHeader;
    signal input modelCharacteristics[N];
    signal input modelSalt;
    signal input gradeSalt;
    signal input detailSalt;
    signal input merkleDepth;
    signal input merkleIndex;
    signal input merkleSiblings[20];
    signal input bins[N];
    signal input maxMonth;

    component dataset = RegisteredDataset(TAG, AGGREGATES);
    dataset.ownerId <== ownerId;
    dataset.sourceClass <== sourceClass;
    dataset.sourceKey <== sourceKey;
    dataset.asOfDay <== asOfDay;
    dataset.termsAmount <== termsAmount;
    dataset.datasetRoot <== datasetRoot;
    dataset.aggregates <== aggregates;
    dataset.aggregateSalt <== aggregateSalt;
    dataset.depth <== merkleDepth;
    dataset.index <== merkleIndex;
    dataset.siblings <== merkleSiblings;
    dataset.root === R;

    component features = FeaturesSmeInvoice();
    features.aggregates <== aggregates;
    features.maxMonth <== maxMonth;

    // Widths of K*num and of cap*den per feature; an uncapped feature has the circuit's cap (docs/protocol.md 6).
    var UNCAPPED = (1 << 30) - 2;
    component scorecard = Scorecard(
        N,
        [47, 55, 38, 62, 24, 47, 6, 52],
        [50, 64, 54, 64, 30, 61, 30, 62],
        [UNCAPPED, 99999, UNCAPPED, 99999, UNCAPPED, 1000000000, UNCAPPED, 99999]
    );
    scorecard.header <== modelHeader;
    scorecard.characteristics <== modelCharacteristics;
    scorecard.bins <== bins;
    scorecard.a <== features.a;
    scorecard.b <== features.b;

    component model = ModelCommitment(TAG, N);
    model.header <== modelHeader;
    model.characteristics <== modelCharacteristics;
    model.salt <== modelSalt;

    component result = ResultCommitment();
    result.job <== J;
    result.leaf <== dataset.leaf;
    result.asOfDay <== asOfDay;
    result.termsAmount <== termsAmount;
    result.grade <== scorecard.grade;
    result.gradeSalt <== gradeSalt;
    result.model <== model.out;
    result.packedPoints <== scorecard.packedPoints;
    result.score <== scorecard.score;
    result.detailSalt <== detailSalt;
    result.out === K;
}

component main {public [R, K, J, asOfDay, sourceClass]} = ScoreSmeInvoice();
