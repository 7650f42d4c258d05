// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IRiskConfigurator} from "../../contracts/interfaces/IRiskConfigurator.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";

import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice A token that calls somebody in the middle of a transfer, or takes a fee from it.
contract ReentrantToken is TestToken {
    address public target;
    bytes public data;
    bytes public reason;
    bool public succeeded;
    uint256 public fee;

    constructor(uint8 decimalPlaces) TestToken("Hook", "HOOK", decimalPlaces) {}

    function setCall(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (fee != 0 && from != address(0)) super._update(to, address(this), fee);
        if (target == address(0) || from == address(0)) return;
        (succeeded, reason) = target.call(data);
    }
}

contract ClearingHouseBatchTest is BallastTest {
    AssetId internal constant HOOK = AssetId.wrap(4);
    ReentrantToken internal token;

    function setUp() public override {
        super.setUp();
        token = new ReentrantToken(18);
        feeds[HOOK] = feeds[ETH];
        router.setSources(HOOK, router.sources(ETH), 1, 100);
        configurator.listSpot(HOOK, address(token), IRiskConfigurator.SpotTerms(20_00, 1e26, 1e18, 50_000_000e18));
        token.mint(alice, 10e18);
        vm.prank(alice);
        token.approve(address(house), type(uint256).max);
        fund(alice, aliceId, 1_000e6);
        fund(carol, carolId, 1_000_000e6);
    }

    // ---- batch

    /// @dev LIVE-1.
    function test_Batch_SkipsTheBadAndSaysWhy() public {
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(house.withdraw, (aliceId, QUOTE, 100e6, alice));
        calls[1] = abi.encodeCall(house.withdraw, (carolId, QUOTE, 1, alice));
        calls[2] = abi.encodeCall(house.setOperator, (bob, true));
        calls[3] = hex"12345678";
        bytes memory reason = abi.encodeWithSelector(IClearingHouse.NotOwnerOrOperator.selector, carolId, alice);
        vm.expectEmit(address(house));
        emit IClearingHouse.CallSkipped(1, reason);
        vm.expectEmit(address(house));
        emit IClearingHouse.CallSkipped(3, abi.encodeWithSelector(IClearingHouse.NoReason.selector));
        vm.prank(alice);
        bytes[] memory reasons = house.batch(calls);
        assertEq(reasons.length, 4);
        assertEq(reasons[0].length + reasons[2].length, 0);
        assertEq(reasons[1], reason);
        assertEq(reasons[3], abi.encodeWithSelector(IClearingHouse.NoReason.selector), "never empty");
        assertEq(quote.balanceOf(alice), 100e6, "the sender stays who he is");
        assertTrue(house.isOperator(alice, bob));
    }

    function testFuzz_Batch_SettlesAllOthers(uint8 good, uint256 bad) public {
        good = uint8(bound(good, 1, 20));
        bytes[] memory calls = new bytes[](good + 1);
        bad = bound(bad, 0, good);
        for (uint256 i = 0; i < calls.length; ++i) {
            calls[i] = abi.encodeCall(house.transferCash, (aliceId, i == bad ? INSURANCE : bobId, 1e18));
        }
        vm.prank(alice);
        bytes[] memory reasons = house.batch(calls);
        for (uint256 i = 0; i < calls.length; ++i) assertEq(reasons[i].length != 0, i == bad);
        assertEq(house.cashOf(bobId), int256(uint256(good)) * 1e18);
    }

    function test_Batch_UndoesABadEntryWhole() public {
        openLeg(ETH, aliceId, carolId, 1e18);
        bytes[] memory calls = new bytes[](2);
        // Moves cash first, fails at the margin check.
        calls[0] = abi.encodeCall(house.transferCash, (aliceId, bobId, 900e18));
        calls[1] = abi.encodeCall(house.transferCash, (aliceId, bobId, 1e18));
        vm.prank(alice);
        bytes[] memory reasons = house.batch(calls);
        assertEq(bytes4(reasons[0]), IClearingHouse.InsufficientMargin.selector);
        assertEq(house.cashOf(bobId), 1e18);
    }

    function test_Batch_OfLiquidations() public {
        fund(bob, bobId, 250e6);
        openLeg(ETH, bobId, carolId, 1e18);
        setPrice(ETH, 1_800e18);
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(house.liquidate, (liquidation(ETH, aliceId, carolId, 0.1e18, 1_800e18), ""));
        calls[1] = abi.encodeCall(house.liquidate, (liquidation(ETH, bobId, carolId, 0.1e18, 1_800e18), ""));
        calls[2] = abi.encodeCall(house.pay, (ETH, 1));
        vm.prank(stage);
        bytes[] memory reasons = house.batch(calls);
        assertEq(bytes4(reasons[0]), IClearingHouse.AccountAboveMaintenance.selector);
        assertEq(reasons[1].length, 0);
        assertEq(house.positionOf(bobId, ETH).size, 0.9e18);
    }

    function test_Batch_MayNest() public {
        bytes[] memory inner = new bytes[](1);
        inner[0] = abi.encodeCall(house.transferCash, (aliceId, bobId, 1e18));
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(house.batch, (inner));
        vm.prank(alice);
        house.batch(calls);
        assertEq(house.cashOf(bobId), 1e18);
    }

    function test_Batch_Empty() public {
        assertEq(house.batch(new bytes[](0)).length, 0);
    }

    // ---- a token that calls back

    function test_Reentry_EveryEntryIsClosedDuringATransfer() public {
        bytes[] memory entries = new bytes[](9);
        entries[0] = abi.encodeCall(house.deposit, (aliceId, QUOTE, 1));
        entries[1] = abi.encodeCall(house.withdraw, (aliceId, QUOTE, 1, alice));
        entries[2] = abi.encodeCall(house.transferCash, (aliceId, bobId, 1));
        entries[3] = abi.encodeCall(house.accrue, (single(ETH)));
        entries[4] = abi.encodeCall(house.settle, (single(aliceId)));
        entries[5] = abi.encodeCall(house.skim, (HOOK));
        entries[6] = abi.encodeCall(house.trade, (tradeTerms(ETH, aliceId, carolId, 1, 2_000e18)));
        entries[7] = abi.encodeCall(house.liquidate, (liquidation(ETH, aliceId, carolId, 1, 2_000e18), ""));
        entries[8] = abi.encodeCall(house.pay, (ETH, 1));
        for (uint256 i = 0; i < entries.length; ++i) {
            token.setCall(address(house), entries[i]);
            vm.prank(alice);
            house.deposit(aliceId, HOOK, 1e18);
            refused(i);
        }
        for (uint256 i = 0; i < entries.length; ++i) {
            token.setCall(address(house), entries[i]);
            vm.prank(alice);
            house.withdraw(aliceId, HOOK, 1e18, alice);
            refused(i);
        }
        assertEq(house.reserveOf(HOOK).held, 0);
        assertEq(token.balanceOf(alice), 10e18);
    }

    function test_Reentry_BatchDuringATransferDoesNothing() public {
        // Somebody gave the token every right; even so its batch is refused entry by entry.
        vm.prank(alice);
        house.setOperator(address(token), true);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(house.transferCash, (aliceId, bobId, 1e18));
        token.setCall(address(house), abi.encodeCall(house.batch, (calls)));
        vm.prank(alice);
        house.deposit(aliceId, HOOK, 1e18);
        assertTrue(token.succeeded());
        assertEq(house.cashOf(bobId), 0);
    }

    function test_Deposit_RevertsWhen_TokenTakesAFee() public {
        token.setFee(1);
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.TokenAmountMismatch.selector, address(token), 1e18, 1e18 - 1)
        );
        house.deposit(aliceId, HOOK, 1e18);
    }

    function refused(uint256 i) internal view {
        assertFalse(token.succeeded(), vm.toString(i));
        assertEq(
            bytes4(token.reason()),
            ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector,
            vm.toString(i)
        );
    }
}
