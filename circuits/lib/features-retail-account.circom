pragma circom 2.1.6;
include "../../node_modules/circomlib/circuits/comparators.circom";
include "limbs.circom";
include "positive.circom";
include "ranged.circom";

// The eleven features of retail-account/1 as fractions a/b, from its 2 aggregate elements and the instalment
// (docs/protocol.md 5, 6).
// Proved: every limb has its width; 1 <= instalment < 2^36; b > 0; zero cases as specified.
// Widths: sums are 48 bits, so K*num < 2^62; |balanceSum| <= 2^52; count*instalment < 2^52. Nothing comes near r.
// Caller: the elements are opened from A, the instalment from the leaf.
template FeaturesRetailAccount() {
    signal input aggregates[2];
    signal input instalment;
    signal output a[11];
    signal output b[11];

    component first = Limbs(7, [16, 16, 16, 16, 20, 37, 53]);
    first.packed <== aggregates[0];
    var lowPay = first.limb[0];
    var negative = first.limb[1];
    var count = first.limb[2];
    var partners = first.limb[3];
    var ageDays = first.limb[4];
    var minBalance = first.limb[5] - (1 << 36);
    var balanceSum = first.limb[6] - (1 << 52);

    component second = Limbs(5, [48, 48, 48, 48, 48]);
    second.packed <== aggregates[1];
    var credit = second.limb[0];
    var debit = second.limb[1];
    var cash = second.limb[2];
    var household = second.limb[3];
    var largestCredit = second.limb[4];

    component instalmentRange = Ranged(36);
    instalmentRange.in <== instalment;
    component instalmentZero = IsZero();
    instalmentZero.in <== instalment;
    instalmentZero.out === 0;

    component noRecords = IsZero();
    noRecords.in <== count;
    component noCredit = IsZero();
    noCredit.in <== credit;
    component noDebit = IsZero();
    noDebit.in <== debit;

    // lowpay_bp
    a[0] <== 10000 * lowPay * (1 - noRecords.out);
    b[0] <== count + noRecords.out;

    // min_bal90_czk; the top bit of the shifted sum is its sign
    component minPositive = Positive(37);
    minPositive.in <== minBalance + 10000000;
    a[1] <== minPositive.out * (minBalance + 10000000);
    b[1] <== 100;

    // neg_cnt
    a[2] <== negative;
    b[2] <== 1;

    // avg_bal_pay_pct; the top bit of the limb says balanceSum >= 0, which serves for max(0, ...)
    signal balances <== first.top[6] * balanceSum;
    a[3] <== 100 * balances * (1 - noRecords.out);
    b[3] <== count * instalment + noRecords.out;

    // deb_cred_bp
    a[4] <== 10000 * debit + noCredit.out * (99999 - 10000 * debit);
    b[4] <== credit + noCredit.out;

    // cash_bp
    a[5] <== 10000 * cash * (1 - noDebit.out);
    b[5] <== debit + noDebit.out;

    // house_bp
    a[6] <== 10000 * household * (1 - noCredit.out);
    b[6] <== credit + noCredit.out;

    // partners
    a[7] <== partners;
    b[7] <== 1;

    // maxc_bp
    a[8] <== 10000 * largestCredit + noCredit.out * (99999 - 10000 * largestCredit);
    b[8] <== credit + noCredit.out;

    // age_days
    a[9] <== ageDays;
    b[9] <== 1;

    // pay_czk
    a[10] <== instalment;
    b[10] <== 100;
}
