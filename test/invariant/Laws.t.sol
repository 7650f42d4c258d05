// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Positions} from "../../contracts/core/Positions.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {DUST, FEES, INSURANCE, TREASURY, deficitRow, settlementRow} from "../../contracts/types/Rows.sol";
import {Handler} from "./Handler.sol";
import {LiquidationHandler} from "./LiquidationHandler.sol";
import {PayingHandler} from "./PayingHandler.sol";
import {TradingHandler} from "./TradingHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @notice The laws that speak of all rows at once.
contract WatchedHandler is PayingHandler {
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
    /// @dev A line per run: calls and reverts of every action. The deep run adds them up.
    string internal constant CALLS_FILE = "cache/campaign-calls.csv";

    WatchedHandler internal handler;

    function setUp() public {
        handler = new WatchedHandler();
        handler.setUp();
        targetContract(address(handler));
        bytes4[] memory actions = new bytes4[](35);
        actions[0] = Handler.deposit.selector;
        actions[1] = Handler.depositSpot.selector;
        actions[2] = Handler.withdraw.selector;
        actions[3] = Handler.withdrawSpot.selector;
        actions[4] = Handler.transferCash.selector;
        actions[5] = bytes4(keccak256("trade(uint256,uint256,bool,uint256,uint256,uint256)"));
        actions[6] = Handler.close.selector;
        actions[7] = bytes4(keccak256("liquidate(uint256,uint256,uint256,uint256,uint256,uint256)"));
        actions[8] = Handler.move.selector;
        actions[9] = Handler.wait_.selector;
        actions[10] = Handler.fundingRate.selector;
        actions[11] = Handler.offset.selector;
        actions[12] = Handler.share.selector;
        actions[13] = Handler.book.selector;
        actions[14] = Handler.cover.selector;
        actions[15] = Handler.settle.selector;
        actions[16] = Handler.batch.selector;
        actions[17] = Handler.donate.selector;
        actions[18] = Handler.state.selector;
        actions[19] = Handler.owe.selector;
        actions[20] = bytes4(keccak256("poolTrade(uint256,int256,uint256)"));
        actions[21] = TradingHandler.matchOrders.selector;
        actions[22] = TradingHandler.execute.selector;
        actions[23] = TradingHandler.cancel.selector;
        actions[24] = TradingHandler.enterVault.selector;
        actions[25] = TradingHandler.exitVault.selector;
        actions[26] = TradingHandler.shareFees.selector;
        actions[27] = LiquidationHandler.step.selector;
        actions[28] = LiquidationHandler.stepMany.selector;
        actions[29] = LiquidationHandler.bidLot.selector;
        actions[30] = LiquidationHandler.topUp.selector;
        actions[31] = LiquidationHandler.crank.selector;
        actions[32] = PayingHandler.sink.selector;
        actions[33] = PayingHandler.payDeficit.selector;
        actions[34] = PayingHandler.wind.selector;
        targetSelector(FuzzSelector({addr: address(handler), selectors: actions}));
    }

    /// @dev One campaign for all laws; sums over all rows are taken every eighth step and at the end of every run.
    function invariant_Laws() public {
        if (handler.steps() % 8 == 0 || bytes(handler.broken()).length != 0) check(1e18, 1_000e18);
    }

    function afterInvariant() public {
        handler.report(CALLS_FILE);
        check(1_234e18, 77_777e18);
    }

    function check(uint256 ethMark, uint256 btcMark) internal {
        handler.checkSums(ethMark, btcMark);
        string memory broken = handler.broken();
        if (bytes(broken).length != 0) revert(broken);
    }
}
