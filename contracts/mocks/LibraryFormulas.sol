// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Budget, Reserve} from "../core/Ledger.sol";
import {Average} from "../libraries/Average.sol";
import {Budgets} from "../libraries/Budgets.sol";
import {Deleverage} from "../libraries/Deleverage.sol";
import {Entries} from "../libraries/Entries.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {Funding} from "../libraries/Funding.sol";
import {Incentives} from "../libraries/Incentives.sol";
import {Legs} from "../libraries/Legs.sol";
import {Margin} from "../libraries/Margin.sol";
import {Minutes} from "../libraries/Minutes.sol";
import {Outflows} from "../libraries/Outflows.sol";
import {Quoting} from "../libraries/Quoting.sol";
import {Reduction} from "../libraries/Reduction.sol";
import {Shares} from "../libraries/Shares.sol";
import {Ticks} from "../libraries/Ticks.sol";
import {Vesting} from "../libraries/Vesting.sol";
import {Volatility} from "../libraries/Volatility.sol";
import {AssetId} from "../types/AssetId.sol";
import {Batching} from "./Batching.sol";

/// @notice The formulas of the libraries one to one, a contract for each, so that a test can ask each for its last bit.
contract AverageFormulas is Batching {
    function step(uint256 average, uint256 held, uint256 elapsed, uint256 constant_) external pure returns (uint256) {
        return Average.step(average, held, elapsed, constant_);
    }
    function decay(uint256 elapsed, uint256 constant_) external pure returns (uint256) {
        return Average.decay(elapsed, constant_);
    }
}

contract BudgetsFormulas is Batching {
    function current(Budget memory budget, uint256 fund, uint256 time) external pure returns (Budget memory) {
        return Budgets.current(budget, fund, time);
    }
    function available(Budget memory budget) external pure returns (uint256) {
        return Budgets.available(budget);
    }
    function refilledAt(Budget memory budget) external pure returns (uint256 time) {
        return Budgets.refilledAt(budget);
    }
}

contract DeleverageFormulas is Batching {
    function offsetMultiplier(
        bool long,
        uint256 m,
        uint256 openInterest,
        uint256 closed
    ) external pure returns (uint256) {
        return Deleverage.offsetMultiplier(long, m, openInterest, closed);
    }
    function offsetCash(
        bool long,
        Deleverage.Index memory index,
        uint256 multiplierAfter,
        uint256 openInterest,
        uint256 closed,
        uint256 price
    ) external pure returns (int256) {
        return Deleverage.offsetCash(long, index, multiplierAfter, openInterest, closed, price);
    }
    function offsetProceeds(bool long, uint256 closed, uint256 price) external pure returns (int256) {
        return Deleverage.offsetProceeds(long, closed, price);
    }
    function pickUpSize(bool long, uint256 size, uint256 from, uint256 to) external pure returns (uint256) {
        return Deleverage.pickUpSize(long, size, from, to);
    }
    function pickUpCash(
        bool long,
        uint256 size,
        Deleverage.Index memory from,
        Deleverage.Index memory to,
        uint256 charged
    ) external pure returns (int256) {
        return Deleverage.pickUpCash(long, size, from, to, charged);
    }
    function shareCapacity(
        bool long,
        uint256 mark,
        uint256 edge,
        uint256 maxHaircut,
        uint256 taken
    ) external pure returns (uint256) {
        return Deleverage.shareCapacity(long, mark, edge, maxHaircut, taken);
    }
    function shareFraction(uint256 deficit, uint256 capacity) external pure returns (uint256) {
        return Deleverage.shareFraction(deficit, capacity);
    }
    function shareCharge(uint256 fraction, uint256 capacityPerUnit) external pure returns (uint256) {
        return Deleverage.shareCharge(fraction, capacityPerUnit);
    }
    function sharePaid(uint256 size, uint256 charge) external pure returns (uint256) {
        return Deleverage.sharePaid(size, charge);
    }
    function shareCash(uint256 charge, uint256 multiplier) external pure returns (uint256) {
        return Deleverage.shareCash(charge, multiplier);
    }
    function shareTaken(uint256 charge) external pure returns (uint256) {
        return Deleverage.shareTaken(charge);
    }
    function absorb(bool long, uint256 basis, uint256 taken, uint256 maxHaircut) external pure returns (uint256) {
        return Deleverage.absorb(long, basis, taken, maxHaircut);
    }
}

