// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LeafRegistry} from "./LeafRegistry.sol";

/// @title Registry of leaves that their authority vouches for.
/// @notice That a leaf's aggregates are those of its records is the word of whoever made it; ProvedDatasetRegistry takes proof.
contract DatasetRegistry is LeafRegistry {
    /// @notice Appends a leaf. Anyone may relay it.
    /// @param signature by `authority` over SHA-256(INSERT_DOMAIN, chain id, this contract, leaf)
    function insert(uint256 leaf, address authority, bytes calldata signature) external {
        _append(leaf, authority, signature);
    }
}
