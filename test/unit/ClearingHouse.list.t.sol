// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Positions} from "../../contracts/core/Positions.sol";
import {AssetConfig, AssetKind, AssetLimits} from "../../contracts/core/Ledger.sol";
import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {IRiskConfigurator} from "../../contracts/interfaces/IRiskConfigurator.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice Listing, the configurator's door and the widths of numbers.
contract ClearingHouseListTest is BallastTest {
    AssetId internal constant NEW = AssetId.wrap(4095);

    function setUp() public override {
        super.setUp();
        feeds[NEW] = feeds[ETH];
        router.setSources(NEW, router.sources(ETH), 1, 100);
    }

    function test_List_TheLastId() public {
        vm.warp(block.timestamp + 1);
        vm.expectEmit(address(house));
        emit IClearingHouse.AssetListed(NEW, perpConfig(), AssetLimits(1e27, 1e27, 1e18), address(0));
        configurator.listPerp(NEW, perpTerms(0.05e18, 0.1e18));
        assertEq(house.sideOf(NEW, true).multiplier, 1 << 103);
        assertEq(house.sideOf(NEW, false).multiplier, 1 << 103);
        assertEq(house.perpOf(NEW).accruedAt, block.timestamp);
        (, uint256 time) = router.latched(NEW);
        assertEq(time, block.timestamp, "nothing is listed without a price");
    }

    function test_List_RevertsWhen_IdTakenOrOutOfBounds() public {
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetAlreadyListed.selector, ETH));
        configurator.listPerp(ETH, perpTerms(0.05e18, 0.1e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetAlreadyListed.selector, WETH));
        configurator.listPerp(WETH, perpTerms(0.05e18, 0.1e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetOutOfBounds.selector, 0, 4095));
        configurator.listPerp(QUOTE, perpTerms(0.05e18, 0.1e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.AssetOutOfBounds.selector, 4096, 4095));
        configurator.listPerp(AssetId.wrap(4096), perpTerms(0.05e18, 0.1e18));
    }

    function test_List_RevertsWhen_WithoutPrice() public {
        vm.expectRevert(abi.encodeWithSelector(IOracleRouter.NoPrice.selector, AssetId.wrap(50)));
        configurator.listPerp(AssetId.wrap(50), perpTerms(0.05e18, 0.1e18));
    }

    function test_List_RevertsWhen_DustRowUnderfunded() public {
        // One quote seeds a hundred markets; two are there.
        for (uint16 i = 100; i < 198; ++i) listPerp(AssetId.wrap(i));
        feedLike(AssetId.wrap(198));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.DustRowUnderfunded.selector, 1e18, 1.01e18));
        configurator.listPerp(AssetId.wrap(198), perpTerms(0.05e18, 0.1e18));
    }

    function test_List_RevertsWhen_TokenInUse() public {
        IRiskConfigurator.SpotTerms memory terms = IRiskConfigurator.SpotTerms(20_00, 1e26, 1e18, 50_000_000e18);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.TokenInUse.selector, address(quote)));
        configurator.listSpot(NEW, address(quote), terms);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.TokenInUse.selector, address(weth)));
        configurator.listSpot(NEW, address(weth), terms);
    }

    function test_List_RevertsWhen_TooManyDecimals() public {
        TestToken fine = new TestToken("Fine", "FINE", 19);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.TooManyDecimals.selector, 19, 18));
        configurator.listSpot(NEW, address(fine), IRiskConfigurator.SpotTerms(20_00, 1e26, 1e18, 50_000_000e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.TooManyDecimals.selector, 19, 18));
        new ClearingHouse(address(fine), address(router), address(configurator));
    }

    function test_Constructor_RevertsWhen_ZeroAddress() public {
        TestToken other = new TestToken("Other", "OTHER", 6);
        vm.expectRevert(IClearingHouse.ZeroAddress.selector);
        new ClearingHouse(address(other), address(0), address(configurator));
        vm.expectRevert(IClearingHouse.ZeroAddress.selector);
        new ClearingHouse(address(other), address(router), address(0));
    }

    function test_Configure_RevertsWhen_NotConfigurator() public {
        bytes memory reason = abi.encodeWithSelector(IClearingHouse.NotConfigurator.selector, address(this));
        AssetLimits memory limits_ = limits(1, 1e18);
        vm.expectRevert(reason);
        house.listPerp(NEW, perpConfig(), limits_);
        vm.expectRevert(reason);
        house.listSpot(NEW, address(this), perpConfig(), limits_);
        vm.expectRevert(reason);
        house.configure(ETH, perpConfig(), limits_);
        vm.expectRevert(reason);
        house.setCapability(address(this), Capability.Trade, true);
    }

    function test_Configure_RevertsWhen_KindChanges() public {
        AssetConfig memory config = perpConfig();
        AssetLimits memory limits_ = limits(1, 1e18);
        vm.startPrank(address(configurator));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, WETH));
        house.configure(WETH, config, limits_);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, NEW));
        house.configure(NEW, config, limits_);
        config.kind = AssetKind.Spot;
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, NEW));
        house.listPerp(NEW, config, limits_);
        config.kind = AssetKind.None;
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, NEW));
        house.listSpot(NEW, address(this), config, limits_);
    }

    function testFuzz_SetCapability_OneAtATime(uint8 capability, address who) public {
        vm.assume(who != stage);
        capability = uint8(bound(capability, 0, uint8(type(Capability).max)));
        vm.expectEmit(address(house));
        emit IClearingHouse.CapabilityChanged(who, Capability(capability), true);
        configurator.setCapability(who, Capability(capability), true);
        for (uint8 i = 0; i <= uint8(type(Capability).max); ++i) {
            assertEq(house.hasCapability(who, Capability(i)), i == capability);
        }
        vm.expectEmit(address(house));
        emit IClearingHouse.CapabilityChanged(who, Capability(capability), false);
        configurator.revokeCapability(who, Capability(capability));
        assertFalse(house.hasCapability(who, Capability(capability)));
    }

    // ---- widths

    function test_Deposit_RevertsWhen_ValueOutOfBounds() public {
        uint256 most = uint256(uint128(type(int128).max)) / 1e12;
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ValueOutOfBounds.selector, most + 1, most));
        house.deposit(aliceId, QUOTE, most + 1);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ValueOutOfBounds.selector, type(uint256).max, most));
        house.deposit(aliceId, QUOTE, type(uint256).max);
    }

    function test_Deposit_RevertsWhen_HeldOutOfBounds() public {
        uint256 most = uint256(uint128(type(int128).max));
        fund(alice, aliceId, most / 1e12 - 1e12);
        uint256 held = house.reserveOf(QUOTE).held;
        uint256 amount = 2e12;
        quote.mint(carol, amount);
        vm.startPrank(carol);
        quote.approve(address(house), amount);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ValueOutOfBounds.selector, held + amount * 1e12, most));
        house.deposit(carolId, QUOTE, amount);
    }

    function test_Deposit_RevertsWhen_SpotTooLarge() public {
        configurator.setLimits(WETH, limits(7e28, 1e18));
        fundSpot(alice, aliceId, (1 << 95) - 1);
        weth.mint(alice, 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Positions.SizeTooLarge.selector, 1 << 95, (1 << 95) - 1));
        house.deposit(aliceId, WETH, 1);
    }

    // ---- numbers

    function listPerp(AssetId asset) internal {
        feedLike(asset);
        configurator.listPerp(asset, perpTerms(0.05e18, 0.1e18));
    }

    function feedLike(AssetId asset) internal {
        router.setSources(asset, router.sources(ETH), 1, 100);
    }

    function perpConfig() internal pure returns (AssetConfig memory config) {
        config.kind = AssetKind.Perp;
        config.haircut = 30_00;
        (config.floorRate, config.capRate, config.initialFactor, config.initialCap) = (5_00, 5_00, 20_000, 10_00);
        (config.deviations, config.horizon) = (4_00, 30 minutes);
        (config.fundingSlope, config.fundingCap) = (10_00, 50);
        config.depth = 50_000_000e18;
    }
}
