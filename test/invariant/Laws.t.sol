// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Positions} from "../../contracts/core/Positions.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {DUST, FEES, INSURANCE, TREASURY, deficitRow, settlementRow} from "../../contracts/types/Rows.sol";
import {AttackHandler} from "./AttackHandler.sol";
import {GuardHandler} from "./GuardHandler.sol";
import {Handler} from "./Handler.sol";
import {LiquidationHandler} from "./LiquidationHandler.sol";
import {PayingHandler} from "./PayingHandler.sol";
import {TradingHandler} from "./TradingHandler.sol";
import {VaultHandler} from "./VaultHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @notice The laws that speak of all rows at once.
contract WatchedHandler is GuardHandler {
    /// @dev Sums every row, lazy amounts included, at marks of the caller's choice.
    function checkSums(uint256 ethMark, uint256 btcMark) external {
        int256 held = int256(uint256(house.reserveOf(QUOTE).held));
        // Per operation and pick-up: the cash of one wei of size, plus one wei.
        int256 tolerance = int256((steps + offsets() * ACCOUNTS + 8) * (MAX_MARK / 1e18 + 1));
        int256 cash = house.cashOf(TREASURY) + house.cashOf(INSURANCE) + house.cashOf(DUST) + house.cashOf(FEES);
        cash += house.cashOf(deficitRow(ETH)) + house.cashOf(deficitRow(BTC)) + house.cashOf(deficitRow(WETH));
        cash += house.cashOf(deficitRow(QUOTE)) + house.cashOf(settlementRow(ETH)) + house.cashOf(settlementRow(BTC));
        int256 spot = house.positionOf(TREASURY, WETH).size + house.positionOf(INSURANCE, WETH).size;
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            cash += house.cashOf(ids[i]);
            spot += house.positionOf(ids[i], WETH).size;
        }
        (int256 ethCash, int256 ethValue) = checkSides(ETH, ethMark);
        (int256 btcCash, int256 btcValue) = checkSides(BTC, btcMark);
        cash += ethCash + btcCash;
        if (magnitude(cash - held) > uint256(tolerance)) fail_("CASH-1");
        if (magnitude(cash + ethValue + btcValue - held) > uint256(2 * tolerance)) fail_("EQUITY-1");
        if (quote.balanceOf(address(house)) * 1e12 < uint256(held)) fail_("CASH-1");
        if (spot != int256(uint256(house.reserveOf(WETH).held))) fail_("SPOT-1");
        if (weth.balanceOf(address(house)) < uint256(spot)) fail_("SPOT-1");
        if (house.cashOf(INSURANCE) < 0) fail_("INS-1");
        checkDeficits();
        checkLots();
        checkVaults();
    }

    function checkSides(AssetId asset, uint256 mark) internal returns (int256 cash, int256 worth) {
        int256 longs;
        int256 shorts;
        for (uint256 i = 0; i <= ACCOUNTS; ++i) {
            AccountId row = i == ACCOUNTS ? settlementRow(asset) : ids[i];
            Positions.PickedUp memory p = house.previewPosition(row, asset);
            cash += p.cash;
            if (p.size > 0) longs += p.size;
            else shorts -= p.size;
        }
        int256 openInterest = int256(house.perpOf(asset).openInterest);
        int256 slack = int256(offsets() * (ACCOUNTS + 1));
        if (longs > openInterest || openInterest - longs > slack) fail_("SIZE-1");
        if (shorts < openInterest || shorts - openInterest > slack) fail_("SIZE-1");
        worth = value(longs - shorts, mark);
    }

    function report(string calldata file) external {
        string memory line;
        for (uint256 i = 0; i < calls.length; ++i) {
            line = string.concat(line, vm.toString(calls[i]), ",", vm.toString(reverts[i]), ";");
        }
        vm.writeLine(file, line);
    }

    function checkDeficits() internal {
        int256 rows = house.cashOf(deficitRow(ETH)) + house.cashOf(deficitRow(BTC)) + house.cashOf(deficitRow(WETH));
        rows += house.cashOf(deficitRow(QUOTE));
        if (rows > 0 || house.totalDeficit() != uint256(-rows)) fail_("CHAIN-1");
    }
}

