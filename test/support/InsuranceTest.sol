// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";
import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {ClearingHouseHarness} from "../../contracts/mocks/ClearingHouseHarness.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {InsuranceVault} from "../../contracts/vaults/InsuranceVault.sol";
import {LiquidationTest} from "./LiquidationTest.sol";

/// @notice An insurance vault without stakers yet. Carol's hundred million make the part that a deficit takes of a
/// withdrawal small.
abstract contract InsuranceTest is LiquidationTest {
    InsuranceVault internal vault;
    address internal lina = makeAddr("lina");
    address internal milo = makeAddr("milo");
    address internal mallory = makeAddr("mallory");

    function setUp() public virtual override {
        super.setUp();
        vault = new InsuranceVault(house, "Ballast Insurance", "BIN");
        configurator.setCapability(address(vault), Capability.Cover, true);
    }

    function newClearingHouse() internal override returns (ClearingHouse) {
        return new ClearingHouseHarness(address(quote), address(router), address(configurator));
    }

    // ---- stakers

    function give(address payer, uint256 amount) internal {
        quote.mint(payer, amount);
        vm.prank(payer);
        quote.approve(address(vault), type(uint256).max);
    }

    function enter(address staker, uint256 amount) internal returns (uint256) {
        give(staker, amount);
        vm.prank(staker);
        return vault.deposit(amount, staker);
    }

    function ask(address staker, uint256 shares) internal {
        vm.prank(staker);
        vault.requestRedeem(shares, staker, staker);
    }

    function claim(address staker, uint256 shares) internal returns (uint256) {
        vm.prank(staker);
        return vault.redeem(shares, staker, staker);
    }

    function waitAndClaim(address staker, uint256 shares) internal returns (uint256) {
        wait_(7 days);
        return claim(staker, shares);
    }

    function askAndClaim(address staker, uint256 shares) internal returns (uint256) {
        ask(staker, shares);
        return waitAndClaim(staker, shares);
    }

    // ---- the row

    function cash() internal view returns (uint256) {
        return uint256(house.cashOf(INSURANCE));
    }

    /// @dev Token units that are gone, as after a cover that left no deficit.
    function lose(uint256 amount) internal {
        vm.prank(stage);
        house.withdraw(INSURANCE, QUOTE, amount, makeAddr("nobody"));
    }

    /// @dev A loss nobody has paid yet; insurance may pay four fifths of it.
    function book(AssetId asset, uint256 value) internal {
        ClearingHouseHarness(address(house)).bookSynthetic(asset, carolId, value);
    }

    function coverAll(AssetId asset) internal returns (uint256 paid) {
        (paid, ) = house.pay(asset, 0);
    }

    function holdSpot(AssetId spot, uint256 size) internal {
        vm.prank(alice);
        ClearingHouseHarness(address(house)).giveInsurance(spot, size);
    }

    function stockWeth(uint256 size) internal {
        fundSpot(alice, aliceId, size);
        holdSpot(WETH, size);
    }

    function held(AssetId spot) internal view returns (uint256) {
        return uint256(sizeOf(INSURANCE, spot));
    }

    /// @dev A second source of WETH is 2 % away.
    function diverge() internal {
        IOracleRouter.Source[] memory sources = new IOracleRouter.Source[](2);
        sources[0] = IOracleRouter.Source(address(chainlink(feeds[WETH])), 1 hours);
        sources[1] = IOracleRouter.Source(address(chainlink(new MockV3Aggregator(8, 2_040e8))), 1 hours);
        router.setSources(WETH, sources, 1, 100);
    }
}
