// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {BallastTest} from "./BallastTest.sol";

/// @notice The worked example: alice long 1 ETH at 2,000 with 250; carol takes the other side and has all the margin she needs;
/// bob bids. The market has no pool unless a test opens one.
abstract contract LiquidationTest is BallastTest {
    AssetId internal constant UNLISTED = AssetId.wrap(99);

    function setUp() public virtual override {
        super.setUp();
        fund(alice, aliceId, 250e6);
        fund(bob, bobId, 1_000_000e6);
        fund(carol, carolId, 100_000_000e6);
    }

    /// @dev A price that has stood, latched, for five minutes: past the wick guard.
    function fall(AssetId asset, uint256 price) internal {
        setPrice(asset, price);
        house.accrue(single(asset));
        skip(5 minutes);
    }

    /// @dev So many seconds later, with prices as fresh.
    function wait_(uint256 elapsed) internal {
        skip(elapsed);
        refresh();
    }

    function step(AccountId account, AssetId asset) internal returns (ILiquidator.Stage stage_, uint256 size) {
        return liquidator.liquidate(account, asset, keeperId);
    }

    function bidTerms(AccountId account, AssetId asset) internal view returns (ILiquidator.Bid memory b) {
        (b.account, b.asset, b.taker, b.most) = (account, asset, bobId, type(uint256).max);
        b.limit = sizeOf(account, asset) > 0 ? type(uint256).max : 0;
        b.deadline = block.timestamp;
    }

    function bid(AccountId account, AssetId asset, uint256 most) internal returns (uint256 size, uint256 price) {
        ILiquidator.Bid memory b = bidTerms(account, asset);
        b.most = most;
        vm.prank(bob);
        return liquidator.bid(b);
    }

    function healthOf(AccountId account) internal view returns (uint256) {
        return lens.health(account);
    }
}
