pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/poseidon.circom";

// M, the commitment to a model of n characteristics (docs/protocol.md 4).
// Proved: out = Poseidon(programTag, header, characteristics, salt).
// Caller: ranges the limbs of header and characteristics.
template ModelCommitment(programTag, n) {
    signal input header;
    signal input characteristics[n];
    signal input salt;
    signal output out;

    component hash = Poseidon(n + 3);
    hash.inputs[0] <== programTag;
    hash.inputs[1] <== header;
    for (var j = 0; j < n; j++) hash.inputs[2 + j] <== characteristics[j];
    hash.inputs[n + 2] <== salt;
    out <== hash.out;
}
