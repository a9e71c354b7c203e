pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/bitify.circom";

// The slots of a retail-account chunk, from their packed elements (docs/protocol.md 3): 85 bits a slot, one slot after
// another, cut into elements of 252 bits.
// Proved: every bit is a bit and the last element has none above the last slot; a slot whose type is 0 is absent, all its
// bits are 0, and no slot after it is present. That slot's sum of fields cannot wrap: it is below 2^34.
//   delta     of b', below 2^32
//   charge    largest credit - amount of a counted credit, else the amount; below 2^31
//   age       days since the dataset's first, below 2^14
//   recent    1 in the last 90 days
//   crossing  1 at the first transaction of a zone; toHigh: 1 when that is said to be the high one
//   present, credit (interest not among them), debit, cash, household, householdCredit, newPartner: bits
// Caller: decides where toHigh may be 1.
template PackedTransactions(slots) {
    var WIDTH = 85;
    var ELEMENT = 252;
    var ELEMENTS = (slots * WIDTH + ELEMENT - 1) \ ELEMENT;
    signal input opened[ELEMENTS];
    signal output delta[slots];
    signal output charge[slots];
    signal output age[slots];
    signal output recent[slots];
    signal output crossing[slots];
    signal output toHigh[slots];
    signal output present[slots];
    signal output credit[slots];
    signal output debit[slots];
    signal output cash[slots];
    signal output household[slots];
    signal output householdCredit[slots];
    signal output newPartner[slots];

    component element[ELEMENTS];
    signal bit[slots * WIDTH];
    for (var e = 0; e < ELEMENTS; e++) {
        var width = e < ELEMENTS - 1 ? ELEMENT : slots * WIDTH - ELEMENT * e;
        element[e] = Num2Bits(width);
        element[e].in <== opened[e];
        for (var b = 0; b < width; b++) bit[ELEMENT * e + b] <== element[e].out[b];
    }

    signal interest[slots];
    for (var i = 0; i < slots; i++) {
        var at = WIDTH * i;
        var sum = 0;
        for (var b = 0; b < 32; b++) sum += bit[at + b] * (1 << b);
        delta[i] <== sum;
        sum = 0;
        for (var b = 0; b < 31; b++) sum += bit[at + 32 + b] * (1 << b);
        charge[i] <== sum;
        sum = 0;
        for (var b = 0; b < 14; b++) sum += bit[at + 63 + b] * (1 << b);
        age[i] <== sum;
        recent[i] <== bit[at + 77];
        crossing[i] <== bit[at + 78];
        toHigh[i] <== bit[at + 79];
        interest[i] <== bit[at + 80] * bit[at + 81]; // type 3
        credit[i] <== bit[at + 80] - interest[i];
        debit[i] <== bit[at + 81] - interest[i];
        present[i] <== credit[i] + debit[i] + interest[i];
        cash[i] <== bit[at + 82];
        household[i] <== bit[at + 83];
        householdCredit[i] <== household[i] * credit[i];
        newPartner[i] <== bit[at + 84];
    }
    for (var i = 0; i < slots; i++) {
        var held = delta[i] + charge[i] + age[i] + recent[i] + crossing[i] + toHigh[i] + cash[i] + household[i] + newPartner[i];
        if (i < slots - 1) held += present[i + 1];
        (1 - present[i]) * held === 0;
    }
}
