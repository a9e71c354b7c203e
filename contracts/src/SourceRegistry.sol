// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Registrar} from "./Registrar.sol";
import {Signature} from "./Signature.sol";

/// @title Accounts of sources (banks, tax offices, platforms) and the class of each (docs/protocol.md, section 8).
/// @notice A source endorses a dataset by signing its leaf: "these records, all of them, are as I have them of this owner". The class is
/// the registrar's word on who it is. Registered once, it never changes; a retired source endorses nothing more, and
/// leaves that it endorsed before stay.
contract SourceRegistry is Registrar {
    error SourceIsZero();
    error SourceKnown();
    error SourceUnknown();
    error ClassOutOfRange();

    event SourceRegistered(address indexed account, uint8 class);
    event SourceRetired(address indexed account);

    /// @dev SHA-256 of "veritee/source/endorse/v1".
    bytes32 public constant ENDORSE_DOMAIN = 0xaa4d978b8362ce22bf3c3ab0eb25e9b238efc2718eda548914a78536f4ffb545;
    uint8 public constant MAX_CLASS = 5;

    struct Source {
        uint8 class; // 1..MAX_CLASS, 0 when unknown
        bool retired;
    }

    mapping(address account => Source) private _sources;

    constructor(address registrar) Registrar(registrar) {}

    function register(address account, uint8 class) external onlyRegistrar {
        if (account == address(0)) revert SourceIsZero();
        if (class == 0 || class > MAX_CLASS) revert ClassOutOfRange();
        if (_sources[account].class != 0) revert SourceKnown();
        _sources[account] = Source(class, false);
        emit SourceRegistered(account, class);
    }

    function retire(address account) external onlyRegistrar {
        if (_sources[account].class == 0) revert SourceUnknown();
        _sources[account].retired = true;
        emit SourceRetired(account);
    }

    /// @notice All zero when unknown.
    function source(address account) external view returns (Source memory) {
        return _sources[account];
    }

    /// @notice Class of a source that may endorse, zero for any other account.
    function classOf(address account) public view returns (uint256) {
        Source memory entry = _sources[account];
        return entry.retired ? 0 : entry.class;
    }

    /// @notice Who signed an endorsement, and its class: zero when it may not endorse, or the signature is malformed.
    /// @param leaf binds the dataset root and the owner: a root alone would endorse the same records for whoever copies them
    /// @param signature over SHA-256(ENDORSE_DOMAIN, chain id, this contract, programId, leaf)
    function endorser(bytes32 programId, uint256 leaf, bytes calldata signature)
        external
        view
        returns (address account, uint256 class)
    {
        bytes32 digest =
            sha256(abi.encodePacked(ENDORSE_DOMAIN, block.chainid, address(this), programId, leaf));
        account = Signature.recover(digest, signature);
        class = classOf(account); // the zero address is never registered
    }
}
