// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {FEES} from "../../contracts/types/Rows.sol";
import {AttackTest} from "./AttackTest.sol";

/// @notice One owner trades with himself, away from the mark: what leaves one of his accounts comes into the other, less
/// the fees, and nothing he may withdraw depends on the price he chose.
contract OffMarketTest is AttackTest {
    address private mallory;
    uint256 private key;
    AccountId private a;
    AccountId private b;

    function setUp() public override {
        super.setUp();
        (mallory, key) = makeAddrAndKey("mallory");
        (a, b) = (accountId(mallory, 0), accountId(mallory, 1));
        fund(mallory, a, 100_000e6);
        fund(mallory, b, 100_000e6);
        fund(carol, carolId, 10_000_000e6);
        openLeg(ETH, a, carolId, 100e18);
        settlePrice(ETH, 2_200e18);
    }

    // ---- equity

    function testFuzz_OffMarket_CreatesNoEquity(int256 size, uint256 price) public {
        price = bound(price, 2_156e18, 2_244e18);
        size = bound(size, -150e18, 100e18);
        if (size == 0) size = 1;
        int256 before = equityOf(a) + equityOf(b);
        int256 fees = house.cashOf(FEES);
        wash(size, price);
        assertApproxEqAbs(equityOf(a) + equityOf(b), before - (house.cashOf(FEES) - fees), 3);
        assertLt(equityOf(a) + equityOf(b), before);
    }

    function test_OffMarket_RevertsWhen_OutsideTheBand() public {
        uint256[2] memory prices = [uint256(2_244e18 + 1), 2_156e18 - 1];
        for (uint256 i = 0; i < 2; ++i) {
            IExchange.SignedOrder memory order = signedBy(key, orderOf(a, -1e18, prices[i], 0));
            vm.prank(mallory);
            vm.expectRevert(abi.encodeWithSelector(IClearingHouse.OutsidePriceBand.selector, prices[i], 2_200e18, 200));
            exchange.fill(order, b, 1e18, 0, block.timestamp);
        }
    }

    // ---- the reserve on profit

    /// @dev Basis is the mark, so what margin asks for is the same at every price of the band.
    function testFuzz_OffMarket_ReserveIgnoresThePrice(int256 size, uint256 price) public {
        price = bound(price, 2_156e18, 2_244e18);
        size = bound(size, -150e18, 100e18);
        if (size == 0) size = 1;
        uint256 state = vm.snapshotState();
        wash(size, 2_200e18);
        (uint256 ofA, uint256 ofB) = (house.assess(a).initial, house.assess(b).initial);
        vm.revertToState(state);
        wash(size, price);
        assertEq(house.assess(a).initial, ofA);
        assertEq(house.assess(b).initial, ofB);
        settlePrice(ETH, 2_300e18);
        uint256 reserved = house.assess(a).initial + house.assess(b).initial;
        vm.revertToState(state);
        wash(size, 2_200e18);
        settlePrice(ETH, 2_300e18);
        assertEq(house.assess(a).initial + house.assess(b).initial, reserved, "nor does it later");
    }

    /// @dev As long as nobody closes, what both accounts together can withdraw only falls.
    function testFuzz_OffMarket_OpeningFreesNothing(uint256 size, uint256 price) public {
        price = bound(price, 2_156e18, 2_244e18);
        size = bound(size, 1, 100e18);
        uint256 before = withdrawable();
        wash(int256(size), price);
        assertLe(withdrawable(), before);
    }

    /// @dev Closing realises profit, against oneself as against anyone: the reserve on it, 30 %, is free when the position
    /// is a new one without profit. It costs both fees, and the whole initial margin stays.
    function test_OffMarket_ClosingIntoOneselfFreesTheReserveOnly() public {
        uint256 before = withdrawable();
        uint256 reserve = 6_000e6;
        uint256 fees = 154e6;
        wash(-100e18, 2_200e18);
        assertEq(withdrawable(), before + reserve - fees);
        assertEq(house.assess(b).initial, 22_000e18 + 484e18, "10 % and 220,000 / 2D of 220,000");
    }

    /// @dev What it frees is the same at any price, and never more than the reserve that stood.
    function testFuzz_OffMarket_ClosingFreesTheReserveAtMost(uint256 size, uint256 price) public {
        price = bound(price, 2_156e18, 2_244e18);
        size = bound(size, 1e12, 100e18);
        uint256 before = withdrawable();
        wash(-int256(size), price);
        uint256 reserve = (60e6 * size) / 1e18;
        // Two accounts with a part each of one position also meet less impact than one.
        uint256 impact = (size * (100e18 - size) * 2_200 * 2_200) / 50_000_000e18 / 1e12;
        assertLe(withdrawable(), before + reserve + impact + 2);
    }

    // ---- before and in a deficit

    /// @dev Somebody about to fail sells to himself at the worst price of the band: his health never falls by it, so what
    /// he leaves behind is never worth less than before per unit.
    function testFuzz_OffMarket_DoesNotEmptyAFailingAccount(uint256 mark, uint256[4] memory parts) public {
        mark = bound(mark, 1_250e8, 1_500e8) * 1e10;
        setPrice(ETH, mark);
        int256 before = equityOf(a) + equityOf(b);
        uint256 health = lens.health(a);
        vm.assume(equityOf(a) > 0);
        for (uint256 i = 0; i < 4; ++i) {
            uint256 left = uint256(sizeOf(a, ETH));
            if (left < 2) break;
            uint256 size = bound(parts[i], 1, left - 1);
            if (!tryWash(size, (mark * 98) / 100, uint64(i))) continue;
            uint256 healthAfter = lens.health(a);
            bool initialMet = house.assess(a).initialEquity >= int256(house.assess(a).initial);
            assertTrue(healthAfter >= health || initialMet, "health");
            health = healthAfter;
            assertGe(equityOf(a), 0);
        }
        assertLe(equityOf(a) + equityOf(b), before);
    }

    /// @dev While a deficit stands a withdrawal pays its part of it from whichever account. Nobody adds to the market; who
    /// closes into himself away from the mark takes out what he would have at the mark, but for the fees.
    function test_OffMarket_NoWayAroundADeficit() public {
        wash(10e18, 2_200e18);
        makeDeficit(100_000e18);
        setPrice(ETH, 2_200e18);
        vm.warp(block.timestamp + 1 days);
        refresh();
        refusedToAdd(1e18, 2_156e18);
        refusedToAdd(1e18, 2_244e18);
        (uint256 honest, uint256 fees) = closeAndLeave(2_200e18);
        uint256[2] memory prices = [uint256(2_156e18), 2_244e18];
        for (uint256 i = 0; i < 2; ++i) {
            (uint256 paid, uint256 charged) = closeAndLeave(prices[i]);
            assertLe(paid, honest + (charged < fees ? (fees - charged) / 1e12 : 0));
        }
    }

    function refusedToAdd(uint256 size, uint256 price) private {
        IExchange.SignedOrder memory order = signedBy(key, orderOf(a, int256(size), price, 1));
        vm.prank(mallory);
        vm.expectPartialRevert(IClearingHouse.DeficitStands.selector);
        exchange.fill(order, b, size, 0, block.timestamp);
    }

    /// @dev Of two accounts that are on both sides; what it pays, and the fees of closing.
    function closeAndLeave(uint256 price) private returns (uint256 paid, uint256 fees) {
        uint256 state = vm.snapshotState();
        fees = uint256(house.cashOf(FEES));
        fillAll(signedBy(key, orderOf(a, -1e18, price, 1)), b);
        fees = uint256(house.cashOf(FEES)) - fees;
        uint256 claims = withdrawable();
        paid = withdrawAll();
        assertLt(paid, claims, "its part of the deficit");
        vm.revertToState(state);
    }

    // ---- helpers

    /// @dev The first account buys, or sells, from the second.
    function wash(int256 size, uint256 price) private {
        fillAll(signedBy(key, orderOf(a, size, price, 0)), b);
    }

    function tryWash(uint256 size, uint256 price, uint64 nonce) private returns (bool) {
        IExchange.SignedOrder memory order = signedBy(key, orderOf(a, -int256(size), price, nonce));
        vm.prank(mallory);
        try exchange.fill(order, b, size, 0, block.timestamp) {
            return true;
        } catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            assertTrue(
                selector == IClearingHouse.InsufficientMargin.selector ||
                    selector == IClearingHouse.HealthLowered.selector
            );
            return false;
        }
    }

    function withdrawable() private view returns (uint256) {
        return lens.withdrawable(a, QUOTE).amount + lens.withdrawable(b, QUOTE).amount;
    }

    function withdrawAll() private returns (uint256 paid) {
        uint256 amount = lens.withdrawable(a, QUOTE).amount;
        vm.prank(mallory);
        paid = house.withdraw(a, QUOTE, amount, mallory);
        amount = lens.withdrawable(b, QUOTE).amount;
        vm.prank(mallory);
        paid += house.withdraw(b, QUOTE, amount, mallory);
    }
}
