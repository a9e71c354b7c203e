pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/poseidon.circom";

// Chained Poseidon over n elements under a domain (docs/protocol.md 2, absorb).
// Proved: out is that chain; domain and n are constants, so its start costs nothing.
// Caller: domain is fieldFromDigest of the name that the statement documents.
template Absorb(n, domain) {
    signal input in[n];
    signal output out;

    var RATE = 15;
    var GROUPS = (n + RATE - 1) \ RATE;
    component start = Poseidon(2);
    start.inputs[0] <== domain;
    start.inputs[1] <== n;

    component group[GROUPS];
    for (var g = 0; g < GROUPS; g++) {
        group[g] = Poseidon(RATE + 1);
        if (g == 0) group[g].inputs[0] <== start.out;
        else group[g].inputs[0] <== group[g - 1].out;
        for (var i = 0; i < RATE; i++) {
            var at = RATE * g + i;
            if (at < n) group[g].inputs[1 + i] <== in[at];
            else group[g].inputs[1 + i] <== 0;
        }
    }
    out <== group[GROUPS - 1].out;
}