contract LawsTest is Test {
    WatchedHandler internal handler;

    function setUp() public {
        handler = new WatchedHandler();
        handler.setUp();
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors()}));
    }

    function selectors() internal pure returns (bytes4[] memory all) {
        bytes4[][4] memory parts = [ledgerActions(), tradingActions(), chainActions(), otherActions()];
        all = new bytes4[](parts[0].length + parts[1].length + parts[2].length + parts[3].length);
        uint256 n;
        for (uint256 i = 0; i < parts.length; ++i) {
            for (uint256 k = 0; k < parts[i].length; ++k) all[n++] = parts[i][k];
        }
    }

    function ledgerActions() private pure returns (bytes4[] memory s) {
        s = new bytes4[](20);
        (s[0], s[1], s[2]) = (Handler.deposit.selector, Handler.depositSpot.selector, Handler.withdraw.selector);
        (s[3], s[4], s[5]) = (Handler.withdrawSpot.selector, Handler.transferCash.selector, Handler.deal.selector);
        (s[6], s[7], s[8]) = (Handler.close.selector, Handler.reduce.selector, Handler.move.selector);
        (s[9], s[10], s[11]) = (Handler.wait.selector, Handler.fundingRate.selector, Handler.offset.selector);
        (s[12], s[13], s[14]) = (Handler.share.selector, Handler.lose.selector, Handler.cover.selector);
        (s[15], s[16], s[17]) = (Handler.settle.selector, Handler.batch.selector, VaultHandler.donate.selector);
        (s[18], s[19]) = (Handler.state.selector, Handler.owe.selector);
    }

    function tradingActions() private pure returns (bytes4[] memory s) {
        s = new bytes4[](5);
        (s[0], s[1]) = (TradingHandler.tradeWithPool.selector, TradingHandler.matchOrders.selector);
        (s[2], s[3]) = (TradingHandler.execute.selector, TradingHandler.cancel.selector);
        s[4] = TradingHandler.shareFees.selector;
    }

    function chainActions() private pure returns (bytes4[] memory s) {
        s = new bytes4[](8);
        (s[0], s[1]) = (LiquidationHandler.step.selector, LiquidationHandler.stepMany.selector);
        (s[2], s[3]) = (LiquidationHandler.bidLot.selector, LiquidationHandler.topUp.selector);
        (s[4], s[5]) = (LiquidationHandler.crank.selector, PayingHandler.sink.selector);
        (s[6], s[7]) = (PayingHandler.payDeficit.selector, PayingHandler.wind.selector);
    }

    function otherActions() private pure returns (bytes4[] memory s) {
        s = new bytes4[](15);
        (s[0], s[1]) = (VaultHandler.enterPool.selector, VaultHandler.exitPool.selector);
        (s[2], s[3]) = (VaultHandler.stake.selector, VaultHandler.unstake.selector);
        (s[4], s[5]) = (VaultHandler.provideBackstop.selector, VaultHandler.recede.selector);
        (s[6], s[7]) = (VaultHandler.unwind.selector, AttackHandler.snipe.selector);
        (s[8], s[9]) = (AttackHandler.wash.selector, AttackHandler.run.selector);
        (s[10], s[11]) = (AttackHandler.dust.selector, GuardHandler.guard.selector);
        (s[12], s[13], s[14]) = (
            GuardHandler.loosen.selector,
            GuardHandler.fault.selector,
            GuardHandler.ration.selector
        );
    }

    /// @dev One campaign for all laws; sums over all rows are taken every eighth step and at the end of every run.
    function invariant_Laws() public {
        if (handler.steps() % 8 == 0 || bytes(handler.broken()).length != 0) check(1e18, 1_000e18);
    }

    function afterInvariant() public {
        // A line per run: calls and reverts of every action. The deep run adds them up.
        handler.report(vm.envOr("BALLAST_CALLS", string("cache/campaign-calls.csv")));
        check(1_234e18, 77_777e18);
    }

    function check(uint256 ethMark, uint256 btcMark) internal {
        handler.checkSums(ethMark, btcMark);
        string memory broken = handler.broken();
        if (bytes(broken).length != 0) revert(broken);
    }
}
