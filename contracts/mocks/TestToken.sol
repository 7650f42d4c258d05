// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @notice A well-behaved token that anyone may mint.
contract TestToken is ERC20Permit {
    uint8 private immutable decimals_;

    constructor(string memory name, string memory symbol, uint8 decimals__) ERC20(name, symbol) ERC20Permit(name) {
        decimals_ = decimals__;
    }

    function decimals() public view override returns (uint8) {
        return decimals_;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
