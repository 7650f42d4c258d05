// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IShareVault} from "../interfaces/IShareVault.sol";

/// @notice Who holds shares and who acts for him. All balances can end at once, without touching any of them.
abstract contract ShareToken is IShareVault, ERC20Permit {
    uint128 private supply;
    uint64 internal generation;
    mapping(uint256 generation => mapping(address holder => uint256)) private balances;
    mapping(address controller => mapping(address operator => bool)) public isOperator;

    constructor(string memory name_, string memory symbol_) ERC20(name_, symbol_) ERC20Permit(name_) {}

    function setOperator(address operator, bool approved) external returns (bool) {
        isOperator[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    function share() external view returns (address) {
        return address(this);
    }

    function totalSupply() public view override(ERC20, IERC20) returns (uint256) {
        return supply;
    }

    function balanceOf(address holder) public view override(ERC20, IERC20) returns (uint256) {
        return balances[generation][holder];
    }

    function decimals() public pure override(ERC20, IERC20Metadata) returns (uint8) {
        return 18;
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC165).interfaceId || id == 0xe3bc4e65 || id == 0x620ee8e4 || id == 0x2f0a18c5;
    }

    function beginGeneration() internal {
        (supply, generation) = (0, generation + 1);
    }

    function _update(address from, address to, uint256 amount) internal override {
        mapping(address holder => uint256) storage held = balances[generation];
        if (from == address(0)) {
            supply = fits(supply + amount);
        } else {
            uint256 balance = held[from];
            require(amount <= balance, ERC20InsufficientBalance(from, balance, amount));
            held[from] = balance - amount;
        }
        if (to == address(0)) supply -= uint128(amount);
        else held[to] += amount;
        emit Transfer(from, to, amount);
    }

    function requireAuthority(address controller) internal view {
        bool allowed = msg.sender == controller || isOperator[controller][msg.sender];
        require(allowed, NotControllerOrOperator(controller, msg.sender));
    }

    function fits(uint256 value) internal pure returns (uint128) {
        require(value <= type(uint128).max, AboveBound(value, type(uint128).max));
        return uint128(value);
    }
}
