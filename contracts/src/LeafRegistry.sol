// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InternalLeanIMT, LeanIMTData} from "@zk-kit/lean-imt.sol/InternalLeanIMT.sol";
import {Signature} from "./Signature.sol";

/// @title A tree of dataset leaves and its recent roots: a LeanIMT over Poseidon (docs/protocol.md, sections 4 and 8).
/// @notice A leaf commits to an owner's dataset version and shows nothing of it. Score proofs name a root, never a leaf.
/// What a leaf must bring to be taken is the heir's to say.
/// @dev Threats and what becomes of them:
/// - A relay cannot alter or invent a deed: leaf and deed are signed by the leaf's authority, for this contract and chain.
/// - A relay cannot undo a revocation by sending the old insertion again: a revoked leaf never returns.
/// - A stranger who sees a leaf in flight can insert it first under an authority of its own. It gains nothing but the
///   owner's trouble of making another leaf (a new salt): whoever relies on a leaf compares `authorityOf` with the
///   authority in the dataset's signed manifest.
/// - Strangers may fill the tree or revoke leaves of their own to shorten the window of roots; they pay for it, and the
///   remedy is to prove again under the new root. A chain where that is too cheap needs permissioned senders.
abstract contract LeafRegistry {
    using InternalLeanIMT for LeanIMTData;

    error SignatureInvalid();
    error WrongAuthority();
    error LeafRevoked();
    error TreeFull();
    error WrongSiblingCount();

    event LeafInserted(uint256 indexed leaf, address indexed authority, uint256 index, uint256 root);
    event LeafRemoved(uint256 indexed leaf, uint256 index, uint256 root);

    /// @dev SHA-256 of "veritee/registry/insert/v1" and "veritee/registry/revoke/v1".
    bytes32 public constant INSERT_DOMAIN = 0xdfb814099c7f874d8d74d3c8bfc52d7d6d428af8acdf119a237090c68ba12ec1;
    bytes32 public constant REVOKE_DOMAIN = 0xd81da09315cbfd65857a721ed32f04ef845940fe15982554746d29c2990bc11f;

    /// @dev The score circuits take a path of at most 20 levels.
    uint256 public constant MAX_DEPTH = 20;
    /// @dev How long a superseded root is still taken, in blocks: the time to prove and to be included.
    uint256 public constant ROOT_WINDOW = 256;

    struct RootRecord {
        uint64 supersededAt; // block, 0 while current
        uint64 epoch; // 1 + number of revocations before it; 0 when it never was a root
    }

    LeanIMTData private _tree;
    mapping(uint256 leaf => address) public authorityOf;
    mapping(uint256 leaf => bool) public isRevoked;
    mapping(uint256 root => RootRecord) private _roots;
    uint64 public revocationEpoch = 1;

    /// @dev Appends a leaf.
    /// @param signature by `authority` over SHA-256(INSERT_DOMAIN, chain id, this contract, leaf)
    function _append(uint256 leaf, address authority, bytes calldata signature) internal {
        if (isRevoked[leaf]) revert LeafRevoked();
        if (_tree.size >= 1 << MAX_DEPTH) revert TreeFull();
        _authorise(INSERT_DOMAIN, leaf, authority, signature);

        uint256 index = _tree.size;
        uint256 previous = root();
        uint256 next = _tree._insert(leaf); // refuses zero, >= r and duplicates
        authorityOf[leaf] = authority;
        _supersede(previous, next);
        emit LeafInserted(leaf, authority, index, next);
    }

    /// @notice Sets a leaf to zero and makes every earlier root unknown at once. Anyone may relay it.
    /// @param siblings of the leaf's path, levels without a right sibling left out. They are not signed: an insertion that
    /// comes between changes them, and the relay then sends again.
    /// @param signature by the leaf's authority over SHA-256(REVOKE_DOMAIN, chain id, this contract, leaf)
    function revoke(uint256 leaf, uint256[] calldata siblings, bytes calldata signature) external {
        uint256 index = _tree._indexOf(leaf); // refuses what is not in the tree
        _authorise(REVOKE_DOMAIN, leaf, authorityOf[leaf], signature);
        if (siblings.length != _siblingCount(index)) revert WrongSiblingCount();

        uint256 previous = root();
        uint256 next = _tree._remove(leaf, siblings);
        isRevoked[leaf] = true;
        ++revocationEpoch;
        _supersede(previous, next);
        emit LeafRemoved(leaf, index, next);
    }

    /// @notice True for the current root, and for one that was superseded at most ROOT_WINDOW blocks ago with no revocation
    /// since. Zero, the root of an empty tree, is never known.
    function isKnownRoot(uint256 candidate) external view returns (bool) {
        RootRecord memory record = _roots[candidate];
        // What never was a root is told by one read of storage: the ledger asks both registries.
        if (candidate == 0 || record.epoch == 0 || record.epoch != revocationEpoch) return false;
        return record.supersededAt == 0 || block.number <= record.supersededAt + ROOT_WINDOW;
    }

    function root() public view returns (uint256) {
        return _tree._root();
    }

    function size() external view returns (uint256) {
        return _tree.size;
    }

    function depth() external view returns (uint256) {
        return _tree.depth;
    }

    /// @notice Position of a leaf. @dev Reverts with LeafDoesNotExist when it was never inserted, or was revoked.
    function indexOf(uint256 leaf) external view returns (uint256) {
        return _tree._indexOf(leaf);
    }

    function _authorise(bytes32 domain, uint256 leaf, address authority, bytes calldata signature) private view {
        bytes32 digest = sha256(abi.encodePacked(domain, block.chainid, address(this), leaf));
        address signer = Signature.recover(digest, signature);
        if (signer == address(0)) revert SignatureInvalid();
        if (signer != authority) revert WrongAuthority();
    }

    function _supersede(uint256 previous, uint256 next) private {
        _roots[previous].supersededAt = uint64(block.number);
        _roots[next] = RootRecord({supersededAt: 0, epoch: revocationEpoch});
    }

    /// @dev Levels of the path at which the node has a sibling: the library would read too few as an array overrun and
    /// ignore what is too many.
    function _siblingCount(uint256 index) private view returns (uint256 count) {
        uint256 last = _tree.size - 1;
        for (uint256 level = 0; level < _tree.depth; ++level) {
            if ((index >> level) & 1 == 1 || index >> level != last >> level) ++count;
        }
    }
}
