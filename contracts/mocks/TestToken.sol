// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @notice A well-behaved token that anyone may mint.
contract TestToken is ERC20Permit {
    uint8 private immutable scale;

    constructor(string memory name, string memory symbol, uint8 decimalPlaces) ERC20(name, symbol) ERC20Permit(name) {
        scale = decimalPlaces;
    }

    function decimals() public view override returns (uint8) {
        return scale;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
