pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/comparators.circom";
include "limbs.circom";
include "largest.circom";
include "positive.circom";
include "choose.circom";

// The eight features of sme-invoice/1 as fractions a/b, from its 13 aggregate elements (docs/protocol.md 5, 6).
// Proved: every lane and count has its width; maxMonth is a month with the largest sales; b > 0; zero cases as specified.
// Widths: a lane is in -2^41..2^41-1, so |S36| <= 36*2^41 < 2^47 and sums of twelve lanes are below 2^45; K*num stays below
// 2^62 (10000 * 2^48). Nothing comes near r.
// Caller: the elements are opened from A.
template FeaturesSmeInvoice() {
    signal input aggregates[13];
    signal input maxMonth;
    signal output a[8];
    signal output b[8];

    var LANES = 6;
    var MONTHS = 36;
    var ZERO = 1 << 41; // the offset of a sales lane

    component sales[6];
    component margin[6];
    component largest = Largest(MONTHS, 42);
    largest.at <== maxMonth;
    var sum[3] = [0, 0, 0]; // by year
    var positiveMargins = 0;
    for (var g = 0; g < 6; g++) {
        sales[g] = Limbs(LANES, [42, 42, 42, 42, 42, 42]);
        sales[g].packed <== aggregates[g];
        margin[g] = Limbs(LANES, [42, 42, 42, 42, 42, 42]);
        margin[g].packed <== aggregates[6 + g];
        for (var i = 0; i < LANES; i++) {
            var m = LANES * g + i;
            largest.value[m] <== sales[g].limb[i];
            sum[m \ 12] += sales[g].limb[i] - ZERO;
            positiveMargins += margin[g].top[i];
        }
    }
    component counts = Limbs(5, [24, 24, 24, 24, 48]);
    counts.packed <== aggregates[12];
    var voidSales = counts.limb[0];
    var allSales = counts.limb[1];
    var validSales = counts.limb[2];
    var suppliers = counts.limb[3];
    var largestCustomer = counts.limb[4];

    signal total <== sum[0] + sum[1] + sum[2];
    component totalPositive = Positive(47);
    totalPositive.in <== total;
    signal sold <== totalPositive.out * total; // max(0, S36)
    signal soldOrOne <== sold + 1 - totalPositive.out;

    // sales36_wan
    a[0] <== sold;
    b[0] <== 1000000;

    // max_month_bp. No max(0, ...) is needed: when S36 > 0 the largest month is positive too.
    component maxMonthTop = Choose();
    maxMonthTop.flag <== totalPositive.out;
    maxMonthTop.yes <== 10000 * (largest.out - ZERO);
    maxMonthTop.no <== 99999;
    a[1] <== maxMonthTop.out;
    b[1] <== soldOrOne;

    // void_out_bp
    component noSales = IsZero();
    noSales.in <== allSales;
    a[2] <== 10000 * voidSales * (1 - noSales.out);
    b[2] <== allSales + noSales.out;

    // top1_cust_bp
    component customerTop = Choose();
    customerTop.flag <== totalPositive.out;
    customerTop.yes <== 10000 * largestCustomer;
    customerTop.no <== 99999;
    a[3] <== customerTop.out;
    b[3] <== soldOrOne;

    // n_supp
    a[4] <== suppliers;
    b[4] <== 1;

    // avg_ticket_yuan
    component noValid = IsZero();
    noValid.in <== validSales;
    a[5] <== sold;
    b[5] <== 100 * (validSales + noValid.out);

    // margin_pos_m
    a[6] <== positiveMargins;
    b[6] <== 1;

    // growth_pct
    component lastPositive = Positive(45);
    lastPositive.in <== sum[2];
    signal lastYear <== lastPositive.out * sum[2]; // max(0, S[24..35])
    component beforePositive = Positive(45);
    beforePositive.in <== sum[1];
    component growthTop = Choose();
    growthTop.flag <== beforePositive.out;
    growthTop.yes <== 100 * lastYear;
    growthTop.no <== 99999;
    a[7] <== growthTop.out;
    b[7] <== 1 + beforePositive.out * (sum[1] - 1);
}
