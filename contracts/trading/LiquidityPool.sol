// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Quotes} from "../core/Quotes.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {Shares} from "../libraries/Shares.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {ShareVault} from "../vaults/ShareVault.sol";

/// @title Liquidity pool of one perp
/// @notice The providers' side of the counterparty that is always there. Its account is an account like any other; the
/// ledger trades for it, at the quote that its terms give. Who enters or leaves does so as if he traded his part of the
/// inventory with the pool: at its spread, and at the worse of mark and fast.
contract LiquidityPool is ShareVault {
    using SafeERC20 for IERC20;

    uint256 internal constant COOLDOWN = 1 days;

    IClearingHouse public immutable clearingHouse;
    AssetId public immutable market;
    AccountId public immutable account;

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

    function worth() internal view override returns (Shares.Worth memory) {
        IClearingHouse.Holding memory h = clearingHouse.holdingOf(account, market);
        return Shares.Worth(h.equity, valueAt(h, h.size > 0), valueAt(h, h.size < 0));
    }

    /// @dev Equity, had the inventory been bought or sold at the pool's own price.
    function valueAt(IClearingHouse.Holding memory h, bool bought) internal view returns (int256) {
        if (h.size == 0) return h.equity;
        uint256 price = Quotes.flat(clearingHouse.poolOf(market), h.price, bought);
        int256 moved = int256(price) - int256(h.price.mark);
        return h.equity + FixedPoint.mulDivFloor(h.size * moved, 1, WAD);
    }

    function moveIn(uint256 amount) internal override {
        IERC20(asset).forceApprove(address(clearingHouse), amount);
        clearingHouse.deposit(account, QUOTE, amount);
    }

    function moveOut(uint256 amount, address to) internal override returns (uint256) {
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
