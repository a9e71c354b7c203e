// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Groth16} from "./Groth16.sol";
import {ProgramRegistry} from "./ProgramRegistry.sol";
import {ReceiptLedger} from "./ReceiptLedger.sol";
import {SCALAR_FIELD} from "./Scalar.sol";

/// @title Disclosures: that a result on the ledger meets a claim, for one recipient until an expiry (docs/protocol.md, 13).
/// @notice A contract that relies on a result asks here, naming itself as the recipient; whoever holds the result has proved
/// the claim without showing the score. Holds nothing and may be deployed by anyone, for any ledger.
/// @dev Answers by reverting, so that no caller can forget to look. The proof's bytes are no identity: a caller to whom a
/// disclosure may count only once keeps the job, not the proof.
contract DisclosureVerifier {
    error SignalOutOfRange();
    error NoReceipt();
    error ResultDiffers();
    error ChallengeDiffers();
    error Expired();
    error CircuitUnknown();
    error CircuitRetired();
    error ProofInvalid();

    /// @dev SHA-256 of "veritee/disclosure/v1".
    bytes32 public constant DISCLOSURE_DOMAIN = 0xcd395d7c48ef3cf2f4aecdb9e87a586301217dad338190ab548d9b85c716a378;
    /// @dev The role of the circuit, which is of no program in particular.
    bytes32 private constant DISCLOSE = "disclose";

    // Order of the public signals: K, least score + 2^19 (0: not claimed), worst grade's index (7: not claimed), owner (0: not
    // shown), model (0: not shown), challenge.
    uint256 private constant RESULT = 0;
    uint256 private constant CHALLENGE = 5;
    uint256 private constant SIGNALS = 6;

    ReceiptLedger public immutable ledger;
    ProgramRegistry public immutable programs;

    constructor(ReceiptLedger ledger_) {
        ledger = ledger_;
        programs = ledger_.programs();
    }

    /// @notice Reverts unless the result of `job` meets the claim in `signals` and the proof is for this recipient and expiry.
    /// What is claimed is for the caller to read from `signals`.
    /// @param recipient SHA-256 of the name that the recipient goes by
    /// @param expiresAt last second at which the disclosure counts
    function verify(
        uint256 job,
        bytes32 recipient,
        uint256 expiresAt,
        uint256[6] calldata signals,
        uint256[8] calldata proof
    ) external view {
        if (block.timestamp > expiresAt) revert Expired();
        for (uint256 i = 0; i < SIGNALS; ++i) {
            if (signals[i] >= SCALAR_FIELD) revert SignalOutOfRange();
        }
        uint256 result = ledger.receipts(job);
        if (result == 0) revert NoReceipt();
        if (result != signals[RESULT]) revert ResultDiffers();
        if (challengeOf(job, recipient, expiresAt) != signals[CHALLENGE]) revert ChallengeDiffers();

        ProgramRegistry.Circuit memory circuit = programs.circuit(DISCLOSE, 0);
        if (circuit.key == address(0)) revert CircuitUnknown();
        if (circuit.retired) revert CircuitRetired();
        uint256 place;
        assembly ("memory-safe") {
            place := signals
        }
        if (!Groth16.verify(circuit.key, place, SIGNALS, proof)) revert ProofInvalid();
    }

    /// @notice What a proof for this recipient and expiry is bound to: the first 31 bytes of a SHA-256.
    function challengeOf(uint256 job, bytes32 recipient, uint256 expiresAt) public view returns (uint256) {
        bytes32 digest = sha256(
            abi.encodePacked(DISCLOSURE_DOMAIN, block.chainid, address(ledger), job, recipient, expiresAt)
        );
        return uint256(digest) >> 8;
    }
}
