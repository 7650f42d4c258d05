// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBackstopPool} from "../../contracts/interfaces/IBackstopPool.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {Terms} from "../../contracts/liquidation/Chain.sol";
import {BackstopPool} from "../../contracts/liquidation/BackstopPool.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {LiquidationTest} from "./LiquidationTest.sol";

/// @notice A backstop without providers yet: ten basis points of depth a minute, at most half a percent from the price, spot
/// at one percent off. Dave has a key.
abstract contract BackstopTest is LiquidationTest {
    BackstopPool internal backstop;
    AccountId internal backstopId;
    address internal lina = makeAddr("lina");
    address internal mallory = makeAddr("mallory");
    uint64 private lastNonce;

    function setUp() public virtual override {
        super.setUp();
        IBackstopPool.Unwinding memory terms = IBackstopPool.Unwinding(10, 50, 1_00);
        backstop = new BackstopPool(address(manager), lens, exchange, terms, "Ballast Backstop", "BBS");
        backstopId = backstop.account();
        liquidator.setBackstop(backstopId);
    }

    // ---- providers

    function enter(address provider, uint256 amount) internal returns (uint256 shares) {
        quote.mint(provider, amount);
        vm.startPrank(provider);
        quote.approve(address(backstop), amount);
        shares = backstop.deposit(amount, provider);
        vm.stopPrank();
    }

    function ask(address owner, uint256 shares) internal {
        vm.prank(owner);
        backstop.requestRedeem(shares, owner, owner);
    }

    function waitAndClaim(address owner, uint256 shares) internal returns (uint256 paid) {
        wait_(3 days);
        vm.prank(owner);
        paid = backstop.redeem(shares, owner, owner);
    }

    // ---- inventory

    /// @dev Alice with a leg opened at 2,000 with 250 per unit.
    function carry(int256 size) internal {
        uint256 margin = (250 * magnitude(size)) / 1e12;
        if (margin > 250e6) fund(alice, aliceId, margin - 250e6);
        openLeg(ETH, aliceId, carolId, size);
    }

    /// @dev Alice's leg fails, nobody bids, the backstop takes.
    function absorb(int256 size, uint256 price) internal returns (uint256 taken) {
        carry(size);
        fall(ETH, price);
        step(aliceId, ETH);
        return absorbAfterwards();
    }

    /// @dev What it does not take is on offer again.
    function absorbAfterwards() internal returns (uint256 taken) {
        uint256 before = magnitude(held(ETH));
        wait_(600);
        step(aliceId, ETH);
        taken = magnitude(held(ETH)) - before;
        assertGt(taken, 0);
    }

    /// @dev Alice's 10 WETH back 75 ETH, of which the fall leaves too little.
    function absorbSpot() internal returns (uint256 taken) {
        fundSpot(alice, aliceId, 10e18);
        openLeg(ETH, aliceId, carolId, 75e18);
        fall(ETH, 1_835e18);
        liquidator.liquidate(aliceId, WETH, keeperId);
        wait_(600);
        liquidator.liquidate(aliceId, WETH, keeperId);
        taken = uint256(held(WETH));
        assertGt(taken, 0);
    }

    function setTerm(AssetId asset, uint16 inFlight, uint16 share) internal {
        Terms memory terms = stageTerms();
        (terms.inFlight, terms.backstop) = (inFlight, share);
        liquidator.setTerms(asset, terms);
    }

    // ---- unwinding

    function unwind() internal returns (uint256 size, uint256 price) {
        return backstop.unwind(ETH, type(uint256).max, block.timestamp);
    }

    /// @dev Of a trader with a key and a million.
    function orderOf(string memory name, int256 size, uint256 limit) internal returns (IExchange.SignedOrder memory s) {
        (address who, uint256 key) = makeAddrAndKey(name);
        AccountId id = AccountId.wrap(uint256(uint160(who)) << 96);
        fund(who, id, 1_000_000e6);
        IExchange.Order memory o;
        (o.account, o.asset, o.size, o.limit, o.nonce) = (id, ETH, size, limit, ++lastNonce);
        (o.expiry, o.maxFee) = (uint64(block.timestamp + 365 days), 2_000);
        (uint8 v, bytes32 r, bytes32 signature) = vm.sign(key, exchange.hashOf(o));
        return IExchange.SignedOrder(o, who, abi.encodePacked(r, signature, v));
    }

    function equityOf(AccountId account) internal view returns (int256) {
        return house.assess(account).equity;
    }

    function held(AssetId asset) internal view returns (int256) {
        return sizeOf(backstopId, asset);
    }
}