contract FundingFormulas is Batching {
    function target_(
        int256 skew,
        uint256 depth,
        uint256 openInterest,
        uint256 slope,
        uint256 cap
    ) external pure returns (int256) {
        return Funding.target(skew, depth, openInterest, slope, cap);
    }
    function averaged(
        int256 rate,
        int256 target_,
        uint256 elapsed
    ) external pure returns (int256 next, int256 accrued) {
        return Funding.averaged(rate, target_, elapsed);
    }
    function accrue(int256 index, int256 accrued, uint256 mark) external pure returns (int256) {
        return Funding.accrue(index, accrued, mark);
    }
    function cash(int256 size, int256 from, int256 to) external pure returns (int256) {
        return Funding.cash(size, from, to);
    }
}

contract IncentivesFormulas is Batching {
    function health(int256 equity, uint256 maintenance) external pure returns (uint256) {
        return Incentives.health(equity, maintenance);
    }
    function move(uint256 sigma, uint256 elapsed) external pure returns (uint256) {
        return Incentives.move(sigma, elapsed);
    }
    function duration(uint256 margin, uint256 sigma) external pure returns (uint256) {
        return Incentives.duration(margin, sigma);
    }
    function slice(uint256 margin, uint256 depth) external pure returns (uint256) {
        return Incentives.slice(margin, depth);
    }
    function insured(uint256 notional) external pure returns (uint256) {
        return Incentives.insured(notional);
    }
    function premium(
        uint256 notional,
        uint256 floor,
        uint256 top,
        uint256 elapsed,
        uint256 duration_
    ) external pure returns (int256) {
        return Incentives.premium(notional, floor, top, elapsed, duration_);
    }
    function price(bool long, uint256 mark, int256 premium_, uint256 size) external pure returns (uint256) {
        return Incentives.price(long, mark, premium_, size);
    }
}

contract LegsFormulas is Batching {
    function count(uint96 legs) external pure returns (uint256 n) {
        return Legs.count(legs);
    }
    function legAt(uint96 legs, uint256 i) external pure returns (AssetId) {
        return Legs.legAt(legs, i);
    }
    function contains(uint96 legs, AssetId asset) external pure returns (bool) {
        return Legs.contains(legs, asset);
    }
    function add(uint96 legs, AssetId asset) external pure returns (uint96) {
        return Legs.add(legs, asset);
    }
    function remove(uint96 legs, AssetId asset) external pure returns (uint96) {
        return Legs.remove(legs, asset);
    }
    function list(uint96 legs) external pure returns (AssetId[] memory assets) {
        return Legs.list(legs);
    }
}

contract MarginFormulas is Batching {
    function targetRate(
        uint256 deviations,
        uint256 horizon,
        uint256 sigma,
        uint256 floorRate,
        uint256 capRate
    ) external pure returns (uint256) {
        return Margin.targetRate(deviations, horizon, sigma, floorRate, capRate);
    }
    function ramped(uint256 rate, uint256 target, uint256 elapsed) external pure returns (uint256) {
        return Margin.ramped(rate, target, elapsed);
    }
    function initialRate(uint256 rate, uint256 target, uint256 factor, uint256 cap) external pure returns (uint256) {
        return Margin.initialRate(rate, target, factor, cap);
    }
    function crowdedRate(
        uint256 rate,
        uint256 openInterest,
        uint256 lower,
        uint256 upper
    ) external pure returns (uint256) {
        return Margin.crowdedRate(rate, openInterest, lower, upper);
    }
    function depthShare(int256 equity, uint256 depth) external pure returns (uint256) {
        return Margin.depthShare(equity, depth);
    }
    function heldShare(uint256 held, uint256 live, uint256 elapsed) external pure returns (uint256) {
        return Margin.heldShare(held, live, elapsed);
    }
    function required(uint256 notional, uint256 rate, uint256 depth) external pure returns (uint256) {
        return Margin.required(notional, rate, depth);
    }
    function reserve(int256 size, uint256 price, uint256 basis, uint256 haircut) external pure returns (uint256) {
        return Margin.reserve(size, price, basis, haircut);
    }
    function notionalOf(int256 size, uint256 price) external pure returns (uint256) {
        return Margin.notionalOf(size, price);
    }
    function value(int256 size, uint256 price) external pure returns (int256) {
        return Margin.value(size, price);
    }
    function counted(int256 gross, uint256 haircut) external pure returns (int256) {
        return Margin.counted(gross, haircut);
    }
    function worse(int256 size, uint256 a, uint256 b) external pure returns (uint256) {
        return Margin.worse(size, a, b);
    }
}

