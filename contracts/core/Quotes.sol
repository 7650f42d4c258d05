// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Margin} from "../libraries/Margin.sol";
import {Quoting} from "../libraries/Quoting.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {Exchanging} from "./Exchanging.sol";
import {Pool} from "./Ledger.sol";

/// @notice What a market's pool asks for and how far it goes, from the same numbers for a view and for a fill.
library Quotes {
    /// @notice The price of a unit when a taker buys `size` (sells, if negative) from a pool that holds `inventory`.
    function price(
        Pool memory pool,
        Price memory p,
        int256 inventory,
        int256 size,
        uint256 depth
    ) internal view returns (uint256) {
        bool buys = size > 0;
        int256 against = Margin.value(buys ? -inventory : inventory, p.mark);
        uint256 rate = Quoting.inventoryRate(ageRate(pool, p), against, Margin.notionalOf(size, p.mark), depth);
        return Quoting.price(buys, p.mark, p.fast, halfSpread(pool) + rate);
    }

    /// @notice What a unit of what a pool holds is to those who come and go: they choose their moment, so however fresh the
    /// mark is, it costs what the feeds may be off.
    function forProviders(Pool memory pool, Price memory p, bool buys) internal pure returns (uint256) {
        return Quoting.price(buys, p.mark, p.fast, halfSpread(pool) + mostDeviation(pool));
    }

    /// @notice The most notional that a pool holds: a part of the live depth, a multiple of its equity.
    function most(Pool memory pool, int256 equity, uint256 depth) internal pure returns (uint256) {
        return
            FixedPoint.min(
                FixedPoint.mulDivDown(depth, pool.inventoryLimit, 10_000),
                multiple(equity, pool.leverageLimit)
            );
    }

    /// @notice Whether a pool holds so much per equity that it only quotes the side that reduces it.
    function oneSided(Pool memory pool, int256 equity, uint256 inventory) internal pure returns (bool) {
        return inventory > multiple(equity, pool.oneSided);
    }

    /// @notice How much a taker may buy (sell, if not) of a pool now; what brings the pool nearer to nothing is always taken.
    function room(
        Pool memory pool,
        int256 equity,
        int256 inventory,
        bool buys,
        uint256 mark,
        uint256 depth
    ) internal pure returns (uint256) {
        uint256 held = FixedPoint.abs(inventory);
        uint256 limit = FixedPoint.mulDivDown(most(pool, equity, depth), WAD, mark);
        if (inventory != 0 && (inventory > 0) == buys) return limit + held;
        if (oneSided(pool, equity, Margin.notionalOf(inventory, mark)) || limit <= held) return 0;
        return limit - held;
    }

    /// @notice What a pool may hold when it did not only get rid of what it held.
    function requireInventory(
        Pool memory pool,
        AssetId asset,
        int256 equity,
        Exchanging.Change memory change,
        uint256 mark,
        uint256 depth
    ) internal pure {
        uint256 before = Margin.notionalOf(change.before, mark);
        uint256 inventory = Margin.notionalOf(change.afterwards, mark);
        bool sameSide = change.before != 0 && (change.before > 0) == (change.afterwards > 0);
        uint256 limit = most(pool, equity, depth);
        if (sameSide && oneSided(pool, equity, before)) limit = before;
        require(inventory <= limit, IClearingHouse.InventoryAboveLimit(asset, inventory, limit));
    }

    /// @dev Of nothing when there is none; in hundredths.
    function multiple(int256 equity, uint256 factor) private pure returns (uint256) {
        return equity > 0 ? FixedPoint.mulDivDown(uint256(equity), factor, 100) : 0;
    }

    function halfSpread(Pool memory pool) private pure returns (uint256) {
        return pool.halfSpread * (WAD / 1e6);
    }

    function mostDeviation(Pool memory pool) private pure returns (uint256) {
        return uint256(pool.deviation) * 1e14;
    }

    function ageRate(Pool memory pool, Price memory p) private view returns (uint256) {
        uint256 age = block.timestamp - p.updatedAt;
        return Quoting.ageRate(p.sigma, age, pool.ageFactor, mostDeviation(pool));
    }
}
