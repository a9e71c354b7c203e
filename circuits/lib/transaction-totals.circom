pragma circom 2.1.6;

// What a run of retail-account slots adds to flows and counts, and the products that become 0 once the largest credit and
// the first day are attained (docs/protocol.md, Ingest proofs; RetailAccountState gives the lanes).
// Proved: flows and counts are those sums, positions counted from `first`; creditGap is creditGapBefore times the product of
// charge + 1 - credit, dayGap dayGapBefore times the product of age + 1 - present. A factor is 0 only for a credit without
// charge, a present slot of age 0; the others are between 1 and 2^31, so that modulo a prime their product is not 0.
// Caller: flags are bits, charge < 2^31, age < 2^14; few enough slots that no lane runs over.
template TransactionTotals(slots) {
    signal input first;
    signal input creditGapBefore;
    signal input dayGapBefore;
    signal input charge[slots];
    signal input age[slots];
    signal input crossing[slots];
    signal input toHigh[slots];
    signal input present[slots];
    signal input credit[slots];
    signal input debit[slots];
    signal input cash[slots];
    signal input household[slots];
    signal input householdCredit[slots];
    signal input newPartner[slots];
    signal output creditGap;
    signal output dayGap;
    signal output flows;
    signal output counts;

    var LANE = 1 << 50;
    signal flow[slots];
    signal creditGaps[slots + 1];
    signal dayGaps[slots + 1];
    creditGaps[0] <== creditGapBefore;
    dayGaps[0] <== dayGapBefore;
    var flowSum = 0;
    var plain = 0;        // what needs no position
    var crossings = 0;
    var crossedAt = 0;
    var crossedAtSquared = 0;
    var highs = 0;
    var highAt = 0;
    for (var i = 0; i < slots; i++) {
        flow[i] <== charge[i] * (credit[i] + LANE * (debit[i] + LANE * (cash[i]
            + LANE * (household[i] - householdCredit[i] + LANE * householdCredit[i]))));
        flowSum += flow[i];
        creditGaps[i + 1] <== creditGaps[i] * (charge[i] + 1 - credit[i]);
        dayGaps[i + 1] <== dayGaps[i] * (age[i] + 1 - present[i]);
        plain += newPartner[i] + credit[i] * (1 << 20) + householdCredit[i] * (1 << 40) + crossing[i] * (1 << 60)
            + toHigh[i] * (1 << 80);
        crossings += crossing[i];
        crossedAt += i * crossing[i];
        crossedAtSquared += i * i * crossing[i];
        highs += toHigh[i];
        highAt += i * toHigh[i];
    }
    creditGap <== creditGaps[slots];
    dayGap <== dayGaps[slots];
    flows <== flowSum;

    // (first + i)^2 = first * (first + 2i) + i^2
    signal offset <== first * crossings;
    signal offsetHigh <== first * highs;
    signal offsetSquared <== first * (offset + 2 * crossedAt);
    counts <== plain + (crossedAt + offset) * (1 << 100) + (highAt + offsetHigh) * (1 << 136)
        + (crossedAtSquared + offsetSquared) * (1 << 172);
}
