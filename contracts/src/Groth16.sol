// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Groth16 over BN254 with the verification key in a data contract.
/// @notice Checks e(-A, B) e(alpha, beta) e(X, gamma) e(C, delta) = 1 with X = IC_0 + sum of signal_i IC_(i+1)
/// (Groth, "On the size of pairing-based non-interactive arguments", 2016; EIP-196, EIP-197).
/// @dev Key, after the STOP byte: alpha G1 (64), beta, gamma, delta G2 (128 each), IC_0..IC_n G1 (64 each); big endian,
/// G2 as x.c1, x.c0, y.c1, y.c0. The precompiles refuse coordinates >= p, points off the curve and points of G2 outside
/// the subgroup.
/// Duties of the caller: every signal below r (signal + r would verify as well), and never to use proof bytes as an
/// identity: proofs are malleable, (sA, B/s, C) verifies for every s.
library Groth16 {
    uint256 private constant BASE_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583;
    uint256 private constant KEY_FIXED_BYTES = 64 + 3 * 128;

    /// @notice Number of public signals of a key of `keyBytes` bytes; ok is false when no key has that length.
    function signalCount(uint256 keyBytes) internal pure returns (bool ok, uint256 count) {
        if (keyBytes < KEY_FIXED_BYTES + 64 || (keyBytes - KEY_FIXED_BYTES) % 64 != 0) return (false, 0);
        return (true, (keyBytes - KEY_FIXED_BYTES) / 64 - 1);
    }

    /// @dev Of a key as bytes, whose length signalCount has accepted.
    function gamma(bytes calldata key) internal pure returns (bytes calldata) {
        return key[192:320];
    }

    function delta(bytes calldata key) internal pure returns (bytes calldata) {
        return key[320:448];
    }

    /// @param key address of the data contract
    /// @param proof A.x, A.y, B.x.c1, B.x.c0, B.y.c1, B.y.c0, C.x, C.y
    /// @return false for every malformed input, given gas enough to survive a failing precompile. Points at infinity are
    /// refused: an honest proof has none, and libraries disagree on them.
    function verify(address key, uint256[8] calldata proof, uint256[5] calldata signals) internal view returns (bool) {
        (bool known, uint256 count) = signalCount(key.code.length == 0 ? 0 : key.code.length - 1);
        if (!known || count != signals.length) return false;
        if ((proof[0] | proof[1]) == 0 || (proof[6] | proof[7]) == 0) return false;
        if ((proof[2] | proof[3] | proof[4] | proof[5]) == 0) return false;
        // The negation below would bring a too large ordinate back into range, out of the precompile's sight.
        if (proof[1] >= BASE_FIELD) return false;

        // Four pairs of G1 (2 words) and G2 (4 words).
        uint256[24] memory pairs;
        (pairs[0], pairs[1]) = (proof[0], (BASE_FIELD - proof[1]) % BASE_FIELD);
        (pairs[2], pairs[3], pairs[4], pairs[5]) = (proof[2], proof[3], proof[4], proof[5]);
        _load(key, 0, pairs, 6, 6); // alpha, beta
        (bool summed, uint256 x, uint256 y) = _publicPoint(key, signals);
        if (!summed) return false;
        (pairs[12], pairs[13]) = (x, y);
        _load(key, 192, pairs, 14, 4); // gamma
        (pairs[18], pairs[19]) = (proof[6], proof[7]);
        _load(key, 320, pairs, 20, 4); // delta
        return _pairingIsOne(pairs);
    }

    /// @dev Copies `words` words of the key at byte `offset` to pairs[index...].
    function _load(address key, uint256 offset, uint256[24] memory pairs, uint256 index, uint256 words) private view {
        assembly ("memory-safe") {
            extcodecopy(key, add(pairs, mul(index, 32)), add(offset, 1), mul(words, 32))
        }
    }

    /// @dev X = IC_0 + sum of signal_i IC_(i+1). The buffer holds the sum (2 words), then IC_i (2) and the scalar (1).
    function _publicPoint(address key, uint256[5] calldata signals)
        private
        view
        returns (bool ok, uint256 x, uint256 y)
    {
        uint256[5] memory buffer;
        assembly ("memory-safe") {
            ok := 1
            let ic := add(KEY_FIXED_BYTES, 1)
            extcodecopy(key, buffer, ic, 64)
            let term := add(buffer, 64)
            // Stops at the first failure: a failing precompile takes 63/64 of the gas with it.
            for { let i := 0 } and(ok, lt(i, 5)) { i := add(i, 1) } {
                ic := add(ic, 64)
                extcodecopy(key, term, ic, 64)
                mstore(add(term, 64), calldataload(add(signals, mul(i, 32))))
                ok := staticcall(gas(), 7, term, 96, term, 64) // ecMul
                if ok { ok := staticcall(gas(), 6, buffer, 128, buffer, 64) } // ecAdd
            }
            x := mload(buffer)
            y := mload(add(buffer, 32))
        }
    }

    function _pairingIsOne(uint256[24] memory pairs) private view returns (bool ok) {
        assembly ("memory-safe") {
            // Scratch space. A chain without the precompile answers with success and no bytes: hence returndatasize.
            mstore(0, 0)
            ok := staticcall(gas(), 8, pairs, 768, 0, 32)
            ok := and(and(ok, eq(returndatasize(), 32)), eq(mload(0), 1))
        }
    }
}
