pragma circom 2.1.6;

// out = flag ? yes : no.
// Caller: flag is 0 or 1.
template Choose() {
    signal input flag;
    signal input yes;
    signal input no;
    signal output out;
    out <== no + flag * (yes - no);
}
