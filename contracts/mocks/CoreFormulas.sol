// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Accounting} from "../core/Accounting.sol";
import {Assessor} from "../core/Assessor.sol";
import {Markets} from "../core/Markets.sol";
import {Planner} from "../core/Planner.sol";
import {Quotes} from "../core/Quotes.sol";
import {AssetConfig, Pool} from "../core/Ledger.sol";
import {Reduction} from "../libraries/Reduction.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {Batching} from "./Batching.sol";

/// @notice The formulas of the core that read no storage, a contract for each library.
contract AccountingFormulas is Batching {
    function signed(uint256 value) external pure returns (int256) {
        return Accounting.signed(value);
    }
    function scaled(uint256 amount, uint256 unit) external pure returns (uint256) {
        return Accounting.scaled(amount, unit);
    }
    function payout(
        uint256 value,
        uint256 held,
        uint256 deficit,
        uint256 unit
    ) external pure returns (uint256 paid, uint256 forgone) {
        return Accounting.payout(value, held, deficit, unit);
    }
    function claim(uint256 most, uint256 held, uint256 deficit, uint256 unit) external pure returns (uint256) {
        return Accounting.claim(most, held, deficit, unit);
    }
}

contract AssessorFormulas is Batching {
    function liquidatable(Assessor.Assessment memory a) external pure returns (bool) {
        return Assessor.liquidatable(a);
    }
    function standing(Assessor.Assessment memory a) external pure returns (Assessor.Standing memory) {
        return Assessor.standing(a);
    }
    function holder(Assessor.Assessment memory a, int256 size) external pure returns (Assessor.Holder memory) {
        return Assessor.holder(a, size);
    }
    function maintenance(
        Markets.Market memory market,
        int256 size,
        Price memory price
    ) external pure returns (uint256) {
        return Assessor.maintenance(market, size, price);
    }
    function debt(Assessor.Standing memory s) external pure returns (uint256) {
        return Assessor.debt(s);
    }
    function orphaned(Assessor.Standing memory s) external pure returns (bool) {
        return Assessor.orphaned(s);
    }
    function overborrowed(Assessor.Standing memory s, uint256 cap) external pure returns (bool) {
        return Assessor.overborrowed(s, cap);
    }
    function leg(
        Markets.Market memory market,
        int256 size,
        Price memory price
    ) external pure returns (Assessor.Standing memory s) {
        return Assessor.leg(market, size, price);
    }
    function initial(
        Markets.Market memory market,
        int256 size,
        uint256 basis,
        Price memory price
    ) external pure returns (uint256) {
        return Assessor.initial(market, size, basis, price);
    }
    function shifted(
        Assessor.Standing memory s,
        Markets.Market memory market,
        Price memory price,
        int256 from,
        int256 to,
        int256 cash
    ) external pure returns (Assessor.Standing memory) {
        return Assessor.shifted(s, market, price, from, to, cash);
    }
    function noWorse(
        Assessor.Standing memory before,
        Assessor.Standing memory afterwards
    ) external pure returns (bool) {
        return Assessor.noWorse(before, afterwards);
    }
    function frozen(AssetConfig memory config, PriceStatus status) external pure returns (bool) {
        return Assessor.frozen(config, status);
    }
    function haircut(AssetConfig memory config, PriceStatus status) external pure returns (uint256) {
        return Assessor.haircut(config, status);
    }
    function maintenanceRate(Markets.Market memory market, PriceStatus status) external pure returns (uint256) {
        return Assessor.maintenanceRate(market, status);
    }
}

contract MarketsFormulas is Batching {
    function target_(AssetConfig memory config, Price memory price) external pure returns (uint256) {
        return Markets.target(config, price);
    }
    function depth(AssetConfig memory config, uint256 share) external pure returns (uint256) {
        return Markets.depth(config, share);
    }
}

contract PlannerFormulas is Batching {
    function plan(
        Assessor.Standing memory s,
        Markets.Market memory market,
        int256 size,
        Price memory price,
        uint256 target,
        uint256 cost
    ) external pure returns (Reduction.Plan memory) {
        return Planner.plan(s, market, size, price, target, cost);
    }
    function legOf(
        Assessor.Standing memory s,
        Markets.Market memory market,
        int256 size,
        Price memory price,
        uint256 target,
        uint256 cost
    ) external pure returns (Reduction.Leg memory leg) {
        return Planner.legOf(s, market, size, price, target, cost);
    }
    function orphaned(
        Assessor.Standing memory s,
        Markets.Market memory market,
        int256 size,
        Price memory price,
        int256 cost
    ) external pure returns (uint256) {
        return Planner.orphaned(s, market, size, price, cost);
    }
    function better(Reduction.Plan memory a, Reduction.Plan memory b) external pure returns (bool) {
        return Planner.better(a, b);
    }
}

contract QuotesFormulas is Batching {
    function price(
        Pool memory pool,
        Price memory p,
        int256 inventory,
        int256 size,
        uint256 depth
    ) external view returns (uint256) {
        return Quotes.price(pool, p, inventory, size, depth);
    }
    function forProviders(Pool memory pool, Price memory p, bool buys) external pure returns (uint256) {
        return Quotes.forProviders(pool, p, buys);
    }
    function most(Pool memory pool, int256 equity, uint256 depth) external pure returns (uint256) {
        return Quotes.most(pool, equity, depth);
    }
    function oneSided(Pool memory pool, int256 equity, uint256 inventory) external pure returns (bool) {
        return Quotes.oneSided(pool, equity, inventory);
    }
    function room(
        Pool memory pool,
        int256 equity,
        int256 inventory,
        bool buys,
        uint256 mark,
        uint256 depth
    ) external pure returns (uint256) {
        return Quotes.room(pool, equity, inventory, buys, mark, depth);
    }
}
