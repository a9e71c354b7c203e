// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Registrar} from "./Registrar.sol";

/// @title Accounts of attested workers (docs/protocol.md, section 8).
/// @notice The registrar appraises a worker's evidence off chain and registers the account that the evidence binds. The
/// digest lets anyone find that evidence and appraise it again; the anchor shows at a glance what was simulated. Registration keeps noise off the ledger; it is no
/// guarantee of integrity, which only the proof gives.
contract WorkerRegistry is Registrar {
    error WorkerIsZero();
    error WorkerRevoked();
    error WorkerUnknown();
    error AlreadyExpired();
    error AnchorMissing();

    event WorkerRegistered(address indexed account, bytes32 evidenceDigest, uint64 notAfter, bytes16 anchor);
    event WorkerRemoved(address indexed account);

    struct Worker {
        bytes32 evidenceDigest; // of the worker's certificate: evidence, collateral, nonce, time of appraisal
        uint64 notAfter; // Unix seconds, last second of validity
        bool revoked;
        bytes16 anchor; // ASCII name of the trust anchor, "sim" for simulated evidence
    }

    mapping(address account => Worker) private _workers;

    constructor(address registrar) Registrar(registrar) {}

    /// @notice Registers an account, or renews it with new evidence. A revoked account never returns: its key may be known
    /// to others.
    function register(address account, bytes32 evidenceDigest, uint64 notAfter, bytes16 anchor) external onlyRegistrar {
        if (account == address(0)) revert WorkerIsZero();
        if (_workers[account].revoked) revert WorkerRevoked();
        if (notAfter < block.timestamp) revert AlreadyExpired();
        if (anchor == 0) revert AnchorMissing();
        _workers[account] = Worker(evidenceDigest, notAfter, false, anchor);
        emit WorkerRegistered(account, evidenceDigest, notAfter, anchor);
    }

    function revoke(address account) external onlyRegistrar {
        if (_workers[account].notAfter == 0) revert WorkerUnknown();
        _workers[account].revoked = true;
        emit WorkerRemoved(account);
    }

    /// @notice All zero when unknown.
    function worker(address account) external view returns (Worker memory) {
        return _workers[account];
    }

    /// @notice True while registered, not revoked and not past its last second by the block's clock.
    function isActive(address account) external view returns (bool) {
        Worker storage entry = _workers[account];
        return !entry.revoked && entry.notAfter != 0 && block.timestamp <= entry.notAfter;
    }
}
