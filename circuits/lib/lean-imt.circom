pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/bitify.circom";
include "../../node_modules/circomlib/circuits/poseidon.circom";

// Root of a LeanIMT over Poseidon(2) from a leaf and its path (docs/protocol.md 7). Bit i of `index` says that the node
// at sibling i is the right child.
// Proved: depth is in 0..maxDepth, index is below 2^maxDepth, and root is the result of hashing the first `depth`
// siblings; later siblings and index bits take no part. The level mask is a hint: bits, falling, with sum depth.
// Caller: compares root with a known one. A leaf must not be a node's preimage: leaves are Poseidon(8), nodes Poseidon(2).
template LeanImtRoot(maxDepth) {
    signal input leaf;
    signal input depth;
    signal input index;
    signal input siblings[maxDepth];
    signal output root;

    component right = Num2Bits(maxDepth);
    right.in <== index;

    signal used[maxDepth];
    var levels = 0;
    for (var i = 0; i < maxDepth; i++) {
        used[i] <-- i < depth ? 1 : 0;
        used[i] * (1 - used[i]) === 0;
        if (i > 0) used[i] * (1 - used[i - 1]) === 0;
        levels += used[i];
    }
    levels === depth;

    signal node[maxDepth + 1];
    signal swap[maxDepth];
    component hash[maxDepth];
    node[0] <== leaf;
    for (var i = 0; i < maxDepth; i++) {
        swap[i] <== right.out[i] * (siblings[i] - node[i]);
        hash[i] = Poseidon(2);
        hash[i].inputs[0] <== node[i] + swap[i];
        hash[i].inputs[1] <== siblings[i] - swap[i];
        node[i + 1] <== node[i] + used[i] * (hash[i].out - node[i]);
    }
    root <== node[maxDepth];
}
