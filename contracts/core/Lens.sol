// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Funding} from "../libraries/Funding.sol";
import {Margin} from "../libraries/Margin.sol";
import {Reduction} from "../libraries/Reduction.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {DUST, FEES, INSURANCE, TREASURY, deficitRow} from "../types/Rows.sol";
import {Breakers} from "./Breakers.sol";
import {AssetConfig, AssetKind, AssetLimits, AssetState, Pool, Reserve} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Planner} from "./Planner.sol";
import {Positions} from "./Positions.sol";
import {Quotes} from "./Quotes.sol";

/// @title Views over the ledger
/// @notice Everything is as the next call in this block would find it: prices peeked, markets accrued, pick-ups applied.
contract Lens {
    /// @notice Why a leg is not treated as usual. Stale and halted legs weigh more.
    enum Hold {
        None,
        Stale,
        Halted,
        Settling,
        Diverged,
        ReduceOnly,
        /// More stands in its row than is tolerated: nobody adds.
        DeficitStands,
        /// Its insurance budget is spent: nobody adds.
        BudgetSpent
    }

    /// @notice Why an account may be liquidated, or what keeps it from it.
    enum Verdict {
        /// Margin equity covers maintenance.
        Healthy,
        /// Below maintenance at mark, not yet at the fast average, and not far below.
        Guarded,
        /// Below maintenance at mark and at the fast average.
        Below,
        /// So far below maintenance at mark that the average does not protect it.
        FarBelow,
        /// Healthy, but its spot may be sold: more quote is owed against it than the cap.
        Overborrowed
    }

    /// @notice What keeps a withdrawal from being larger.
    enum Limit {
        /// There is no more of it.
        Balance,
        InitialMargin,
        /// Quote is never withdrawn against spot.
        QuoteAgainstSpot,
        /// Sources of a leg disagree: nothing leaves.
        PriceDiverged,
        /// No token can be paid of what is held.
        NothingHeld,
        /// What may leave the ledger within an hour.
        Outflow
    }

    struct LegView {
        AssetId asset;
        int256 size;
        uint256 basis;
        uint256 mark;
        int256 value;
        /// What of the value counts as margin equity.
        int256 counted;
        uint256 maintenance;
        /// At the worse of mark and slow, the reserve on profit included.
        uint256 initial;
        Hold hold;
    }

    struct AccountView {
        int256 cash;
        LegView[] legs;
        Assessor.Assessment assessment;
        /// Margin equity / maintenance in 1e18; the largest number for an account that needs none.
        uint256 health;
        Verdict verdict;
        bool liquidatable;
        /// Quote owed against spot at mark, and the most before spot may be sold.
        uint256 debt;
        uint256 debtCap;
    }

    struct MarketView {
        AssetConfig config;
        AssetLimits limits;
        IClearingHouse.PerpView perp;
        Pool pool;
        IClearingHouse.SideView long;
        IClearingHouse.SideView short;
        Price price;
        /// Rates and depths as of now.
        Markets.Market now_;
        /// What longs pay shorts now, in 1e9 per day, and what that moves towards.
        int256 fundingRate;
        int256 fundingTarget;
        uint256 deficit;
        uint256 insuranceAvailable;
        Hold hold;
    }

    /// @notice What the failure of the other side would mean for a leg.
    struct ExposureView {
        /// Of each unit that nobody takes there, what is closed against this leg at mark, in 1e18.
        uint256 closed;
        /// The most that shares could take of its profit, and its part of what a share takes in 1e18.
        uint256 most;
        uint256 part;
        /// What a share could take of its whole side.
        uint256 shareable;
        /// What stands in the row of the market, and what of it insurance would pay now.
        uint256 deficit;
        uint256 insured;
    }

    struct WithdrawableView {
        /// The most a withdrawal may ask for now and what it would pay, in token units.
        uint256 amount;
        uint256 paid;
        Limit limit;
    }

    struct RowsView {
        int256 treasury;
        int256 insurance;
        int256 dust;
        /// Collected, not yet shared out.
        int256 fees;
        uint256 deficit;
        uint256 quoteHeld;
    }

    error TargetOutOfBounds(uint256 target, uint256 lower, uint256 upper);
    error CostAboveBound(uint256 cost, uint256 bound);
    error CostsDoNotMatchLegs(uint256 costs, uint256 legs);

    uint256 internal constant MAX_TARGET = 100e18;

    IClearingHouse public immutable clearingHouse;

    constructor(IClearingHouse clearingHouse_) {
        clearingHouse = clearingHouse_;
    }

    function account(AccountId id) external view returns (AccountView memory a) {
        AssetId[] memory assets = clearingHouse.legsOf(id);
        Price[] memory prices = peek(assets);
        a.cash = clearingHouse.cashOf(id);
        a.legs = new LegView[](assets.length);
        for (uint256 i = 0; i < assets.length; ++i) {
            Positions.PickedUp memory p = clearingHouse.previewPosition(id, assets[i]);
            a.cash += p.cash;
            a.legs[i] = legView(assets[i], p, prices[i]);
        }
        a.assessment = clearingHouse.assess(id);
        a.health = healthOf(a.assessment);
        a.liquidatable = Assessor.liquidatable(a.assessment);
        Assessor.Standing memory standing = Assessor.standing(a.assessment);
        uint256 cap = clearingHouse.houseTerms().debtCap;
        a.debt = Assessor.debt(standing);
        a.debtCap = (standing.collateral * cap) / 10_000;
        a.verdict = verdictOf(a.assessment, cap);
        (, uint256 interest) = clearingHouse.debtOf(id);
        a.cash -= int256(interest);
    }

    /// @notice Margin equity / maintenance in 1e18; the largest number for an account that needs none.
    function health(AccountId id) external view returns (uint256) {
        return healthOf(clearingHouse.assess(id));
    }

    function market(AssetId asset) external view returns (MarketView memory m) {
        (m.config, m.limits) = clearingHouse.configOf(asset);
        m.perp = clearingHouse.perpOf(asset);
        m.pool = clearingHouse.poolOf(asset);
        m.long = clearingHouse.sideOf(asset, true);
        m.short = clearingHouse.sideOf(asset, false);
        m.price = peekOne(asset);
        m.now_ = clearingHouse.marketOf(asset);
        m.fundingTarget = m.perp.conditions.fundingTarget;
        uint256 elapsed = block.timestamp - m.perp.accruedAt;
        (m.fundingRate, ) = Funding.averaged(m.perp.conditions.fundingRate, m.fundingTarget, elapsed);
        m.deficit = uint256(-clearingHouse.cashOf(deficitRow(asset)));
        m.hold = holdOf(asset, m.config.state, m.price);
        m.insuranceAvailable = FixedPoint.min(m.perp.losses.coverable, clearingHouse.insurable(asset));
    }

    /// @notice What of a leg would be closed and taken if accounts on the other side fail and nobody takes what they hold.
    function exposure(AccountId id, AssetId asset) external view returns (ExposureView memory e) {
        Positions.PickedUp memory p = clearingHouse.previewPosition(id, asset);
        IClearingHouse.PerpView memory perp = clearingHouse.perpOf(asset);
        e.deficit = uint256(-clearingHouse.cashOf(deficitRow(asset)));
        e.insured = FixedPoint.min(perp.losses.coverable, clearingHouse.insurable(asset));
        if (p.size == 0 || perp.openInterest == 0) return e;
        e.closed = FixedPoint.min(FixedPoint.mulDivDown(FixedPoint.abs(p.size), WAD, perp.openInterest), WAD);
        uint256 haircut = clearingHouse.marketOf(asset).config.haircut;
        e.most = Margin.reserve(p.size, peekOne(asset).mark, p.basis, haircut);
        e.shareable = clearingHouse.shareable(asset, p.size > 0);
        if (e.shareable != 0) e.part = FixedPoint.min(FixedPoint.mulDivDown(e.most, WAD, e.shareable), WAD);
    }

    /// @notice What the pool of a market asks for one unit when a taker buys `size` (sells, if negative): what a trade executes.
    /// And a size it takes in that direction: the largest, but for what the trade itself earns a pool bound by its equity.
    function quote(AssetId asset, int256 size) external view returns (uint256 price, uint256 most) {
        Pool memory pool = clearingHouse.poolOf(asset);
        require(pool.owner != address(0) && size != 0, IClearingHouse.NothingQuoted(asset));
        uint256 wanted = size == type(int256).min ? 1 << 255 : FixedPoint.abs(size);
        require(wanted <= type(uint128).max, Positions.SizeTooLarge(wanted, type(uint128).max));
        IClearingHouse.Case memory c = clearingHouse.caseOf(accountId(pool.owner, 0), asset);
        price = Quotes.price(pool, c.price, c.size, size, c.market.initialDepth);
        most = Quotes.room(pool, c.account.equity, c.size, size > 0, c.price.mark, c.market.initialDepth);
    }

    function rows() external view returns (RowsView memory) {
        return
            RowsView(
                clearingHouse.cashOf(TREASURY),
                clearingHouse.cashOf(INSURANCE),
                clearingHouse.cashOf(DUST),
                clearingHouse.cashOf(FEES),
                clearingHouse.totalDeficit(),
                clearingHouse.reserveOf(QUOTE).held
            );
    }

    /// @notice The smallest reduction of one leg that brings the account to a health of `target`, and the plan's toxicity.
    /// @param cost of closing, as a part of the notional closed in 1e18
    function reduction(
        AccountId id,
        AssetId asset,
        uint256 target,
        uint256 cost
    ) public view returns (Reduction.Plan memory) {
        require(target >= WAD && target <= MAX_TARGET, TargetOutOfBounds(target, WAD, MAX_TARGET));
        require(cost <= WAD, CostAboveBound(cost, WAD));
        return
            Planner.plan(
                Assessor.standing(clearingHouse.assess(id)),
                clearingHouse.marketOf(asset),
                clearingHouse.previewPosition(id, asset).size,
                peekOne(asset),
                target,
                cost
            );
    }

    /// @notice Which leg to reduce first, given what closing each costs: spot goes first when it is cheaper.
    /// @param costs of the legs, in the order of `legsOf`
    function firstReduction(
        AccountId id,
        uint256 target,
        uint256[] calldata costs
    ) external view returns (AssetId first, Reduction.Plan memory plan) {
        AssetId[] memory assets = clearingHouse.legsOf(id);
        require(costs.length == assets.length, CostsDoNotMatchLegs(costs.length, assets.length));
        for (uint256 i = 0; i < assets.length; ++i) {
            Reduction.Plan memory other = reduction(id, assets[i], target, costs[i]);
            if (i == 0 || Planner.better(other, plan)) (first, plan) = (assets[i], other);
        }
    }

    /// @notice The most of an asset that may be withdrawn now, and what limits it.
    function withdrawable(AccountId id, AssetId asset) external view returns (WithdrawableView memory w) {
        Assessor.Assessment memory a = clearingHouse.assess(id);
        Reserve memory reserve = clearingHouse.reserveOf(asset);
        uint256 unit = 10 ** (18 - reserve.decimals);
        uint256 left = clearingHouse.outflowLeft(asset);
        if (a.diverged) return WithdrawableView(0, 0, Limit.PriceDiverged);
        int256 room = a.initialEquity - int256(a.initial);
        if (asset != QUOTE) return withdrawableSpot(id, asset, room, left, unit);
        w.limit = a.initial != 0 ? Limit.InitialMargin : Limit.Balance;
        if (a.quoteEquity < room) (room, w.limit) = (a.quoteEquity, Limit.QuoteAgainstSpot);
        if (room <= 0) return w;
        w.amount = uint256(room) / unit;
        uint256 most = Accounting.claim(left, reserve.held, reserve.deficit, unit) / unit;
        if (w.amount > most) (w.amount, w.limit) = (most, Limit.Outflow);
        (w.paid, ) = Accounting.payout(w.amount * unit, reserve.held, reserve.deficit, unit);
        w.paid /= unit;
        if (w.paid == 0 && w.amount != 0) return WithdrawableView(0, 0, Limit.NothingHeld);
    }

    /// @dev What must stay is the smallest size whose counted value still covers the requirement.
    function withdrawableSpot(
        AccountId id,
        AssetId asset,
        int256 room,
        uint256 left,
        uint256 unit
    ) internal view returns (WithdrawableView memory w) {
        uint256 size = uint256(int256(clearingHouse.positionOf(id, asset).size));
        Price memory price = peekOne(asset);
        uint256 worse = FixedPoint.min(price.mark, price.slow);
        uint256 cut = Assessor.haircut(clearingHouse.marketOf(asset).config, price.status);
        int256 needed = Margin.counted(Margin.value(int256(size), worse), cut) - room;
        if (needed > 0) {
            w.limit = Limit.InitialMargin;
            uint256 value =
                cut < 10_000 ? FixedPoint.mulDivUp(uint256(needed), 10_000, 10_000 - cut) : type(uint128).max;
            uint256 stays = FixedPoint.mulDivUp(value, WAD, worse);
            size = size > stays ? size - stays : 0;
        }
        if (size > left) (size, w.limit) = (left, Limit.Outflow);
        w.amount = size / unit;
        w.paid = w.amount;
    }

    function legView(
        AssetId asset,
        Positions.PickedUp memory position,
        Price memory price
    ) internal view returns (LegView memory) {
        Markets.Market memory m = clearingHouse.marketOf(asset);
        Assessor.Standing memory leg = Assessor.leg(m, position.size, price);
        return
            LegView({
                asset: asset,
                size: position.size,
                basis: position.basis,
                mark: price.mark,
                value: leg.equity,
                counted: leg.marginEquity,
                maintenance: leg.maintenance,
                initial: m.config.kind == AssetKind.Perp
                    ? Assessor.initial(m, position.size, position.basis, price)
                    : 0,
                hold: holdOf(asset, m.config.state, price)
            });
    }

    function holdOf(AssetId asset, AssetState state, Price memory price) internal view returns (Hold) {
        if (price.status == PriceStatus.Stale) return Hold.Stale;
        if (state == AssetState.Halted) return Hold.Halted;
        if (state == AssetState.Settling) return Hold.Settling;
        if (price.status == PriceStatus.Diverged) return Hold.Diverged;
        if (state == AssetState.ReduceOnly) return Hold.ReduceOnly;
        IClearingHouse.PerpView memory perp = clearingHouse.perpOf(asset);
        if (block.timestamp < perp.losses.spentUntil) return Hold.BudgetSpent;
        uint256 deficit = uint256(-clearingHouse.cashOf(deficitRow(asset)));
        return deficit > Breakers.tolerated(perp.openInterest, price.mark) ? Hold.DeficitStands : Hold.None;
    }

    function verdictOf(Assessor.Assessment memory a, uint256 debtCap) internal pure returns (Verdict) {
        if (a.marginEquity >= int256(a.maintenance)) {
            return Assessor.overborrowed(Assessor.standing(a), debtCap) ? Verdict.Overborrowed : Verdict.Healthy;
        }
        if (!Assessor.liquidatable(a)) return Verdict.Guarded;
        return a.fastMarginEquity < int256(a.fastMaintenance) ? Verdict.Below : Verdict.FarBelow;
    }

    function healthOf(Assessor.Assessment memory a) internal pure returns (uint256) {
        if (a.maintenance == 0) return a.marginEquity < 0 ? 0 : type(uint256).max;
        return a.marginEquity <= 0 ? 0 : FixedPoint.mulDivDown(uint256(a.marginEquity), 1e18, a.maintenance);
    }

    function peekOne(AssetId asset) internal view returns (Price memory) {
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = asset;
        return peek(assets)[0];
    }

    function peek(AssetId[] memory assets) internal view returns (Price[] memory prices) {
        if (assets.length != 0) prices = IOracle(clearingHouse.oracle()).peek(assets);
    }
}
