// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TestToken} from "./TestToken.sol";

/// @notice Holders own shares; every balance is its shares times an index that anyone may change.
contract RebasingToken is TestToken {
    uint256 private constant WAD = 1e18;

    uint256 public index = WAD;
    uint256 public totalShares;
    mapping(address => uint256) public sharesOf;

    event Rebased(uint256 index);

    error IndexZero();

    constructor(string memory name, string memory symbol, uint8 decimalPlaces) TestToken(name, symbol, decimalPlaces) {}

    function rebase(uint256 index_) external {
        require(index_ != 0, IndexZero());
        index = index_;
        emit Rebased(index_);
    }

    function balanceOf(address holder) public view override returns (uint256) {
        return (sharesOf[holder] * index) / WAD;
    }

    function totalSupply() public view override returns (uint256) {
        return (totalShares * index) / WAD;
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 shares = (value * WAD) / index;
        if (from == address(0)) {
            totalShares += shares;
        } else {
            require(shares <= sharesOf[from], ERC20InsufficientBalance(from, balanceOf(from), value));
            sharesOf[from] -= shares;
        }
        if (to == address(0)) totalShares -= shares;
        else sharesOf[to] += shares;
        emit Transfer(from, to, value);
    }
}
