// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DatasetRegistry} from "./DatasetRegistry.sol";
import {Groth16} from "./Groth16.sol";
import {ProgramRegistry, SCORE} from "./ProgramRegistry.sol";
import {ProvedDatasetRegistry} from "./ProvedDatasetRegistry.sol";
import {SCALAR_FIELD} from "./Scalar.sol";
import {Signature} from "./Signature.sol";
import {WorkerRegistry} from "./WorkerRegistry.sol";

/// @title Receipts: one result commitment K for each job J, each with a proof that this contract has verified.
/// @notice Anyone may submit. A receipt says that some leaf under root R, under some model, gives the result in K for job J;
/// it does not say whose leaf, whose model or what result. `proved` says that R is a root of ProvedDatasetRegistry: the leaf's
/// aggregates are those of its records by proof, not by its owner's word.
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
    error SourceUnproved();
    error SignatureInvalid();
    error WorkerNotActive();
    error ProofInvalid();
    error BatchSize();
    /// @dev One receipt of a batch is refused for `refusal`, the selector of one of the errors above.
    error EntryRefused(uint256 index, bytes4 refusal);

    event Receipt(
        uint256 indexed job,
        uint256 result,
        bytes32 indexed programId,
        address indexed worker,
        uint256 root,
        uint256 asOfDay,
        uint256 sourceClass,
        bool proved
    );

    /// @dev SHA-256 of "veritee/ledger/receipt/v1".
    bytes32 public constant RECEIPT_DOMAIN = 0x837c4d7eb4ebbbbd2ffff1d2cd6ebe056a2109cff3e848a0591f89f943ab2910;

    // Order of the public signals (docs/protocol.md, section 7): R, K, J, as-of day, source class.
    uint256 private constant ROOT = 0;
    uint256 private constant RESULT = 1;
    uint256 private constant JOB = 2;
    uint256 private constant AS_OF_DAY = 3;
    uint256 private constant SOURCE_CLASS = 4;

    /// @dev proof: A.x, A.y, B.x.c1, B.x.c0, B.y.c1, B.y.c0, C.x, C.y
    struct Claim {
        uint256[5] signals;
        uint256[8] proof;
    }

    /// @dev A receipt of a batch: its claim and the worker's signature, compact (EIP-2098).
    struct Entry {
        Claim claim;
        bytes32 r;
        bytes32 vs;
    }

    /// @dev Answers of the registries that hold for a whole transaction: the last root and worker found good.
    struct Seen {
        uint256 root;
        bool proved;
        address worker;
    }

    uint256 private constant SIGNALS = 5;
    uint256 private constant ENTRY_BYTES = 15 * 32;

    DatasetRegistry public immutable datasets;
    ProvedDatasetRegistry public immutable provedDatasets;
    ProgramRegistry public immutable programs;
    WorkerRegistry public immutable workers;

    /// @notice J -> K, zero when there is no receipt.
    mapping(uint256 job => uint256) public receipts;

    constructor(
        DatasetRegistry datasets_,
        ProvedDatasetRegistry provedDatasets_,
        ProgramRegistry programs_,
        WorkerRegistry workers_
    ) {
        datasets = datasets_;
        provedDatasets = provedDatasets_;
        programs = programs_;
        workers = workers_;
    }

    /// @param signals R, K, J, as-of day, source class
    /// @param proof as in Claim
    /// @param signature by a registered worker over SHA-256(RECEIPT_DOMAIN, chain id, this contract, programId, signals)
    function submit(
        bytes32 programId,
        uint256[5] calldata signals,
        uint256[8] calldata proof,
        bytes calldata signature
    ) external {
        (bytes4 refusal, Seen memory seen) = _judge(programId, signals, proof, signature);
        if (refusal != 0) _revertWith(refusal);
        _keep(programId, signals, seen);
    }

    /// @notice What `submit` would answer: zero when it would accept, else the selector of its error.
    /// @return refusal that selector
    /// @return proved whether the receipt would be of a proved leaf
    function check(
        bytes32 programId,
        uint256[5] calldata signals,
        uint256[8] calldata proof,
        bytes calldata signature
    ) external view returns (bytes4 refusal, bool proved) {
        Seen memory seen;
        (refusal, seen) = _judge(programId, signals, proof, signature);
        proved = seen.proved;
    }

    /// @notice Receipts of one program, all of them or none. What `submit` refuses alone is refused here, as EntryRefused;
    /// ProofInvalid says that some proof is bad, not which: the sender finds it beforehand.
    /// @param entries 1..64
    function submitBatch(bytes32 programId, Entry[] calldata entries) external {
        if (entries.length == 0 || entries.length > Groth16.MAX_BATCH) revert BatchSize();
        (bytes4 refusal, address key) = _judgeProgram(programId);
        if (refusal != 0) _revertWith(refusal);

        Seen memory seen;
        for (uint256 i = 0; i < entries.length; ++i) {
            Entry calldata entry = entries[i];
            uint256[5] calldata signals = entry.claim.signals;
            refusal = _judgeSignals(signals);
            if (refusal == 0) refusal = _judgeRoot(signals[ROOT], signals[SOURCE_CLASS], seen);
            if (refusal == 0) {
                address signer = Signature.recoverCompact(_digest(programId, signals), entry.r, entry.vs);
                refusal = _judgeSigner(signer, seen);
            }
            if (refusal != 0) revert EntryRefused(i, refusal);
            // Before the next entry is judged, so that a job that comes twice is refused.
            _keep(programId, signals, seen);
        }

        uint256 first;
        assembly ("memory-safe") {
            first := entries.offset
        }
        if (!Groth16.verifyBatch(key, SIGNALS, first, ENTRY_BYTES, entries.length)) revert ProofInvalid();
    }

    /// @dev Cheap questions first.
    function _judge(
        bytes32 programId,
        uint256[5] calldata signals,
        uint256[8] calldata proof,
        bytes calldata signature
    ) private view returns (bytes4 refusal, Seen memory seen) {
        refusal = _judgeSignals(signals);
        if (refusal != 0) return (refusal, seen);
        address key;
        (refusal, key) = _judgeProgram(programId);
        if (refusal != 0) return (refusal, seen);
        refusal = _judgeRoot(signals[ROOT], signals[SOURCE_CLASS], seen);
        if (refusal != 0) return (refusal, seen);
        refusal = _judgeSigner(Signature.recover(_digest(programId, signals), signature), seen);
        if (refusal != 0) return (refusal, seen);
        uint256 place;
        assembly ("memory-safe") {
            place := signals
        }
        if (!Groth16.verify(key, place, SIGNALS, proof)) refusal = ProofInvalid.selector;
    }

    function _judgeSignals(uint256[5] calldata signals) private view returns (bytes4) {
        bool inRange = signals[0] < SCALAR_FIELD && signals[1] < SCALAR_FIELD && signals[2] < SCALAR_FIELD
            && signals[3] < SCALAR_FIELD && signals[4] < SCALAR_FIELD;
        if (!inRange) return SignalOutOfRange.selector;
        // Zero marks "no receipt": taken as a result, its job could be used again.
        if (signals[RESULT] == 0) return ResultIsZero.selector;
        return receipts[signals[JOB]] == 0 ? bytes4(0) : JobHasReceipt.selector;
    }

    function _judgeProgram(bytes32 programId) private view returns (bytes4 refusal, address key) {
        ProgramRegistry.Circuit memory circuit = programs.circuit(SCORE, programId);
        if (circuit.key == address(0)) return (ProgramUnknown.selector, key);
        return (circuit.retired ? ProgramRetired.selector : bytes4(0), circuit.key);
    }

    function _judgeRoot(uint256 root, uint256 sourceClass, Seen memory seen) private view returns (bytes4) {
        // Zero is what `seen` starts with, and is never known.
        if (root == 0 || root != seen.root) {
            // The proved tree first: as long as both trees have the same leaves their roots are one.
            bool proved = provedDatasets.isKnownRoot(root);
            if (!proved && !datasets.isKnownRoot(root)) return RootUnknown.selector;
            (seen.root, seen.proved) = (root, proved);
        }
        // In a leaf that was registered without proof, a source is only what its owner wrote.
        return sourceClass == 0 || seen.proved ? bytes4(0) : SourceUnproved.selector;
    }

    function _judgeSigner(address signer, Seen memory seen) private view returns (bytes4) {
        if (signer == address(0)) return SignatureInvalid.selector;
        if (signer == seen.worker) return 0;
        if (!workers.isActive(signer)) return WorkerNotActive.selector;
        seen.worker = signer;
        return 0;
    }

    function _keep(bytes32 programId, uint256[5] calldata signals, Seen memory seen) private {
        receipts[signals[JOB]] = signals[RESULT];
        emit Receipt(
            signals[JOB],
            signals[RESULT],
            programId,
            seen.worker,
            signals[ROOT],
            signals[AS_OF_DAY],
            signals[SOURCE_CLASS],
            seen.proved
        );
    }

    /// @dev SHA-256(RECEIPT_DOMAIN, chain id, this contract, programId, signals), without a copy left in memory.
    function _digest(bytes32 programId, uint256[5] calldata signals) private view returns (bytes32 digest) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, RECEIPT_DOMAIN)
            mstore(add(free, 32), chainid())
            mstore(add(free, 64), shl(96, address()))
            mstore(add(free, 84), programId)
            calldatacopy(add(free, 116), signals, 160)
            let ok := staticcall(gas(), 2, free, 276, 0, 32)
            if iszero(and(ok, eq(returndatasize(), 32))) { revert(0, 0) }
            digest := mload(0)
        }
    }

    function _revertWith(bytes4 selector) private pure {
        assembly ("memory-safe") {
            mstore(0, selector)
            revert(0, 4)
        }
    }
}
