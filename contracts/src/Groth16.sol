// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SCALAR_FIELD} from "./Scalar.sol";

/// @title Groth16 over BN254, one proof or a batch, with the verification key in a data contract.
/// @notice A proof checks e(-A, B) e(alpha, beta) e(X, gamma) e(C, delta) = 1 with X = IC_0 + sum of signal_j IC_(j+1)
/// (Groth, "On the size of pairing-based non-interactive arguments", 2016; EIP-196, EIP-197). A batch of k proofs under
/// one key checks the product of those k equations, each raised to its challenge, with k + 3 pairings; soundness is
/// argued in docs/batch-verification.md. One proof is the batch of one: its challenge is 1.
/// @dev Key, after the STOP byte: alpha G1 (64), beta, gamma, delta G2 (128 each), IC_0..IC_n G1 (64 each); big endian,
/// G2 as x.c1, x.c0, y.c1, y.c0. The precompiles refuse coordinates >= p, points off the curve and points of G2 outside
/// the subgroup.
/// Duties of the caller: every signal below r (signal + r would verify as well), and never to use proof bytes as an
/// identity: proofs are malleable, (sA, B/s, C) verifies for every s.
library Groth16 {
    /// @dev Where in calldata the claims of a batch are. Made by the functions below only: what a claim is made of must lie
    /// within the two stretches that the challenges depend on.
    struct Claims {
        uint256 count; // 1..MAX_BATCH
        uint256 width; // signals of each; a key of another number verifies nothing
        uint256 signals; // place of the first claim's signals
        uint256 signalStride; // from there to the next claim's
        uint256 signalBytes; // length of the stretch that begins there
        uint256 proofs; // place of the first proof: A.x, A.y, B.x.c1, B.x.c0, B.y.c1, B.y.c0, C.x, C.y
        uint256 proofStride;
        uint256 proofBytes; // 0 when the first stretch holds the proofs too
    }

    uint256 internal constant MAX_BATCH = 64;
    uint256 internal constant MAX_SIGNALS = 16;
    /// @dev SHA-256 of "veritee/ledger/batch/v1".
    bytes32 internal constant BATCH_DOMAIN = 0x2f86e7f50602aa58f801673807d4a5d815d02024c12ec1865d851eb2bc3f04dc;

    uint256 private constant BASE_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583;
    uint256 private constant KEY_FIXED_BYTES = 64 + 3 * 128;
    uint256 private constant PROOF_BYTES = 8 * 32;
    /// @dev A pair of the pairing check: a point of G1 (2 words), then one of G2 (4). Until its G2 point is known, those
    /// four words serve the precompiles of G1 as room for a second point and a scalar.
    uint256 private constant PAIR_BYTES = 192;

    /// @notice Number of public signals of a key of `keyBytes` bytes, 1..MAX_SIGNALS; ok is false when no key has that length.
    function signalCount(uint256 keyBytes) internal pure returns (bool ok, uint256 count) {
        if (keyBytes < KEY_FIXED_BYTES + 128 || (keyBytes - KEY_FIXED_BYTES) % 64 != 0) return (false, 0);
        count = (keyBytes - KEY_FIXED_BYTES) / 64 - 1;
        return (count <= MAX_SIGNALS, count);
    }

    /// @dev Of a key as bytes, whose length signalCount has accepted.
    function gamma(bytes calldata key) internal pure returns (bytes calldata) {
        return key[192:320];
    }

    function delta(bytes calldata key) internal pure returns (bytes calldata) {
        return key[320:448];
    }

    /// @param key address of the data contract
    /// @param signals place in calldata of `width` words
    /// @return false for every malformed input, given gas enough to survive a failing precompile. Points at infinity are
    /// refused: an honest proof has none, and libraries disagree on them.
    function verify(address key, uint256 signals, uint256 width, uint256[8] calldata proof) internal view returns (bool) {
        uint256 place;
        assembly ("memory-safe") {
            place := proof
        }
        return _verify(key, Claims(1, width, signals, 0, width * 32, place, 0, PROOF_BYTES));
    }

    /// @notice True when every one of the claims holds; a false batch passes with probability 2^-128 at most.
    /// @param first place in calldata of the first claim: `width` signals, then the proof
    /// @param stride bytes from a claim to the next; whatever lies between takes part in the challenges
    /// @param count of claims, 1..MAX_BATCH
    function verifyBatch(address key, uint256 width, uint256 first, uint256 stride, uint256 count)
        internal
        view
        returns (bool)
    {
        return _verify(key, Claims(count, width, first, stride, stride * count, first + width * 32, stride, 0));
    }

    /// @notice The same of a chain of claims of two signals each: claim i is about words i and i + 1.
    /// @param words place in calldata of count + 1 words
    /// @param proofs place in calldata of `count` proofs, one after the other
    function verifyChain(address key, uint256 words, uint256 proofs, uint256 count) internal view returns (bool) {
        return _verify(key, Claims(count, 2, words, 32, (count + 1) * 32, proofs, PROOF_BYTES, count * PROOF_BYTES));
    }

    function _verify(address key, Claims memory claims) private view returns (bool) {
        (bool known, uint256 width) = signalCount(key.code.length == 0 ? 0 : key.code.length - 1);
        uint256 count = claims.count;
        if (!known || width != claims.width || count == 0 || count > MAX_BATCH) return false;

        bytes32 seed = count == 1 ? bytes32(0) : _seed(key, claims);
        uint256[] memory pairs = new uint256[]((count + 3) * (PAIR_BYTES / 32));
        uint256 slot; // of claim i
        assembly ("memory-safe") {
            slot := add(pairs, 32)
        }
        uint256 tail = slot + count * PAIR_BYTES; // the pairs of alpha, of X and of C
        uint256[] memory sums = new uint256[](1 + width); // of the challenges, and of challenge times signal j at 1 + j

        (uint256 proof, uint256 signals) = (claims.proofs, claims.signals);
        for (uint256 i = 0; i < count; ++i) {
            uint256 challenge = i == 0 ? 1 : _challenge(seed, i);
            if (!_addClaim(proof, challenge, slot, tail + 2 * PAIR_BYTES, i == 0)) return false;
            _addSignals(signals, challenge, sums);
            // Places in memory and calldata, far below 2^256.
            unchecked {
                slot += PAIR_BYTES;
                proof += claims.proofStride;
                signals += claims.signalStride;
            }
        }
        return _closeWithKey(key, sums, tail) && _pairingIsOne(pairs);
    }

    /// @dev Over everything the challenges must depend on: the key, all proofs and all signals, in order. SHA-256 like
    /// every digest of ours, so that chains with another KECCAK opcode accept the very same batches.
    function _seed(address key, Claims memory claims) private view returns (bytes32 seed) {
        (uint256 signals, uint256 signalBytes) = (claims.signals, claims.signalBytes);
        (uint256 proofs, uint256 proofBytes) = (claims.proofs, claims.proofBytes);
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, BATCH_DOMAIN)
            mstore(add(free, 32), key)
            calldatacopy(add(free, 64), signals, signalBytes)
            calldatacopy(add(add(free, 64), signalBytes), proofs, proofBytes)
            // A failure must not leave a seed that could be foreseen. Yul evaluates from the right: size in a step of its own.
            let ok := staticcall(gas(), 2, free, add(add(signalBytes, proofBytes), 64), 0, 32)
            if iszero(and(ok, eq(returndatasize(), 32))) { revert(0, 0) }
            seed := mload(0)
        }
    }

    /// @dev 128 bits of SHA-256(seed, i).
    function _challenge(bytes32 seed, uint256 i) private view returns (uint256 challenge) {
        assembly ("memory-safe") {
            mstore(0, seed)
            mstore(32, i)
            let ok := staticcall(gas(), 2, 0, 64, 0, 32)
            if iszero(and(ok, eq(returndatasize(), 32))) { revert(0, 0) }
            challenge := shr(128, mload(0))
        }
    }

    /// @dev Writes the pair (-challenge A, B) to `slot` and adds challenge C to the point at `cSlot`.
    /// @param place of the proof in calldata
    function _addClaim(uint256 place, uint256 challenge, uint256 slot, uint256 cSlot, bool first)
        private
        view
        returns (bool ok)
    {
        uint256[8] calldata proof;
        assembly ("memory-safe") {
            proof := place
        }
        if ((proof[0] | proof[1]) == 0 || (proof[6] | proof[7]) == 0) return false;
        if ((proof[2] | proof[3] | proof[4] | proof[5]) == 0) return false;
        // The negation below would bring a too large ordinate back into range, out of the precompile's sight.
        if (first && proof[1] >= BASE_FIELD) return false;
        assembly ("memory-safe") {
            ok := 1
            calldatacopy(slot, proof, 64)
            switch first
            case 1 {
                // The challenge is 1: nothing to multiply.
                mstore(add(slot, 32), mod(sub(BASE_FIELD, mload(add(slot, 32))), BASE_FIELD))
                calldatacopy(cSlot, add(proof, 192), 64)
            }
            default {
                // Each step only after the last succeeded: a failing precompile takes 63/64 of the gas with it.
                mstore(add(slot, 64), sub(SCALAR_FIELD, challenge))
                ok := staticcall(gas(), 7, slot, 96, slot, 64) // ecMul
                if ok {
                    let term := add(cSlot, 64)
                    calldatacopy(term, add(proof, 192), 64)
                    mstore(add(term, 64), challenge)
                    ok := staticcall(gas(), 7, term, 96, term, 64)
                    if ok { ok := staticcall(gas(), 6, cSlot, 128, cSlot, 64) } // ecAdd
                }
            }
            calldatacopy(add(slot, 64), add(proof, 64), 128)
        }
    }

    function _addSignals(uint256 signals, uint256 challenge, uint256[] memory sums) private pure {
        assembly ("memory-safe") {
            let sum := add(sums, 32)
            let end := add(sum, mul(mload(sums), 32))
            mstore(sum, add(mload(sum), challenge)) // 64 of 128 bits each: no overflow
            for { sum := add(sum, 32) } lt(sum, end) { sum := add(sum, 32) } {
                mstore(sum, addmod(mload(sum), mulmod(challenge, calldataload(signals), SCALAR_FIELD), SCALAR_FIELD))
                signals := add(signals, 32)
            }
        }
    }

    /// @dev The last three pairs: (sum of challenges) alpha and beta; X and gamma; C, which is there, and delta.
    function _closeWithKey(address key, uint256[] memory sums, uint256 tail) private view returns (bool) {
        uint256 xSlot = tail + PAIR_BYTES;
        _load(key, 0, tail, 64);
        _load(key, KEY_FIXED_BYTES, xSlot, 64);
        if (!_scale(tail, sums[0]) || !_scale(xSlot, sums[0])) return false;
        for (uint256 j = 1; j < sums.length; ++j) {
            if (sums[j] == 0) continue; // its point times zero adds nothing: the source class of unendorsed data
            _load(key, KEY_FIXED_BYTES + j * 64, xSlot + 64, 64);
            if (!_scale(xSlot + 64, sums[j]) || !_add(xSlot)) return false;
        }
        _load(key, 64, tail + 64, 128); // beta
        _load(key, 192, xSlot + 64, 128); // gamma
        _load(key, 320, xSlot + PAIR_BYTES + 64, 128); // delta
        return true;
    }

    /// @dev Copies `size` bytes of the key at byte `offset` to memory.
    function _load(address key, uint256 offset, uint256 to, uint256 size) private view {
        assembly ("memory-safe") {
            extcodecopy(key, to, add(offset, 1), size)
        }
    }

    /// @dev Multiplies the point at `point` in place; the word after it is overwritten. By 1 it is left to the precompile that
    /// takes the point next to look at it.
    function _scale(uint256 point, uint256 scalar) private view returns (bool ok) {
        if (scalar == 1) return true;
        assembly ("memory-safe") {
            mstore(add(point, 64), scalar)
            ok := staticcall(gas(), 7, point, 96, point, 64) // ecMul
        }
    }

    /// @dev Adds the point that follows the one at `point` to it.
    function _add(uint256 point) private view returns (bool ok) {
        assembly ("memory-safe") {
            ok := staticcall(gas(), 6, point, 128, point, 64) // ecAdd
        }
    }

    function _pairingIsOne(uint256[] memory pairs) private view returns (bool ok) {
        assembly ("memory-safe") {
            // Scratch space. A chain without the precompile answers with success and no bytes: hence returndatasize.
            mstore(0, 0)
            ok := staticcall(gas(), 8, add(pairs, 32), mul(mload(pairs), 32), 0, 32)
            ok := and(and(ok, eq(returndatasize(), 32)), eq(mload(0), 1))
        }
    }
}
