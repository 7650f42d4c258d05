// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Assessor} from "../core/Assessor.sol";
import {Pool} from "../core/Ledger.sol";
import {Quotes} from "../core/Quotes.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {Entries} from "../libraries/Entries.sol";
import {Margin} from "../libraries/Margin.sol";
import {Shares} from "../libraries/Shares.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {Payouts} from "../vaults/Payouts.sol";
import {ShareVault} from "../vaults/ShareVault.sol";

/// @title Liquidity pool of one perp
/// @notice The providers' side of the counterparty that is always there. Its account is an account like any other; the
/// ledger trades for it, at the quote that its terms give. Who enters or leaves does so as if he traded his part of the
/// inventory with the pool: at its spread, at the worse of mark and fast, and at the deviation of its feeds.
contract LiquidityPool is ShareVault {
    using SafeERC20 for IERC20;
    using Entries for Entries.Window;

    uint256 internal constant COOLDOWN = 1 days;

    IClearingHouse public immutable clearingHouse;
    AssetId public immutable market;
    AccountId public immutable account;
    Entries.Window internal entries;

    constructor(
        IClearingHouse clearingHouse_,
        AssetId market_,
        string memory name_,
        string memory symbol_
    ) ShareVault(clearingHouse_.reserveOf(QUOTE).token, name_, symbol_) {
        clearingHouse = clearingHouse_;
        market = market_;
        account = accountId(address(this), 0);
    }

    /// @inheritdoc ShareVault
    function cooldown() public pure override returns (uint256) {
        return COOLDOWN;
    }

    /// @inheritdoc ShareVault
    function depositLimit() public view override returns (uint256) {
        IClearingHouse.Case memory c = clearingHouse.caseOf(account, market);
        return entries.room(c.account.equity, Margin.notionalOf(c.size, c.price.mark));
    }

    /// @dev What carries the inventory stays, nothing leaves at prices in doubt or against spot that the pool was given, and
    /// the ledger limits what leaves in an hour.
    function available(uint256 due) internal view override returns (uint256) {
        Assessor.Assessment memory a = clearingHouse.assess(account);
        if (a.diverged) return 0;
        due = FixedPoint.min(due, Shares.positive(Assessor.holder(a, 0).freeQuote));
        return Payouts.bounded(clearingHouse, due, unit);
    }

    /// @dev A wick ends no generation: there is no equity left only when there is none at the fast average either.
    function worth() internal view override returns (Shares.Worth memory) {
        IClearingHouse.Case memory c = clearingHouse.caseOf(account, market);
        if (c.size == 0) return Shares.Worth(c.account.equity, c.account.equity, c.account.equity);
        Pool memory pool = clearingHouse.poolOf(market);
        int256 atFast = valueAt(c, c.price.fast);
        return
            Shares.Worth(
                atFast > c.account.equity ? atFast : c.account.equity,
                valueAt(c, Quotes.forProviders(pool, c.price, c.size > 0)),
                valueAt(c, Quotes.forProviders(pool, c.price, c.size < 0))
            );
    }

    /// @dev Equity at another price of the inventory.
    function valueAt(IClearingHouse.Case memory c, uint256 price) internal pure returns (int256) {
        return c.account.equity + FixedPoint.mulDivFloor(c.size * (int256(price) - int256(c.price.mark)), 1, WAD);
    }

    function moveIn(uint256 amount) internal override {
        IClearingHouse.Case memory c = clearingHouse.caseOf(account, market);
        entries.enter(c.account.equity, Margin.notionalOf(c.size, c.price.mark), amount * unit);
        IERC20(asset).forceApprove(address(clearingHouse), amount);
        clearingHouse.deposit(account, QUOTE, amount);
    }

    function moveOut(uint256 amount, address to) internal override returns (uint256) {
        Payouts.requireHeld(clearingHouse, amount * unit);
        return clearingHouse.withdraw(account, QUOTE, amount, to);
    }

    function refresh() internal override {
        accrue();
    }

    /// @dev The depth that the pool lends its market is measured again when its equity changed.
    function afterwards() internal override {
        accrue();
    }

    function accrue() internal {
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = market;
        clearingHouse.accrue(assets);
    }
}
