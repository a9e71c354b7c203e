pragma circom 2.1.6;
include "choose.circom";
include "ranged.circom";

// How many of an account's balances are negative and how many are below the instalment, from the crossings between zones
// (docs/protocol.md, Ingest proofs). Zones in order: negative, middle (0 <= b < instalment), high; b' = b, in the high zone
// b - instalment. A dataset begins in the negative zone with b' = -2^31, before its first balance; every zone ascends from 0.
// Proved: there are at most two crossings; of one crossing toHigh tells the zone it leads to, of two the first leads to the
// middle and the second to the high zone; b' before the middle or high zone is below 0 and b' at the end of the middle zone
// below the instalment. As a crossing starts at b' >= 0, every balance is in its zone: negative balances are exactly those
// before the first crossing, low ones (below the instalment) those before the crossing to high.
// Hints, fixed by these constraints: leftFirst, leftSecond, the balances b' that the crossings leave (0 without them). With two
// crossings both have less than 33 bits and other positions, so `left` has one split only: digits below 2^99 in magnitude.
// Caller: 1 <= instalment <= 2^31; crossings = number, crossedAt and crossedAtSquared = sums of positions and their squares of
// the crossings, high and highAt = number and sum of positions of slots marked toHigh, left as in ZonedBalances, balance the
// last b' (-2^31 without transactions), all of one chain of steps with less than 2^16 transactions.
template RetailZones() {
    signal input count;
    signal input crossings;
    signal input highs;
    signal input crossedAt;
    signal input highAt;
    signal input crossedAtSquared;
    signal input left;
    signal input balance;
    signal input instalment;
    signal input leftFirst;
    signal input leftSecond;
    signal output negative;
    signal output low;

    signal toMiddle <== crossings - highs;
    toMiddle * (1 - toMiddle) === 0;
    highs * (1 - highs) === 0;
    signal both <== toMiddle * highs;
    var any = toMiddle + highs - both;

    // The position of the first crossing. The mark toHigh is on a crossing: on the only one, or on the second, because two
    // positions are known by their sum and the sum of their squares.
    signal first <== crossedAt - both * highAt;
    (highs - both) * (first - highAt) === 0;
    signal squares <== first * first;
    signal highSquared <== highAt * highAt;
    both * (crossedAtSquared - squares - highSquared) === 0;
    component order = Ranged(16);
    order.in <== both * (highAt - first - 1);

    var AT = 1 << 100;
    signal leftOfFirst <== leftFirst * (1 + AT * first);
    left - leftOfFirst === leftSecond * (1 + AT * highAt);
    (1 - any) * leftFirst === 0;
    (1 - both) * leftSecond === 0;

    // The ends of the zones before the last.
    signal lastNegative <== balance + any * (leftFirst - balance);
    component below0 = Ranged(31);
    below0.in <== -1 - lastNegative;
    signal lastMiddle <== leftSecond + (toMiddle - both) * balance;
    component belowInstalment = Ranged(31);
    belowInstalment.in <== instalment - 1 - lastMiddle;

    component negatives = Choose();
    negatives.flag <== any;
    negatives.yes <== first;
    negatives.no <== count;
    negative <== negatives.out;
    component lows = Choose();
    lows.flag <== highs;
    lows.yes <== highAt;
    lows.no <== count;
    low <== lows.out;
}
