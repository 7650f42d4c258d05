// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {Shares} from "../libraries/Shares.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {QUOTE} from "../types/AssetId.sol";
import {ShareVault} from "../vaults/ShareVault.sol";

/// @notice The smallest vault: shares of an account of the clearing house that does nothing by itself.
contract RowVault is ShareVault {
    IClearingHouse public immutable house;
    AccountId public immutable account;
    int256 public spread;
    uint256 public limit = type(uint96).max;
    uint256 public interactions;

    constructor(IClearingHouse house_, address quote) ShareVault(quote, "Row shares", "ROW") {
        house = house_;
        account = accountId(address(this), 0);
        IERC20(quote).approve(address(house_), type(uint256).max);
    }

    function setSpread(int256 spread_) external {
        spread = spread_;
    }

    function setLimit(uint256 limit_) external {
        limit = limit_;
    }

    function cooldown() public pure override returns (uint256) {
        return 1 days;
    }

    function depositLimit() public view override returns (uint256) {
        return limit;
    }

    function worth() internal view override returns (Shares.Worth memory) {
        int256 equity = house.assess(account).equity;
        return Shares.Worth(equity, equity + spread, equity - spread);
    }

    function moveIn(uint256 amount) internal override {
        house.deposit(account, QUOTE, amount);
    }

    function moveOut(uint256 amount, address to) internal override returns (uint256 paid) {
        return house.withdraw(account, QUOTE, amount, to);
    }

    function refresh() internal override {
        house.accrue(house.legsOf(account));
    }

    function afterwards() internal override {
        ++interactions;
    }
}
