// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DatasetRegistry} from "./DatasetRegistry.sol";
import {Groth16} from "./Groth16.sol";
import {ProgramRegistry} from "./ProgramRegistry.sol";
import {SCALAR_FIELD} from "./Scalar.sol";
import {Signature} from "./Signature.sol";
import {WorkerRegistry} from "./WorkerRegistry.sol";

/// @title Receipts: one result commitment K for each job J, each with a proof that this contract has verified.
/// @notice Anyone may submit. A receipt says that some leaf under root R, under some model, gives the result in K for job J;
/// it does not say whose leaf, whose model or what result.
/// @dev Threats and what becomes of them:
/// - A worker that lies, its TEE broken: the proof fails.
/// - Two receipts for a job, or a proof re-randomised into another: J is the key, never the proof.
/// - A submission copied from the mempool: it stores the very same receipt, at the copier's cost.
/// - A copy on another chain or ledger: the signature binds chain id and this address.
/// Not checked here: that the model was registered before the job (M is private; whoever opens K checks it), and that the
/// as-of date is recent (the relying party's policy).
contract ReceiptLedger {
    error SignalOutOfRange();
    error ResultIsZero();
    error JobHasReceipt();
    error ProgramUnknown();
    error ProgramRetired();
    error RootUnknown();
    error SignatureInvalid();
    error WorkerNotActive();
    error ProofInvalid();

    event Receipt(
        uint256 indexed job,
        uint256 result,
        bytes32 indexed programId,
        address indexed worker,
        uint256 root,
        uint256 asOfDay,
        uint256 sourceClass
    );

    /// @dev SHA-256 of "veritee/ledger/receipt/v1".
    bytes32 public constant RECEIPT_DOMAIN = 0x837c4d7eb4ebbbbd2ffff1d2cd6ebe056a2109cff3e848a0591f89f943ab2910;

    // Order of the public signals (docs/protocol.md, section 7): R, K, J, as-of day, source class.
    uint256 private constant ROOT = 0;
    uint256 private constant RESULT = 1;
    uint256 private constant JOB = 2;
    uint256 private constant AS_OF_DAY = 3;
    uint256 private constant SOURCE_CLASS = 4;

    DatasetRegistry public immutable datasets;
    ProgramRegistry public immutable programs;
    WorkerRegistry public immutable workers;

    /// @notice J -> K, zero when there is no receipt.
    mapping(uint256 job => uint256) public receipts;

    constructor(DatasetRegistry datasets_, ProgramRegistry programs_, WorkerRegistry workers_) {
        datasets = datasets_;
        programs = programs_;
        workers = workers_;
    }

    /// @param signals R, K, J, as-of day, source class
    /// @param proof as in Groth16.verify
    /// @param signature by a registered worker over SHA-256(RECEIPT_DOMAIN, chain id, this contract, programId, signals)
    function submit(
        bytes32 programId,
        uint256[5] calldata signals,
        uint256[8] calldata proof,
        bytes calldata signature
    ) external {
        (bytes4 refusal, address worker) = _judge(programId, signals, proof, signature);
        if (refusal != 0) _revertWith(refusal);
        receipts[signals[JOB]] = signals[RESULT];
        emit Receipt(
            signals[JOB],
            signals[RESULT],
            programId,
            worker,
            signals[ROOT],
            signals[AS_OF_DAY],
            signals[SOURCE_CLASS]
        );
    }

    /// @notice What `submit` would answer: zero when it would accept, else the selector of its error.
    function check(
        bytes32 programId,
        uint256[5] calldata signals,
        uint256[8] calldata proof,
        bytes calldata signature
    ) external view returns (bytes4 refusal) {
        (refusal,) = _judge(programId, signals, proof, signature);
    }

    /// @dev The one place that decides; cheap questions first.
    function _judge(
        bytes32 programId,
        uint256[5] calldata signals,
        uint256[8] calldata proof,
        bytes calldata signature
    ) private view returns (bytes4 refusal, address worker) {
        for (uint256 i = 0; i < 5; ++i) {
            if (signals[i] >= SCALAR_FIELD) return (SignalOutOfRange.selector, worker);
        }
        // Zero marks "no receipt": taken as a result, its job could be used again.
        if (signals[RESULT] == 0) return (ResultIsZero.selector, worker);
        if (receipts[signals[JOB]] != 0) return (JobHasReceipt.selector, worker);

        ProgramRegistry.Program memory program = programs.program(programId);
        if (program.key == address(0)) return (ProgramUnknown.selector, worker);
        if (program.retired) return (ProgramRetired.selector, worker);
        if (!datasets.isKnownRoot(signals[ROOT])) return (RootUnknown.selector, worker);

        worker = Signature.recover(_digest(programId, signals), signature);
        if (worker == address(0)) return (SignatureInvalid.selector, worker);
        if (!workers.isActive(worker)) return (WorkerNotActive.selector, worker);
        if (!Groth16.verify(program.key, proof, signals)) return (ProofInvalid.selector, worker);
    }

    function _digest(bytes32 programId, uint256[5] calldata signals) private view returns (bytes32) {
        return sha256(abi.encodePacked(RECEIPT_DOMAIN, block.chainid, address(this), programId, signals));
    }

    function _revertWith(bytes4 selector) private pure {
        assembly ("memory-safe") {
            mstore(0, selector)
            revert(0, 4)
        }
    }
}
