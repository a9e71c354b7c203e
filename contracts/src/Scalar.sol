// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev Order r of BN254's scalar field (EIP-196). Commitments and public signals are integers below it; a value v + r
/// would satisfy the same equations under another name, so every contract refuses it at its border.
uint256 constant SCALAR_FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
