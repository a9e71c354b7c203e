// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The one account that may write programs or workers.
/// @notice Trusted for what it registers: a registrar can admit a verification key whose trapdoor it knows, or a worker
/// that was never attested. It cannot change a registered key, a leaf, a model or a receipt. Verifiers pin the key's
/// hash and re-appraise the worker's evidence, so that they need not trust it at all.
/// @dev The role moves in two steps: a mistyped successor would otherwise lock the registry for good.
abstract contract Registrar {
    error NotRegistrar();
    error NotNominated();

    event RegistrarNominated(address indexed nominee);
    event RegistrarChanged(address indexed previous, address indexed current);

    address public registrar;
    address public nominee;

    constructor(address first) {
        registrar = first;
        emit RegistrarChanged(address(0), first);
    }

    modifier onlyRegistrar() {
        if (msg.sender != registrar) revert NotRegistrar();
        _;
    }

    /// @notice First step. Nominating the zero address withdraws a nomination.
    function nominateRegistrar(address next) external onlyRegistrar {
        nominee = next;
        emit RegistrarNominated(next);
    }

    /// @notice Second step, by the nominee itself.
    function acceptRegistrar() external {
        if (msg.sender != nominee) revert NotNominated();
        emit RegistrarChanged(registrar, msg.sender);
        registrar = msg.sender;
        nominee = address(0);
    }
}
