// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Bytes kept as the code of a contract: immutable, and read by EXTCODECOPY for a fraction of storage's price.
/// @dev The code starts with STOP, so that a call to it does nothing whatever the data.
library DataContract {
    error DataNotStored();

    /// @notice Stores `data`, at most 24,575 bytes (EIP-170 less the STOP byte).
    function store(bytes memory data) internal returns (address stored) {
        // PUSH4 size, DUP1, PUSH1 14, PUSH1 0, CODECOPY, PUSH1 0, RETURN: returns what follows. No PUSH0: paris.
        bytes memory initcode =
            abi.encodePacked(hex"63", uint32(data.length + 1), hex"80600e6000396000f3", hex"00", data);
        assembly ("memory-safe") {
            stored := create(0, add(initcode, 32), mload(initcode))
        }
        if (stored == address(0)) revert DataNotStored();
    }
}
