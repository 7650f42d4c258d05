// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../core/Assessor.sol";
import {AssetKind, AssetState} from "../core/Ledger.sol";
import {Markets} from "../core/Markets.sol";
import {Planner} from "../core/Planner.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {Incentives} from "../libraries/Incentives.sol";
import {Margin} from "../libraries/Margin.sol";
import {Reduction} from "../libraries/Reduction.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {Chain, Episode, Terms} from "./Chain.sol";

/// @notice One leg in trouble, as every stage looks at it.
library Situations {
    uint256 internal constant EPISODE = 1 hours;
    /// @dev What is left of a leg is at least so many tips, or it is closed whole.
    uint256 internal constant DUST = 100;
    uint256 internal constant MOST_INCENTIVE = 0.95e18;

    struct Situation {
        AccountId account;
        AssetId asset;
        Terms terms;
        Price price;
        Markets.Market market;
        int256 size;
        Assessor.Standing standing;
        bool spot;
        /// Below maintenance, or with spot to be sold for what is owed against it.
        bool open;
        bool debtSale;
        uint256 debtCap;
        /// clamp(health, 0, 1), and the margin that a unit of notional frees when closed; in 1e18.
        uint256 health;
        uint256 margin;
        /// What is left of the tip of this episode.
        uint256 tip;
        /// What insurance may pay for a bankrupt account.
        uint256 insurable;
    }

    /// @notice One step: who takes what, and what the account pays besides to insurance and keeper. The premium is the most that
    /// price and mark may be apart against it.
    struct Deal {
        AccountId taker;
        AccountId keeper;
        uint256 size;
        uint256 price;
        uint256 penalty;
        uint256 tip;
        uint256 premium;
        /// What insurance pays instead of a bankrupt account: the keeper's tip, and the most of a premium or what it is.
        uint256 insuredTip;
        uint256 insuredPremium;
    }

    function load(
        Chain storage chain,
        IClearingHouse house,
        IClearingHouse.Case memory c,
        AccountId account,
        AssetId asset
    ) internal view returns (Situation memory s) {
        (s.account, s.asset, s.terms) = (account, asset, chain.terms[asset]);
        require(s.terms.target != 0, ILiquidator.NoTerms(asset));
        (s.price, s.market) = (c.price, c.market);
        s.spot = c.market.config.kind == AssetKind.Spot;
        // Only an account with spot can owe quote against it.
        if (c.account.collateral != 0) s.debtCap = house.houseTerms().debtCap;
        bool liquidatable = Assessor.liquidatable(c.account);
        take(s, c.size, Assessor.standing(c.account));
        s.debtSale = !liquidatable && isSpot(s) && Assessor.overborrowed(s.standing, s.debtCap);
        s.open = s.size != 0 && (liquidatable || s.debtSale);
        if (!s.open) return s;
        s.tip = tipLeft(s, chain.episodes[account]);
        if (isBankrupt(s)) s.insurable = house.insurable(asset);
    }

    /// @notice The situation after a step.
    function take(Situation memory s, int256 size, Assessor.Standing memory standing) internal pure {
        (s.size, s.standing) = (size, standing);
        s.health = Incentives.health(standing.marginEquity, standing.maintenance);
        // Of a market that is gone there is nothing to free.
        if (s.market.config.kind == AssetKind.None) return;
        s.margin =
            isSpot(s)
                ? FixedPoint.min(Assessor.haircut(s.market.config, s.price.status), 10_000) * 1e14
                : FixedPoint.mulDown(slope(s), s.health);
    }

    /// @notice The situation as it is now: a trade in between may have changed the pool, and with it the depth of the market.
    function reload(Situation memory s, IClearingHouse.Case memory c) internal pure {
        (s.price, s.market) = (c.price, c.market);
        take(s, c.size, Assessor.standing(c.account));
    }

    /// @notice r = dMM/dn at the leg's size.
    function slope(Situation memory s) internal pure returns (uint256) {
        uint256 rate = Assessor.maintenanceRate(s.market, s.price.status);
        uint256 held = Margin.notionalOf(s.size, s.price.mark);
        return rate + FixedPoint.mulDivDown(held, WAD, s.market.maintenanceDepth);
    }

    function isSpot(Situation memory s) internal pure returns (bool) {
        return s.spot;
    }

    /// @notice Whether the account has nothing left to lose: less than nothing, or nothing but spot that owes more than it counts.
    function isBankrupt(Situation memory s) internal pure returns (bool) {
        return s.standing.equity < 0 || s.standing.maintenance == 0;
    }

    /// @notice Whether nothing of the leg can change hands at the last price: nobody knows what it is worth.
    function isFrozen(Situation memory s) internal pure returns (bool) {
        return s.price.status == PriceStatus.Stale || s.market.config.state == AssetState.Settling;
    }

    /// @notice What the account must hold so that it is safe again.
    function isSafe(Situation memory s) internal pure returns (bool) {
        return
            s.standing.marginEquity >=
                int256(FixedPoint.mulUp(uint256(s.terms.target) * 1e14, s.standing.maintenance)) &&
            !Assessor.overborrowed(s.standing, s.debtCap);
    }

    /// @notice Whether a step is neither needed nor allowed any more.
    function isDone(Situation memory s) internal pure returns (bool) {
        if (s.size == 0 || isSafe(s)) return true;
        return !s.debtSale && s.standing.marginEquity >= int256(s.standing.maintenance);
    }

    /// @notice Who is paid for a step, and what by insurance: nobody for being bankrupt himself.
    function payTo(Situation memory s, Deal memory d, AccountId keeper, uint256 insuredPremium) internal pure {
        (d.keeper, d.insuredPremium) = (keeper, insuredPremium);
        if (keeper == s.account) d.insuredTip = 0;
    }

    function termsOf(Situation memory s, Deal memory d) internal pure returns (IClearingHouse.Liquidation memory t) {
        (t.asset, t.account, t.taker, t.keeper) = (s.asset, s.account, d.taker, d.keeper);
        (t.size, t.price) = (d.size, d.price);
        uint256 half = d.penalty / 2;
        (t.reward, t.penalty) = (d.tip + half, d.penalty - half);
        (t.insuredPremium, t.insuredTip) = (d.insuredPremium, d.insuredTip);
        // Values of the two parts of a leg may round two wei apart.
        t.bound = d.penalty + d.tip + d.premium + 2;
    }

    /// @notice Writes down what a step took of the tip. An episode ends when the account is safe.
    function pay(Situation memory s, Episode storage episode, uint256 tip) internal {
        Episode memory e = episode;
        bool safe = isSafe(s);
        s.tip -= tip;
        if (safe ? e.since == 0 : tip == 0) return;
        if (safe) (e.since, e.left) = (0, 0);
        else if (block.timestamp >= e.since + EPISODE) e.since = uint48(block.timestamp);
        if (!safe) e.left = uint128(s.tip);
        (episode.since, episode.left) = (e.since, e.left);
        emit ILiquidator.EpisodeChanged(s.account, e.since, e.left);
    }

    /// @notice The tip of an episode that begins now, or what is left of the one that goes on.
    function tipLeft(Situation memory s, Episode memory episode) internal view returns (uint256) {
        if (block.timestamp < episode.since + EPISODE) return episode.left;
        uint256 bound = FixedPoint.max(s.standing.maintenance, freed(s, FixedPoint.abs(s.size)));
        return FixedPoint.min(s.terms.tip, FixedPoint.mulDivDown(bound, Incentives.MOST_TIP, 10_000));
    }

    /// @notice The smallest reduction at a cost per notional; of a debt sale what is owed beyond the cap.
    function smallest(Situation memory s, uint256 cost) internal pure returns (Reduction.Plan memory p) {
        if (!s.debtSale) {
            return
                Reduction.plan(
                    Planner.legOf(s.standing, s.market, s.size, s.price, uint256(s.terms.target) * 1e14, cost)
                );
        }
        p.size = debtSale(s, cost);
    }

    /// @notice As `smallest`, of an account that pays the tip besides.
    function smallestAfterTip(Situation memory s, uint256 cost) internal pure returns (Reduction.Plan memory p) {
        (int256 equity, int256 marginEquity) = (s.standing.equity, s.standing.marginEquity);
        s.standing.equity -= int256(s.tip);
        s.standing.marginEquity -= int256(s.tip);
        p = smallest(s, cost);
        (s.standing.equity, s.standing.marginEquity) = (equity, marginEquity);
    }

    /// @notice The smallest reduction that leaves no dust.
    function plan(Situation memory s, uint256 cost) internal pure returns (Reduction.Plan memory) {
        return withoutDust(s, smallest(s, cost), cost);
    }

    /// @notice As `plan`, of an account that pays the tip besides.
    function planAfterTip(Situation memory s, uint256 cost) internal pure returns (Reduction.Plan memory) {
        return withoutDust(s, smallestAfterTip(s, cost), cost);
    }

    function withoutDust(
        Situation memory s,
        Reduction.Plan memory p,
        uint256 cost
    ) private pure returns (Reduction.Plan memory) {
        uint256 whole = FixedPoint.abs(s.size);
        if (p.size != 0 && isDust(s, whole - p.size) && !s.debtSale && isPaid(s, whole, cost)) p.size = whole;
        return p;
    }

    /// @dev A solvent account with positions pays for a sale of spot out of its equity.
    function isPaid(Situation memory s, uint256 n, uint256 cost) private pure returns (bool) {
        if (!isSpot(s) || s.standing.equity < 0 || s.standing.maintenance == 0) return true;
        return FixedPoint.mulUp(FixedPoint.mulUp(n, s.price.mark), cost) + s.tip <= uint256(s.standing.equity);
    }

    function isDust(Situation memory s, uint256 size) internal pure returns (bool) {
        return FixedPoint.mulDown(size, s.price.mark) < DUST * uint256(s.terms.tip);
    }

    /// @notice A step on n: its penalty, its part of the tip, and all that may be paid besides as premium.
    function dealOf(Situation memory s, uint256 n, uint256 planned) internal pure returns (Deal memory d) {
        uint256 margin = freed(s, n);
        uint256 budget = FixedPoint.mulDown(margin, incentive(s));
        d.size = n;
        if (!isSpot(s)) d.penalty = share(margin, s.terms.penalty);
        uint256 tip = n >= planned ? s.tip : FixedPoint.mulDivDown(s.tip, n, planned);
        d.tip = FixedPoint.min(tip, budget - d.penalty);
        d.premium = budget - d.penalty - d.tip;
        if (s.standing.equity >= 0 || isSpot(s)) return d;
        uint256 insured = FixedPoint.min(s.insurable, Incentives.insured(notional(s, n)));
        d.insuredTip = FixedPoint.min(tip, insured);
        d.insuredPremium = insured - d.insuredTip;
    }

    /// @notice The margin that closing n frees: what it may be paid from.
    function freed(Situation memory s, uint256 n) internal pure returns (uint256) {
        if (isSpot(s)) return FixedPoint.mulDown(FixedPoint.mulDown(n, s.price.mark), s.margin);
        int256 left = s.size > 0 ? s.size - int256(n) : s.size + int256(n);
        uint256 before = Assessor.maintenance(s.market, s.size, s.price);
        return FixedPoint.mulDown(before - Assessor.maintenance(s.market, left, s.price), s.health);
    }

    /// @notice The share of the margin freed that a step may cost: κ + (95 % − κ)·(1 − health). The less is left, the less of it
    /// is the account's to lose, and the more of it must go to whoever takes the rest. Of a spot κ.
    function incentive(Situation memory s) internal pure returns (uint256) {
        uint256 least = uint256(s.terms.incentive) * 1e14;
        return isSpot(s) ? least : least + FixedPoint.mulDown(MOST_INCENTIVE - least, WAD - s.health);
    }

    /// @notice The penalty per notional closed.
    function penaltyRate(Situation memory s) internal pure returns (uint256) {
        return isSpot(s) ? 0 : FixedPoint.mulDivUp(s.margin, s.terms.penalty, 10_000);
    }

    /// @notice The most that a step costs per notional: κ·m.
    function mostCost(Situation memory s) internal pure returns (uint256) {
        return FixedPoint.mulUp(s.margin, incentive(s));
    }

    function notional(Situation memory s, uint256 n) internal pure returns (uint256) {
        return FixedPoint.mulDown(n, s.price.mark);
    }

    /// @notice The size of a notional, never more than the leg.
    function sizeOf(Situation memory s, uint256 value) internal pure returns (uint256) {
        return FixedPoint.min(FixedPoint.mulDivDown(value, WAD, s.price.mark), FixedPoint.abs(s.size));
    }

    /// @notice What free margin of an account carries when all of it is added to one side of the leg's market: the slope of its
    /// initial margin is at most the initial rate and the part of depth that it may hold, and it counts at slow where that
    /// is worse than mark.
    function carriedBy(
        Situation memory s,
        Assessor.Holder memory holder,
        uint256 limit
    ) internal pure returns (uint256) {
        if (holder.free <= 0) return 0;
        uint256 worse = Margin.worse(s.size, s.price.mark, s.price.slow);
        uint256 gap = worse > s.price.mark ? worse - s.price.mark : s.price.mark - worse;
        // A leg that cannot be traded weighs more; what is worth more at slow asks for more as well.
        uint256 rate = Assessor.maintenanceRate(s.market, s.price.status) - s.market.maintenanceRate;
        rate = FixedPoint.mulDivUp(rate + s.market.initialRate + limit * 1e14, worse + gap, s.price.mark);
        return FixedPoint.mulDivDown(uint256(holder.free), WAD, rate + FixedPoint.mulDivUp(gap, WAD, s.price.mark));
    }

    /// @notice The offer of a stage that has no capacity, and why.
    function passed(
        ILiquidator.Offer memory o,
        ILiquidator.Reason reason
    ) internal pure returns (ILiquidator.Offer memory) {
        (o.size, o.reason) = (0, reason);
        return o;
    }

    function share(uint256 value, uint256 points) internal pure returns (uint256) {
        return FixedPoint.mulDivDown(value, points, 10_000);
    }

    /// @dev x of value with debt − (1 − f)·x = c·(collateral − x), c the cap over the target health; not more than repays all.
    function debtSale(Situation memory s, uint256 cost) private pure returns (uint256) {
        uint256 debt = Assessor.debt(s.standing);
        uint256 cap = FixedPoint.mulDivDown(s.debtCap * 1e14, 10_000, s.terms.target);
        uint256 kept = FixedPoint.mulDown(s.standing.collateral, cap);
        if (debt <= kept || WAD <= cost + cap) return 0;
        uint256 value = FixedPoint.mulDivUp(debt - kept, WAD, WAD - cost - cap);
        return sizeOf(s, FixedPoint.min(value, debt));
    }
}
