// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Lens} from "../core/Lens.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {ILotRunner} from "../interfaces/ILotRunner.sol";
import {ILotTaker} from "../interfaces/ILotTaker.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";

/// @notice Holds nothing between runs: what a run takes it offloads, what it earns it sends away.
contract LotRunner is ILotRunner, ReentrancyGuardTransient {
    uint256 internal constant MILLION = 1e6;

    ILiquidator public immutable liquidator;
    IExchange public immutable exchange;
    IClearingHouse public immutable clearingHouse;
    Lens public immutable lens;
    AccountId public immutable ownAccount;

    constructor(ILiquidator liquidator_, IExchange exchange_, Lens lens_) {
        (liquidator, exchange, lens) = (liquidator_, exchange_, lens_);
        clearingHouse = liquidator_.clearingHouse();
        ownAccount = accountId(address(this), 0);
    }

    /// @inheritdoc ILotRunner
    function run(Run calldata terms) external nonReentrant returns (uint256 size, uint256 profit) {
        int256 before = clearingHouse.cashOf(ownAccount);
        (size, ) = liquidator.bid(bidOf(terms));
        int256 cash = clearingHouse.cashOf(ownAccount);
        require(cash - before >= int256(terms.leastProfit), ProfitTooSmall(cash - before, terms.leastProfit));
        profit = uint256(cash - before);
        emit Ran(terms.account, terms.asset, terms.to, size, profit, uint256(cash));
        if (cash != 0) clearingHouse.transferCash(ownAccount, terms.to, uint256(cash));
    }

    /// @inheritdoc ILotTaker
    function onTaken(ILiquidator.Taken calldata taken, bytes calldata data) external {
        require(msg.sender == address(liquidator), NotLiquidator(msg.sender));
        require(_reentrancyGuardEntered(), NoRun());
        uint256 left = fill(taken, abi.decode(data, (IExchange.SignedOrder[])));
        if (left == 0) return;
        bool buys = taken.size < 0;
        int256 size = buys ? int256(left) : -int256(left);
        uint256 limit = buys ? type(uint256).max : 0;
        exchange.trade(IExchange.PoolTrade(ownAccount, taken.asset, size, limit, true, block.timestamp));
    }

    /// @inheritdoc ILotRunner
    function quote(AccountId account, AssetId asset) external view returns (uint256 size, int256 profit) {
        ILiquidator.LotView memory lot = liquidator.lotOf(account, asset);
        if (lot.size == 0 || clearingHouse.poolOf(asset).owner == address(0)) return (0, 0);
        (, uint256 room) = lens.quote(asset, lot.long ? -int256(lot.size) : int256(lot.size));
        size = FixedPoint.min(lot.size, room);
        if (size < lot.least) return (0, 0);
        (uint256 price, ) = lens.quote(asset, lot.long ? -int256(size) : int256(size));
        uint256 fee = FixedPoint.mulDivUp(FixedPoint.mulUp(size, price), exchange.fees().taker, MILLION);
        int256 taken = int256(FixedPoint.mulDown(size, lot.price));
        int256 offloaded = int256(FixedPoint.mulDown(size, price));
        profit = (lot.long ? offloaded - taken : taken - offloaded) - int256(fee);
    }

    /// @dev At any price: what counts is what the whole run earns.
    function bidOf(Run calldata terms) internal view returns (ILiquidator.Bid memory bid) {
        (bid.account, bid.asset, bid.taker) = (terms.account, terms.asset, ownAccount);
        (bid.most, bid.least, bid.deadline) = (terms.most, terms.least, terms.deadline);
        if (clearingHouse.positionOf(terms.account, terms.asset).size > 0) bid.limit = type(uint256).max;
        bid.data = abi.encode(terms.orders);
    }

    /// @return left what no order took
    function fill(
        ILiquidator.Taken calldata taken,
        IExchange.SignedOrder[] memory orders
    ) internal returns (uint256 left) {
        left = FixedPoint.abs(taken.size);
        for (uint256 i = 0; i < orders.length && left != 0; ++i) {
            if ((orders[i].order.size > 0) != (taken.size > 0)) {
                emit OrderSkipped(i, abi.encodeWithSelector(WrongSide.selector, taken.size, orders[i].order.size));
                continue;
            }
            try exchange.fill(orders[i], ownAccount, left, 1, block.timestamp) returns (uint256 size) {
                left -= size;
            } catch (bytes memory reason) {
                // Who runs out of gas says nothing.
                if (reason.length == 0) reason = abi.encodeWithSelector(NoReason.selector);
                emit OrderSkipped(i, reason);
            }
        }
    }
}