contract MinutesFormulas is Batching {
    function current(Minutes.Minute memory minute) external view returns (Minutes.Minute memory) {
        return Minutes.current(minute);
    }
    function plus(Minutes.Minute memory minute, uint256 notional) external view returns (Minutes.Minute memory) {
        return Minutes.plus(minute, notional);
    }
    function left(Minutes.Minute memory minute, uint256 depth, uint256 rate) external view returns (uint256) {
        return Minutes.left(minute, depth, rate);
    }
}

contract OutflowsFormulas is Batching {
    function current(Reserve memory reserve, uint256 inflow, uint256 time) external pure returns (Reserve memory) {
        return Outflows.current(reserve, inflow, time);
    }
    function left(Reserve memory reserve, uint256 share, uint256 floor) external pure returns (uint256) {
        return Outflows.left(reserve, share, floor);
    }
    function quoteFloor(uint256 thousands) external pure returns (uint256) {
        return Outflows.quoteFloor(thousands);
    }
    function spotFloor(uint256 total) external pure returns (uint256) {
        return Outflows.spotFloor(total);
    }
}

contract QuotingFormulas is Batching {
    function ageRate(uint256 sigma, uint256 age, uint256 factor, uint256 deviation) external pure returns (uint256) {
        return Quoting.ageRate(sigma, age, factor, deviation);
    }
    function inventoryRate(uint256 age, int256 from, uint256 notional, uint256 depth) external pure returns (uint256) {
        return Quoting.inventoryRate(age, from, notional, depth);
    }
    function price(bool buys, uint256 mark, uint256 fast, uint256 rate) external pure returns (uint256) {
        return Quoting.price(buys, mark, fast, rate);
    }
}

contract ReductionFormulas is Batching {
    function plan(Reduction.Leg memory leg) external pure returns (Reduction.Plan memory p) {
        return Reduction.plan(leg);
    }
    function closing(Reduction.Leg memory leg, uint256 n) external pure returns (Reduction.Plan memory p) {
        return Reduction.closing(leg, n);
    }
}

contract SharesFormulas is Batching {
    function entryRate(uint256 supply, int256 entry) external pure returns (Shares.Rate memory) {
        return Shares.entryRate(supply, entry);
    }
    function exitRate(uint256 supply, uint256 value, uint256 locked) external pure returns (Shares.Rate memory) {
        return Shares.exitRate(supply, value, locked);
    }
    function room(Shares.Rate memory rate) external pure returns (uint256) {
        return Shares.room(rate);
    }
    function sharesDown(Shares.Rate memory rate, uint256 value) external pure returns (uint256) {
        return Shares.sharesDown(rate, value);
    }
    function valueDown(Shares.Rate memory rate, uint256 shares) external pure returns (uint256) {
        return Shares.valueDown(rate, shares);
    }
    function valueUp(Shares.Rate memory rate, uint256 shares) external pure returns (uint256) {
        return Shares.valueUp(rate, shares);
    }
    function due(
        Shares.Request memory request,
        Shares.Rate memory rate,
        uint256 shares
    ) external pure returns (uint256) {
        return Shares.due(request, rate, shares);
    }
    function sharesDue(
        Shares.Request memory request,
        Shares.Rate memory rate,
        uint256 value
    ) external pure returns (uint256) {
        return Shares.sharesDue(request, rate, value);
    }
    function positive(int256 value) external pure returns (uint256) {
        return Shares.positive(value);
    }
}

