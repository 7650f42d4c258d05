// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Assessor} from "../core/Assessor.sol";
import {Pool} from "../core/Ledger.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ILiquidationStage} from "../interfaces/ILiquidationStage.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {Incentives} from "../libraries/Incentives.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {POOL} from "../types/Rows.sol";
import {Absorbing} from "./Absorbing.sol";
import {AuctionHouse} from "./AuctionHouse.sol";
import {Bounds} from "./Bounds.sol";
import {Chain, Flow, Lot, Terms} from "./Chain.sol";
import {Orphans} from "./Orphans.sol";
import {Outlooks} from "./Outlooks.sol";
import {Reducing} from "./Reducing.sol";
import {Situations} from "./Situations.sol";

/// @notice The entry of the closing chain and the only one with its capability. A stage is a library: one without capacity is
/// passed in the same call, on the same numbers.
contract Liquidator is ILiquidator, ILiquidationStage, AccessManaged, ReentrancyGuardTransient {
    using AuctionHouse for Chain;
    using Bounds for Chain;
    using Situations for Situations.Situation;

    IClearingHouse public immutable clearingHouse;
    Chain internal chain;

    /// @dev What one call has done so far, and why stages were passed.
    struct Run {
        AccountId keeper;
        Pool pool;
        Assessor.Holder holder;
        Stage stage;
        uint256 size;
        Reason reduce;
        Reason auction;
        Reason absorb;
        Reason offset;
    }

    constructor(address authority, IClearingHouse clearingHouse_) AccessManaged(authority) {
        clearingHouse = clearingHouse_;
    }

    /// @inheritdoc ILiquidator
    function liquidate(
        AccountId account,
        AssetId asset,
        AccountId keeper
    ) external nonReentrant returns (Stage, uint256) {
        require(keeper.ownerOf() != address(0), IClearingHouse.ReservedRow(keeper));
        Run memory run;
        IClearingHouse.Case memory c;
        (c, run.pool, run.holder) = clearingHouse.examineWithPool(account, asset);
        Situations.Situation memory s = Situations.load(chain, clearingHouse, c, account, asset);
        Lot memory lot = chain.lotAt(account, asset);
        bool over = lot.size != 0 && AuctionHouse.isOver(s, lot);
        if (!s.open) {
            requireLeftover(s, lot, over);
            chain.close(s, lot);
            return (Stage.None, 0);
        }
        require(lot.size == 0 || over, LotNotOver(account, asset, AuctionHouse.endOf(s, lot), block.timestamp));
        if (over && AuctionHouse.isForgotten(s, lot)) chain.close(s, lot);
        run.keeper = keeper;
        reduce(s, run);
        bool opened = lot.size == 0 && !s.isDone() && auction(s, lot, run);
        if (!opened) {
            absorb(s, run);
            offset(s, run);
            // What a lot that is over leaves to nobody is on offer again.
            if (lot.size != 0 && (s.isDone() || !auction(s, lot, run))) chain.close(s, lot);
        }
        require(
            over || run.stage != Stage.None,
            NothingPossible(account, asset, run.reduce, run.auction, run.absorb, run.offset)
        );
        return (run.stage, run.size);
    }

    /// @inheritdoc ILiquidator
    function liquidateMany(Entry[] calldata entries, AccountId keeper) external returns (bytes[] memory reasons) {
        reasons = new bytes[](entries.length);
        for (uint256 i = 0; i < entries.length; ++i) {
            try this.liquidate(entries[i].account, entries[i].asset, keeper) {} catch (bytes memory reason) {
                // Who runs out of gas says nothing: that must not look like a success.
                if (reason.length == 0) reason = abi.encodeWithSelector(NoReason.selector);
                emit Skipped(i, reason);
                reasons[i] = reason;
            }
        }
    }

    /// @inheritdoc ILiquidator
    function bid(Bid calldata terms) external nonReentrant returns (uint256 size, uint256 price) {
        return chain.fill(clearingHouse, terms);
    }

    /// @inheritdoc ILiquidationStage
    function onTaken(bytes calldata data) external {
        require(msg.sender == address(clearingHouse), NotClearingHouse(msg.sender));
        AuctionHouse.hand(data);
    }

    /// @inheritdoc ILiquidator
    function setTerms(AssetId asset, Terms calldata terms) external restricted {
        chain.setTerms(asset, terms);
    }

    /// @inheritdoc ILiquidator
    function setBackstop(AccountId backstop_) external restricted {
        chain.setBackstop(backstop_);
    }

    /// @inheritdoc ILiquidator
    function outlook(AccountId account, AssetId asset) external view returns (Outlook memory) {
        return Outlooks.outlook(chain, clearingHouse, account, asset);
    }

    /// @inheritdoc ILiquidator
    function lotOf(AccountId account, AssetId asset) external view returns (LotView memory) {
        return chain.quote(clearingHouse, account, asset);
    }

    /// @inheritdoc ILiquidator
    function termsOf(AssetId asset) external view returns (Terms memory) {
        return chain.terms[asset];
    }

    /// @inheritdoc ILiquidator
    function flowOf(AssetId asset) external view returns (uint256 inFlight, uint256 windowLeft) {
        return Outlooks.flowOf(chain, clearingHouse, asset);
    }

    /// @inheritdoc ILiquidator
    function tipLeft(AccountId account) external view returns (uint256 since, uint256 left) {
        return (chain.episodes[account].since, chain.episodes[account].left);
    }

    /// @inheritdoc ILiquidator
    function backstop() external view returns (AccountId) {
        return chain.backstop;
    }

    function reduce(Situations.Situation memory s, Run memory run) internal {
        Offer memory o = Reducing.offer(s, chain.flows[s.asset], run.pool, run.holder);
        run.reduce = o.reason;
        if (o.size == 0) return;
        Situations.Deal memory d = s.dealOf(o.size, o.planned);
        uint256 value = s.notional(o.size);
        uint256 cost = FixedPoint.mulUp(value, o.cost);
        if (cost > d.premium) d.tip -= FixedPoint.min(d.tip, cost - d.premium);
        (d.taker, d.premium) = (POOL, cost);
        if (!step(s, run, d, Stage.Reduce)) return;
        Flow memory flow = Reducing.used(chain.flows[s.asset], value);
        chain.flows[s.asset] = flow;
        emit WindowUsed(s.asset, flow.windowStart, flow.windowUsed);
    }

    /// @return whether a lot was opened; the one that is over, if any, makes room for it
    function auction(Situations.Situation memory s, Lot memory lot, Run memory run) internal returns (bool) {
        Offer memory o = AuctionHouse.offer(s, chain.flows[s.asset].inFlight - lot.size);
        run.auction = o.reason;
        if (o.size == 0) return false;
        chain.replace(s, lot, o.size, run.keeper);
        (run.stage, run.size) = (Stage.Auction, o.size);
        return true;
    }

    function absorb(Situations.Situation memory s, Run memory run) internal {
        if (s.isDone()) return;
        Assessor.Holder memory holder;
        if (AccountId.unwrap(chain.backstop) != 0) {
            IClearingHouse.Case memory c = examine(chain.backstop, s.asset);
            holder = Assessor.holder(c.account, c.size);
        }
        Offer memory o = Absorbing.offer(s, chain.backstop, holder);
        run.absorb = o.reason;
        if (o.size == 0) return;
        Situations.Deal memory d = s.dealOf(o.size, o.planned);
        d.taker = chain.backstop;
        d.price = Incentives.price(s.size > 0, s.price.mark, int256(d.premium), o.size);
        step(s, run, d, Stage.Absorb);
    }

    function offset(Situations.Situation memory s, Run memory run) internal {
        if (s.isDone()) return;
        Offer memory o = Orphans.offer(s);
        run.offset = o.reason;
        if (o.size == 0) return;
        Situations.Deal memory d = s.dealOf(o.size, o.planned);
        d.price = s.price.mark;
        d.premium = 0;
        // A spot that nobody knows the worth of is sold for what it counts: nothing of that is left to pay anybody.
        if (s.isSpot()) (d.premium, d.tip) = (FixedPoint.mulUp(s.notional(o.size), s.margin), 0);
        step(s, run, d, Stage.Offset);
    }

    function examine(AccountId account, AssetId asset) internal returns (IClearingHouse.Case memory) {
        return clearingHouse.examine(account, asset);
    }

    /// @dev A stage that fails is passed. What it reads has been latched for its offer: it cannot be made to fail by little gas.
    function step(
        Situations.Situation memory s,
        Run memory run,
        Situations.Deal memory d,
        Stage stage
    ) internal returns (bool) {
        s.payTo(d, run.keeper, 0);
        IClearingHouse.Liquidation memory terms = s.termsOf(d);
        bytes memory call =
            stage == Stage.Offset
                ? abi.encodeCall(IClearingHouse.offset, (terms))
                : abi.encodeCall(IClearingHouse.liquidate, (terms, ""));
        (bool ok, bytes memory result) = address(clearingHouse).call(call);
        if (!ok) {
            // Who brings too little gas does not decide which stage comes next.
            require(result.length != 0, NoReason());
            emit StageFailed(s.account, s.asset, stage, result);
            return false;
        }
        IClearingHouse.Step memory done = abi.decode(result, (IClearingHouse.Step));
        (run.stage, run.size) = (stage, FixedPoint.abs(s.size - done.size));
        s.take(done.size, done.standing);
        // The loss that was booked has used of it: in this call it pays nobody else.
        s.insurable = 0;
        uint256 tip = d.tip + d.insuredTip;
        emit Stepped(s.account, s.asset, run.keeper, stage, run.size, done.price, d.penalty, tip);
        s.pay(chain.episodes[s.account], tip);
        // Where the pool is one of both it is worth something else now, and with it the depth of the market.
        bool pooled = stage == Stage.Reduce || s.account == accountId(run.pool.owner, 0);
        if (pooled && !s.isDone()) s.reload(examine(s.account, s.asset));
        return true;
    }

    /// @dev Of an account that is not in trouble only a lot that nobody needs is taken away.
    function requireLeftover(Situations.Situation memory s, Lot memory lot, bool over) internal pure {
        bool leftover = lot.size != 0 && (over || s.size == 0 || s.isSafe());
        require(
            leftover,
            IClearingHouse.AccountAboveMaintenance(s.account, s.standing.marginEquity, s.standing.maintenance)
        );
    }
}
