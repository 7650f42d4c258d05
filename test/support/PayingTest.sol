// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {DUST, FEES, INSURANCE, TREASURY, deficitRow} from "../../contracts/types/Rows.sol";
import {LiquidationTest} from "./LiquidationTest.sol";

/// @notice Losers and winners by name, and the sums that no step may change.
abstract contract PayingTest is LiquidationTest {
    AccountId[] internal rows;

    function setUp() public virtual override {
        super.setUp();
        AccountId[9] memory house_ = [
            aliceId,
            bobId,
            carolId,
            keeperId,
            INSURANCE,
            DUST,
            FEES,
            TREASURY,
            deficitRow(ETH)
        ];
        for (uint256 i = 0; i < house_.length; ++i) rows.push(house_[i]);
        rows.push(deficitRow(BTC));
        rows.push(deficitRow(WETH));
    }

    // ---- accounts

    /// @dev An account of its own owner with token units of quote, counted in the sum.
    function seat(string memory name, uint256 amount) internal returns (AccountId account) {
        address owner = makeAddr(name);
        account = accountId(owner, 0);
        rows.push(account);
        if (amount != 0) fund(owner, account, amount);
    }

    // ---- steps

    function offsetTerms(
        AccountId account,
        AssetId asset,
        uint256 size
    ) internal view returns (IClearingHouse.Liquidation memory t) {
        (t.asset, t.account, t.size, t.keeper, t.bound) = (asset, account, size, keeperId, type(uint128).max);
    }

    function offset(IClearingHouse.Liquidation memory t) internal returns (IClearingHouse.Step memory) {
        vm.prank(stage);
        return house.offset(t);
    }

    function offset(AccountId account, AssetId asset) internal returns (IClearingHouse.Step memory) {
        return offset(offsetTerms(account, asset, type(uint96).max));
    }

    function settle(AccountId account) internal {
        house.settle(single(account));
    }

    function settleAll() internal {
        for (uint256 i = 0; i < rows.length; ++i) {
            if (rows[i].ownerOf() != address(0)) settle(rows[i]);
        }
    }

    // ---- sums

    /// @dev Cash of all rows, what waits to be picked up included.
    function cashOfAll() internal view returns (int256 sum) {
        for (uint256 i = 0; i < rows.length; ++i) {
            sum += house.cashOf(rows[i]);
            for (uint16 a = 1; a <= 2; ++a) sum += house.previewPosition(rows[i], AssetId.wrap(a)).cash;
        }
    }

    function held() internal view returns (int256) {
        return int256(uint256(house.reserveOf(QUOTE).held));
    }

    function standing(AssetId asset) internal view returns (uint256) {
        return uint256(-house.cashOf(deficitRow(asset)));
    }

    function equityOf(AccountId account) internal view returns (int256) {
        return house.assess(account).equity;
    }

    function openInterest(AssetId asset) internal view returns (uint256) {
        return house.perpOf(asset).openInterest;
    }

    /// @dev Cash with what waits to be picked up.
    function liveCash(AccountId account) internal view returns (int256 cash) {
        cash = house.cashOf(account);
        for (uint16 a = 1; a <= 2; ++a) cash += house.previewPosition(account, AssetId.wrap(a)).cash;
    }
}