contract TicksFormulas is Batching {
    function tickOf(uint256 price) external pure returns (uint256) {
        return Ticks.tickOf(price);
    }
    function lower(uint256 tick) external pure returns (uint256) {
        return Ticks.lower(tick);
    }
    function upper(uint256 tick) external pure returns (uint256) {
        return Ticks.upper(tick);
    }
}

contract VestingFormulas is Batching {
    function lockedAt(Vesting.Locked memory gains, uint256 time) external pure returns (uint256) {
        return Vesting.lockedAt(gains, time);
    }
    function follow(
        Vesting.Locked memory gains,
        uint256 before,
        uint256 present,
        uint256 time
    ) external pure returns (Vesting.Locked memory) {
        return Vesting.follow(gains, before, present, time);
    }
    function gain(
        Vesting.Locked memory gains,
        uint256 amount,
        uint256 time
    ) external pure returns (Vesting.Locked memory) {
        return Vesting.gain(gains, amount, time);
    }
    function lose(
        Vesting.Locked memory gains,
        uint256 amount,
        uint256 time
    ) external pure returns (Vesting.Locked memory) {
        return Vesting.lose(gains, amount, time);
    }
}

contract VolatilityFormulas is Batching {
    function sample(uint256 before, uint256 price, uint256 elapsed) external pure returns (uint256) {
        return Volatility.sample(before, price, elapsed);
    }
    function step(
        uint256 average,
        uint256 sample_,
        uint256 elapsed,
        uint256 constant_
    ) external pure returns (uint256) {
        return Volatility.step(average, sample_, elapsed, constant_);
    }
    function sigma(uint256 short, uint256 long) external pure returns (uint256) {
        return Volatility.sigma(short, long);
    }
}

contract FixedPointFormulas is Batching {
    function mulDown(uint256 x, uint256 y) external pure returns (uint256) {
        return FixedPoint.mulDown(x, y);
    }
    function mulUp(uint256 x, uint256 y) external pure returns (uint256) {
        return FixedPoint.mulUp(x, y);
    }
    function mulDivDown(uint256 x, uint256 y, uint256 d) external pure returns (uint256) {
        return FixedPoint.mulDivDown(x, y, d);
    }
    function mulDivUp(uint256 x, uint256 y, uint256 d) external pure returns (uint256) {
        return FixedPoint.mulDivUp(x, y, d);
    }
    function divUp(uint256 x, uint256 d) external pure returns (uint256) {
        return FixedPoint.divUp(x, d);
    }
    function mulFloor(int256 x, uint256 y) external pure returns (int256) {
        return FixedPoint.mulFloor(x, y);
    }
    function mulCeil(int256 x, uint256 y) external pure returns (int256) {
        return FixedPoint.mulCeil(x, y);
    }
    function mulDivFloor(int256 x, uint256 y, uint256 d) external pure returns (int256) {
        return FixedPoint.mulDivFloor(x, y, d);
    }
    function mulDivCeil(int256 x, uint256 y, uint256 d) external pure returns (int256) {
        return FixedPoint.mulDivCeil(x, y, d);
    }
    function sqrtUp(uint256 x) external pure returns (uint256 root) {
        return FixedPoint.sqrtUp(x);
    }
    function abs(int256 x) external pure returns (uint256) {
        return FixedPoint.abs(x);
    }
    function min(uint256 x, uint256 y) external pure returns (uint256) {
        return FixedPoint.min(x, y);
    }
    function max(uint256 x, uint256 y) external pure returns (uint256) {
        return FixedPoint.max(x, y);
    }
}

contract EntriesFormulas is Batching {
    using Entries for Entries.Window;
    Entries.Window internal window;

    function room(Entries.Window memory from, int256 equity, uint256 inventory) external view returns (uint256) {
        return from.room(equity, inventory);
    }

    function enter(
        Entries.Window memory from,
        int256 equity,
        uint256 inventory,
        uint256 value
    ) external returns (Entries.Window memory) {
        window = from;
        window.enter(equity, inventory, value);
        return window;
    }
}
