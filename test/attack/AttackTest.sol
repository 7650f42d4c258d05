// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice What attacks have in common: signed orders, prices that move first, and what an account is worth.
abstract contract AttackTest is BallastTest {
    function orderOf(
        AccountId account,
        int256 size,
        uint256 limit,
        uint64 nonce
    ) internal view returns (IExchange.Order memory order) {
        (order.account, order.asset, order.size, order.limit, order.nonce) = (account, ETH, size, limit, nonce);
        (order.expiry, order.maxFee) = (uint64(block.timestamp + 365 days), 2_000);
    }

    function signedBy(
        uint256 key,
        IExchange.Order memory order
    ) internal view returns (IExchange.SignedOrder memory signed) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, exchange.hashOf(order));
        return IExchange.SignedOrder(order, vm.addr(key), abi.encodePacked(r, s, v));
    }

    function fillAll(IExchange.SignedOrder memory signed, AccountId taker) internal returns (uint256) {
        return fillPart(signed, taker, type(uint256).max);
    }

    function fillPart(IExchange.SignedOrder memory signed, AccountId taker, uint256 most) internal returns (uint256) {
        vm.prank(taker.ownerOf());
        return exchange.fill(signed, taker, most, 0, block.timestamp);
    }

    function equityOf(AccountId account) internal view returns (int256) {
        return house.assess(account).equity;
    }

    function equityOf(LiquidityPool pool) internal view returns (int256) {
        return house.assess(pool.account()).equity;
    }

    /// @dev The price is this many hundredths of a basis point away from `base`.
    function moved(uint256 base, int256 hundredths) internal pure returns (uint256) {
        return uint256(int256(base) + (int256(base) * hundredths) / 1e6);
    }

    /// @dev Time passes and nobody tells the price.
    function age(uint256 elapsed) internal {
        vm.warp(block.timestamp + elapsed);
    }

    /// @dev Prices stand for so long that every average that a quote reads has reached them.
    function calm(AssetId asset, uint256 elapsed) internal {
        house.accrue(single(asset));
        vm.warp(block.timestamp + elapsed);
        refresh();
        house.accrue(single(asset));
    }
}
