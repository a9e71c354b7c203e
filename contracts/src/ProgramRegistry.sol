// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DataContract} from "./DataContract.sol";
import {Groth16} from "./Groth16.sol";
import {Registrar} from "./Registrar.sol";
import {SCALAR_FIELD} from "./Scalar.sol";

// Roles of a program's circuits, ASCII with zeros behind. A circuit of no program in particular has program id 0.
bytes32 constant SCORE = "score";
bytes32 constant INGEST = "ingest";
bytes32 constant DATASET = "dataset";

/// @title Circuits of programs by role, models by commitment (docs/protocol.md, section 8).
/// @notice A circuit is a verification key kept as code, so that a new program needs no new contract. Once registered it
/// never changes; it can only be retired. The role is part of its name: no proof made for one role passes in another. A
/// model is registered by its commitment, which shows nothing of it but when it was fixed: what stops a platform from
/// choosing its model after it has seen the applicant.
contract ProgramRegistry is Registrar {
    error CircuitKnown();
    error CircuitUnknown();
    error KeyMalformed();
    error KeyWithoutContribution();
    error ModelOutOfRange();

    event CircuitRegistered(
        bytes32 indexed role,
        bytes32 indexed programId,
        address key,
        bytes32 keySha256,
        bytes32 artefactHash,
        bool developmentParameters
    );
    event CircuitRetired(bytes32 indexed role, bytes32 indexed programId);
    event ModelRegistered(uint256 indexed model, address indexed sender);

    struct Circuit {
        address key; // data contract, zero when unknown
        bool developmentParameters; // the registrar's word; a verifier recomputes it from the key
        bool retired;
        bytes32 keySha256;
        bytes32 artefactHash; // of the circuit that the key belongs to
    }

    mapping(bytes32 role => mapping(bytes32 programId => Circuit)) private _circuits;
    /// @notice Block of a model's first registration, zero when unknown.
    mapping(uint256 model => uint256) public modelBlock;

    constructor(address registrar) Registrar(registrar) {}

    /// @param programId SHA-256 of the program's name, e.g. "sme-invoice/1"
    /// @param key bytes as described in Groth16.sol; its points are not checked here, a bad one makes every proof fail
    /// @param developmentParameters true when the trusted setup is the insecure one of a development machine
    function registerCircuit(
        bytes32 role,
        bytes32 programId,
        bytes calldata key,
        bytes32 artefactHash,
        bool developmentParameters
    ) external onlyRegistrar {
        Circuit storage entry = _circuits[role][programId];
        if (entry.key != address(0)) revert CircuitKnown();
        (bool wellFormed,) = Groth16.signalCount(key.length);
        if (!wellFormed) revert KeyMalformed();
        // Straight out of setup, before any contribution, delta equals gamma: anyone could make proofs of anything.
        if (sha256(Groth16.gamma(key)) == sha256(Groth16.delta(key))) revert KeyWithoutContribution();
        (entry.key, entry.developmentParameters) = (DataContract.store(key), developmentParameters);
        (entry.keySha256, entry.artefactHash) = (sha256(key), artefactHash);
        emit CircuitRegistered(role, programId, entry.key, entry.keySha256, artefactHash, developmentParameters);
    }

    /// @notice Stops whatever needs new proofs of a circuit, for good. What it has proved stays.
    function retireCircuit(bytes32 role, bytes32 programId) external onlyRegistrar {
        if (_circuits[role][programId].key == address(0)) revert CircuitUnknown();
        _circuits[role][programId].retired = true;
        emit CircuitRetired(role, programId);
    }

    /// @notice All zero when unknown.
    function circuit(bytes32 role, bytes32 programId) external view returns (Circuit memory) {
        return _circuits[role][programId];
    }

    /// @notice Notes the block of a model's first registration; the sender says nothing about whose model it is, and a
    /// stranger who repeats a commitment changes nothing.
    /// @return blockNumber of the first registration
    function registerModel(uint256 model) external returns (uint256 blockNumber) {
        if (model == 0 || model >= SCALAR_FIELD) revert ModelOutOfRange();
        blockNumber = modelBlock[model];
        if (blockNumber != 0) return blockNumber;
        modelBlock[model] = block.number;
        emit ModelRegistered(model, msg.sender);
        return block.number;
    }
}
