// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../core/Assessor.sol";
import {Pool} from "../core/Ledger.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {Incentives} from "../libraries/Incentives.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {POOL} from "../types/Rows.sol";
import {Absorbing} from "./Absorbing.sol";
import {AuctionHouse} from "./AuctionHouse.sol";
import {Chain, Flow, Lot} from "./Chain.sol";
import {Orphans} from "./Orphans.sol";
import {Reducing} from "./Reducing.sol";
import {Situations} from "./Situations.sol";

/// @notice The closing chain from its first stage to its last. One without capacity is passed in the same call, on the same
/// numbers.
library Waterfall {
    using AuctionHouse for Chain;
    using Situations for Situations.Situation;

    /// @dev What one call has done so far, and why stages were passed.
    struct Run {
        IClearingHouse house;
        AccountId keeper;
        Pool pool;
        Assessor.Holder holder;
        ILiquidator.Stage stage;
        uint256 size;
        ILiquidator.Reason reduce;
        ILiquidator.Reason auction;
        ILiquidator.Reason absorb;
        ILiquidator.Reason offset;
    }

    /// @notice Takes the next step on a leg, or opens the lot that it needs.
    function descend(
        Chain storage chain,
        IClearingHouse house,
        AccountId account,
        AssetId asset,
        AccountId keeper
    ) external returns (ILiquidator.Stage, uint256) {
        require(keeper.ownerOf() != address(0), IClearingHouse.ReservedRow(keeper));
        Run memory run;
        (run.house, run.keeper) = (house, keeper);
        IClearingHouse.Case memory c;
        (c, run.pool, run.holder) = house.examineWithPool(account, asset);
        Situations.Situation memory s = Situations.load(chain, house, c, account, asset);
        Lot memory lot = chain.lotAt(account, asset);
        bool over = lot.size != 0 && AuctionHouse.isOver(s, lot);
        if (!s.open) {
            requireLeftover(s, lot, over);
            chain.close(s, lot);
            return (ILiquidator.Stage.None, 0);
        }
        require(
            lot.size == 0 || over,
            ILiquidator.LotNotOver(account, asset, AuctionHouse.endOf(s, lot), block.timestamp)
        );
        if (over && AuctionHouse.isForgotten(s, lot)) chain.close(s, lot);
        reduce(chain, s, run);
        bool opened = lot.size == 0 && !s.isDone() && auction(chain, s, lot, run);
        if (!opened) {
            absorb(chain, s, run);
            offset(chain, s, run);
            // What a lot that is over leaves to nobody is on offer again.
            if (lot.size != 0 && (s.isDone() || !auction(chain, s, lot, run))) chain.close(s, lot);
        }
        require(
            over || run.stage != ILiquidator.Stage.None,
            ILiquidator.NothingPossible(account, asset, run.reduce, run.auction, run.absorb, run.offset)
        );
        return (run.stage, run.size);
    }

    function reduce(Chain storage chain, Situations.Situation memory s, Run memory run) private {
        ILiquidator.Offer memory o = Reducing.offer(s, chain.flows[s.asset], run.pool, run.holder);
        run.reduce = o.reason;
        if (o.size == 0) return;
        Situations.Deal memory d = s.dealOf(o.size, o.planned);
        uint256 value = s.notional(o.size);
        uint256 cost = FixedPoint.mulUp(value, o.cost);
        if (cost > d.premium) d.tip -= FixedPoint.min(d.tip, cost - d.premium);
        (d.taker, d.premium) = (POOL, cost);
        if (!step(chain, s, run, d, ILiquidator.Stage.Reduce)) return;
        Flow memory flow = Reducing.used(chain.flows[s.asset], value);
        chain.flows[s.asset] = flow;
        emit ILiquidator.WindowUsed(s.asset, flow.windowStart, flow.windowUsed);
    }

    /// @return whether a lot was opened; the one that is over, if any, makes room for it
    function auction(
        Chain storage chain,
        Situations.Situation memory s,
        Lot memory lot,
        Run memory run
    ) private returns (bool) {
        ILiquidator.Offer memory o = AuctionHouse.offer(s, chain.flows[s.asset].inFlight - lot.size);
        run.auction = o.reason;
        if (o.size == 0) return false;
        chain.replace(s, lot, o.size, run.keeper);
        (run.stage, run.size) = (ILiquidator.Stage.Auction, o.size);
        return true;
    }

    function absorb(Chain storage chain, Situations.Situation memory s, Run memory run) private {
        if (s.isDone()) return;
        Assessor.Holder memory holder;
        if (AccountId.unwrap(chain.backstop) != 0) {
            IClearingHouse.Case memory c = run.house.examine(chain.backstop, s.asset);
            holder = Assessor.holder(c.account, c.size);
        }
        ILiquidator.Offer memory o = Absorbing.offer(s, chain.backstop, holder);
        run.absorb = o.reason;
        if (o.size == 0) return;
        Situations.Deal memory d = s.dealOf(o.size, o.planned);
        d.taker = chain.backstop;
        d.price = Incentives.price(s.size > 0, s.price.mark, int256(d.premium), o.size);
        step(chain, s, run, d, ILiquidator.Stage.Absorb);
    }

    function offset(Chain storage chain, Situations.Situation memory s, Run memory run) private {
        if (s.isDone()) return;
        ILiquidator.Offer memory o = Orphans.offer(s);
        run.offset = o.reason;
        if (o.size == 0) return;
        Situations.Deal memory d = s.dealOf(o.size, o.planned);
        d.price = s.price.mark;
        d.premium = 0;
        // A spot that nobody knows the worth of is sold for what it counts: nothing of that is left to pay anybody.
        if (s.isSpot()) (d.premium, d.tip) = (FixedPoint.mulUp(s.notional(o.size), s.margin), 0);
        step(chain, s, run, d, ILiquidator.Stage.Offset);
    }

    /// @dev A stage that fails is passed. What it reads has been latched for its offer: it cannot be made to fail by little gas.
    function step(
        Chain storage chain,
        Situations.Situation memory s,
        Run memory run,
        Situations.Deal memory d,
        ILiquidator.Stage stage
    ) private returns (bool) {
        s.payTo(d, run.keeper, 0);
        IClearingHouse.Liquidation memory terms = s.termsOf(d);
        bytes memory call =
            stage == ILiquidator.Stage.Offset
                ? abi.encodeCall(IClearingHouse.offset, (terms))
                : abi.encodeCall(IClearingHouse.liquidate, (terms, ""));
        (bool ok, bytes memory result) = address(run.house).call(call);
        if (!ok) {
            // Who brings too little gas does not decide which stage comes next.
            require(result.length != 0, ILiquidator.NoReason());
            emit ILiquidator.StageFailed(s.account, s.asset, stage, result);
            return false;
        }
        IClearingHouse.Step memory done = abi.decode(result, (IClearingHouse.Step));
        (run.stage, run.size) = (stage, FixedPoint.abs(s.size - done.size));
        s.take(done.size, done.standing);
        // The loss that was booked has used of it: in this call it pays nobody else.
        s.insurable = 0;
        uint256 tip = d.tip + d.insuredTip;
        emit ILiquidator.Stepped(s.account, s.asset, run.keeper, stage, run.size, done.price, d.penalty, tip);
        s.pay(chain.episodes[s.account], tip);
        // Where the pool is one of both it is worth something else now, and with it the depth of the market.
        bool pooled = stage == ILiquidator.Stage.Reduce || s.account == accountId(run.pool.owner, 0);
        if (pooled && !s.isDone()) s.reload(run.house.examine(s.account, s.asset));
        return true;
    }

    /// @dev Of an account that is not in trouble only a lot that nobody needs is taken away.
    function requireLeftover(Situations.Situation memory s, Lot memory lot, bool over) private pure {
        bool leftover = lot.size != 0 && (over || s.size == 0 || s.isSafe());
        require(
            leftover,
            IClearingHouse.AccountAboveMaintenance(s.account, s.standing.marginEquity, s.standing.maintenance)
        );
    }
}
