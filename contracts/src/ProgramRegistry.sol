// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DataContract} from "./DataContract.sol";
import {Groth16} from "./Groth16.sol";
import {Registrar} from "./Registrar.sol";
import {SCALAR_FIELD} from "./Scalar.sol";

/// @title Programs by id, models by commitment (docs/protocol.md, section 8).
/// @notice A program is a verification key kept as code, so that a new program needs no new contract. Once registered it
/// never changes; it can only be retired. A model is registered by its commitment, which shows nothing of it but when it
/// was fixed: what stops a platform from choosing its model after it has seen the applicant.
contract ProgramRegistry is Registrar {
    error ProgramKnown();
    error ProgramUnknown();
    error KeyMalformed();
    error KeyWithoutContribution();
    error ModelOutOfRange();

    event ProgramRegistered(
        bytes32 indexed programId, address key, bytes32 keySha256, bytes32 artefactHash, bool developmentParameters
    );
    event ProgramRetired(bytes32 indexed programId);
    event ModelRegistered(uint256 indexed model, address indexed sender);

    struct Program {
        address key; // data contract, zero when unknown
        bool developmentParameters; // the registrar's word; a verifier recomputes it from the key
        bool retired;
        bytes32 keySha256;
        bytes32 artefactHash; // of the circuit that the key belongs to
    }

    mapping(bytes32 programId => Program) private _programs;
    /// @notice Block of a model's first registration, zero when unknown.
    mapping(uint256 model => uint256) public modelBlock;

    constructor(address registrar) Registrar(registrar) {}

    /// @param programId SHA-256 of the program's name, e.g. "sme-invoice/1"
    /// @param key bytes as described in Groth16.sol; its points are not checked here, a bad one makes every proof fail
    /// @param developmentParameters true when the trusted setup is the insecure one of a development machine
    function registerProgram(bytes32 programId, bytes calldata key, bytes32 artefactHash, bool developmentParameters)
        external
        onlyRegistrar
    {
        if (_programs[programId].key != address(0)) revert ProgramKnown();
        (bool wellFormed,) = Groth16.signalCount(key.length);
        if (!wellFormed) revert KeyMalformed();
        // Straight out of setup, before any contribution, delta equals gamma: anyone could make proofs of anything.
        if (sha256(Groth16.gamma(key)) == sha256(Groth16.delta(key))) revert KeyWithoutContribution();
        address stored = DataContract.store(key);
        bytes32 keySha256 = sha256(key);
        _programs[programId] = Program(stored, developmentParameters, false, keySha256, artefactHash);
        emit ProgramRegistered(programId, stored, keySha256, artefactHash, developmentParameters);
    }

    /// @notice Stops new receipts of a program, for good. Receipts that exist stay.
    function retireProgram(bytes32 programId) external onlyRegistrar {
        if (_programs[programId].key == address(0)) revert ProgramUnknown();
        _programs[programId].retired = true;
        emit ProgramRetired(programId);
    }

    /// @notice All zero when unknown.
    function program(bytes32 programId) external view returns (Program memory) {
        return _programs[programId];
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
