// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Recovery of a secp256k1 signer (docs/protocol.md, section 8).
/// @dev Digests are SHA-256, made by the caller over its domain, the chain id and its own address, so that a signature
/// is good for one deed on one contract of one chain. Keccak-256 appears in the derivation of the address only.
library Signature {
    /// @dev Half the group order (SEC 2): of the two signatures (r, s) and (r, n - s) only the lower is accepted.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @param signature r (32) || s (32) || v (1), v 27 or 28
    /// @return signer zero when the signature is malformed; the caller must refuse zero
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address signer) {
        if (signature.length != 65) return address(0);
        uint8 v = uint8(signature[64]);
        if (v != 27 && v != 28) return address(0);
        return _recover(digest, v, bytes32(signature[:32]), bytes32(signature[32:64]));
    }

    /// @notice The same of a compact signature (EIP-2098), two words: what a batch carries.
    /// @param vs s with v - 27 in its highest bit, which a low s leaves free
    function recoverCompact(bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (address signer) {
        return _recover(digest, uint8(uint256(vs) >> 255) + 27, r, bytes32((uint256(vs) << 1) >> 1));
    }

    function _recover(bytes32 digest, uint8 v, bytes32 r, bytes32 s) private pure returns (address) {
        return uint256(s) > HALF_ORDER ? address(0) : ecrecover(digest, v, r, s);
    }
}
