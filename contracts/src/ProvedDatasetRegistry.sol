// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DatasetRegistry} from "./DatasetRegistry.sol";
import {Groth16} from "./Groth16.sol";
import {LeafRegistry} from "./LeafRegistry.sol";
import {DATASET, INGEST, ProgramRegistry} from "./ProgramRegistry.sol";
import {SCALAR_FIELD} from "./Scalar.sol";
import {SourceRegistry} from "./SourceRegistry.sol";

/// @title Registry of leaves whose aggregates are proved to be those of their records (docs/protocol.md, sections 7 and 8).
/// @notice A leaf comes with its whole dataset proof: states S_0..S_n, an ingest proof for each step, a dataset proof that ties
/// S_0, S_n, the leaf, its dataset root and its source together, and the source's endorsement when it names one. All of
/// it is verified here, so that a root of this tree says "proved" to whoever reads a receipt.
/// @dev Threats and what becomes of them, beyond those of LeafRegistry:
/// - A step left out, repeated or of another dataset: neighbouring proofs share the word of the state between them, and each
///   state commits to its position and to the dataset's root.
/// - An endorsement moved to other records, or the same records to another owner by whoever has seen them: the source signs
///   the leaf, which fixes both.
/// - Proofs copied in flight to insert the leaf under another authority: a leaf that DatasetRegistry has is taken under its
///   authority there only. Register it there before proving: a leaf lost to a stranger then costs a new salt, not new proofs.
/// - A leaf that its owner has withdrawn from DatasetRegistry, proofs and signature left with a relay: it is not taken here.
/// What stays visible of a leaf is its program, dataset root, source and number of steps; no receipt shows which leaf it is about.
contract ProvedDatasetRegistry is LeafRegistry {
    error StepCount();
    error SignalOutOfRange();
    error StateUnknown();
    error StatesDoNotMeet();
    error CircuitUnknown();
    error CircuitRetired();
    error IngestProofInvalid();
    error DatasetProofInvalid();
    error SourceMismatch();
    error EndorsementInvalid();

    event LeafProved(
        uint256 indexed leaf, bytes32 indexed programId, uint256 datasetRoot, uint256 sourceClass, uint256 sourceKey
    );
    event StepsProved(bytes32 indexed programId, uint256 indexed start, uint256 state);

    /// @dev Steps in one call. 256 take about 15 million gas, within the 2^24 that EIP-7825 allows a transaction.
    uint256 public constant MAX_STEPS = 256;

    // Order of the dataset proof's public signals (docs/protocol.md, section 7): S_0, S_n, L, D, source class, source key.
    uint256 private constant SIGNALS = 6;
    uint256 private constant FIRST_STATE = 0;
    uint256 private constant LAST_STATE = 1;
    uint256 private constant LEAF = 2;
    uint256 private constant DATASET_ROOT = 3;
    uint256 private constant SOURCE_CLASS = 4;
    uint256 private constant SOURCE_KEY = 5;

    DatasetRegistry public immutable datasets;
    ProgramRegistry public immutable programs;
    SourceRegistry public immutable sources;

    /// @notice True when steps of the program from `start` to `state` have been proved in a transaction of their own.
    mapping(bytes32 programId => mapping(uint256 start => mapping(uint256 state => bool))) public isReached;

    constructor(DatasetRegistry datasets_, ProgramRegistry programs_, SourceRegistry sources_) {
        datasets = datasets_;
        programs = programs_;
        sources = sources_;
    }

    /// @notice Appends a leaf with its dataset proof. Anyone may relay it.
    /// @param signals of the dataset proof: S_0, S_n, leaf, dataset root, source class, source key
    /// @param datasetProof A.x, A.y, B.x.c1, B.x.c0, B.y.c1, B.y.c0, C.x, C.y, as each of `proofs`
    /// @param states S_0..S_n; or, after `proveSteps`, from a state reached so far
    /// @param proofs ingest proofs, the i-th from states[i] to states[i + 1]; none for a dataset without records
    /// @param authority signs as in DatasetRegistry, for this contract
    /// @param endorsement of SourceRegistry; empty when the source class is 0
    function insert(
        bytes32 programId,
        uint256[6] calldata signals,
        uint256[8] calldata datasetProof,
        uint256[] calldata states,
        uint256[8][] calldata proofs,
        address authority,
        bytes calldata signature,
        bytes calldata endorsement
    ) external {
        for (uint256 i = 0; i < SIGNALS; ++i) {
            if (signals[i] >= SCALAR_FIELD) revert SignalOutOfRange();
        }
        _checkSource(programId, signals, endorsement);
        _checkClaim(signals[LEAF], authority);
        // Before the proofs, being cheaper to refuse; a refusal of those takes it back.
        _append(signals[LEAF], authority, signature);
        _checkSteps(programId, signals[FIRST_STATE], states, proofs);
        if (states[states.length - 1] != signals[LAST_STATE]) revert StatesDoNotMeet();
        _checkDataset(programId, signals, datasetProof);
        emit LeafProved(
            signals[LEAF], programId, signals[DATASET_ROOT], signals[SOURCE_CLASS], signals[SOURCE_KEY]
        );
    }

    /// @notice Proves steps ahead of `insert`, for a dataset too large for one transaction. What is kept is a fact, true whoever
    /// sent it: from `start` the program's steps lead to the last of `states`.
    /// @param start S_0 of the dataset
    /// @param states from S_0, or from a state reached so far
    function proveSteps(bytes32 programId, uint256 start, uint256[] calldata states, uint256[8][] calldata proofs)
        external
    {
        if (start >= SCALAR_FIELD) revert SignalOutOfRange();
        _checkSteps(programId, start, states, proofs);
        uint256 state = states[states.length - 1];
        isReached[programId][start][state] = true;
        emit StepsProved(programId, start, state);
    }

    /// @dev What the registry of claimed leaves knows of the leaf, if it does.
    function _checkClaim(uint256 leaf, address authority) private view {
        address claimed = datasets.authorityOf(leaf);
        if (claimed == address(0)) return;
        if (claimed != authority) revert WrongAuthority();
        if (datasets.isRevoked(leaf)) revert LeafRevoked();
    }

    function _checkSteps(
        bytes32 programId,
        uint256 start,
        uint256[] calldata states,
        uint256[8][] calldata proofs
    ) private view {
        uint256 count = proofs.length;
        if (count > MAX_STEPS || states.length != count + 1) revert StepCount();
        for (uint256 i = 0; i <= count; ++i) {
            if (states[i] >= SCALAR_FIELD) revert SignalOutOfRange();
        }
        if (states[0] != start && !isReached[programId][start][states[0]]) revert StateUnknown();

        address key = _key(INGEST, programId);
        uint256 words;
        uint256 places;
        assembly ("memory-safe") {
            words := states.offset
            places := proofs.offset
        }
        for (uint256 done = 0; done < count; done += Groth16.MAX_BATCH) {
            uint256 batch = count - done < Groth16.MAX_BATCH ? count - done : Groth16.MAX_BATCH;
            if (!Groth16.verifyChain(key, words + done * 32, places + done * 256, batch)) revert IngestProofInvalid();
        }
    }

    function _checkDataset(bytes32 programId, uint256[6] calldata signals, uint256[8] calldata proof) private view {
        address key = _key(DATASET, programId);
        uint256 words;
        assembly ("memory-safe") {
            words := signals
        }
        if (!Groth16.verify(key, words, SIGNALS, proof)) revert DatasetProofInvalid();
    }

    /// @dev No class, no key, no endorsement; or all three, of one source.
    function _checkSource(bytes32 programId, uint256[6] calldata signals, bytes calldata endorsement) private view {
        (uint256 class, uint256 key) = (signals[SOURCE_CLASS], signals[SOURCE_KEY]);
        if (class == 0) {
            if (key != 0 || endorsement.length != 0) revert SourceMismatch();
            return;
        }
        (address account, uint256 registered) = sources.endorser(programId, signals[LEAF], endorsement);
        if (registered == 0) revert EndorsementInvalid();
        if (class != registered || key != sourceKeyOf(account)) revert SourceMismatch();
    }

    /// @notice A source's account as the field element that leaves carry.
    /// @dev The first 31 bytes of SHA-256 over each part with its length before it (docs/protocol.md, section 2).
    function sourceKeyOf(address account) public pure returns (uint256) {
        return uint256(sha256(abi.encodePacked(uint32(17), "veritee/source/v1", uint32(20), account))) >> 8;
    }

    function _key(bytes32 role, bytes32 programId) private view returns (address) {
        ProgramRegistry.Circuit memory circuit = programs.circuit(role, programId);
        if (circuit.key == address(0)) revert CircuitUnknown();
        if (circuit.retired) revert CircuitRetired();
        return circuit.key;
    }
}
