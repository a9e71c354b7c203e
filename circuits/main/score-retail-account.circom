pragma circom 2.1.6;
include "../lib/features-retail-account.circom";
include "../lib/registered-dataset.circom";
include "../lib/model-commitment.circom";
include "../lib/scorecard.circom";
include "../lib/result-commitment.circom";

// The score statement of retail-account/1 (docs/protocol.md 7). Includes circomlib templates, which are GPL-3.0.
// Proved: a leaf under R commits to aggregates that give features, which under some model give points, score and grade,
// and K commits to all of it for job J.
// Caller: R is a recent registry root, J the job's, K opens to a model that was registered; every signal is below r.
template ScoreRetailAccount() {
    var TAG = 201;
    var AGGREGATES = 2;
    var N = 11;

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

    component features = FeaturesRetailAccount();
    features.aggregates <== aggregates;
    features.instalment <== termsAmount;

    // Widths of K*num and of cap*den per feature; an uncapped feature has the circuit's cap (docs/protocol.md 6).
    var UNCAPPED = (1 << 30) - 2;
    component scorecard = Scorecard(
        N,
        [30, 37, 16, 59, 62, 62, 62, 16, 62, 20, 36],
        [33, 37, 30, 69, 65, 78, 65, 30, 78, 30, 37],
        [99999, UNCAPPED, UNCAPPED, 99999, 99999, UNCAPPED, 99999, UNCAPPED, UNCAPPED, UNCAPPED, UNCAPPED]
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

component main {public [R, K, J, asOfDay, sourceClass]} = ScoreRetailAccount();
