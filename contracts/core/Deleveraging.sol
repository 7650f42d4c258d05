// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LibBit} from "solady/src/utils/LibBit.sol";
import {Deleverage} from "../libraries/Deleverage.sol";
import {Ticks} from "../libraries/Ticks.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {EpochEnd, Ledger, Perp, Side, Tick} from "./Ledger.sol";
import {Positions} from "./Positions.sol";

/// @notice The last resorts, on storage: closing an orphaned leg against the whole other side at mark, and taking a share
/// of a side's profit by ticks of basis. Cost does not depend on how many accounts the side has.
library Deleveraging {
    event SideOffset(
        AssetId indexed asset,
        bool indexed long,
        uint256 closed,
        uint256 price,
        uint256 version,
        uint256 multiplier,
        int256 cashIndex,
        uint256 openInterest
    );
    event EpochEnded(AssetId indexed asset, bool indexed long, uint256 epoch);
    event TickShared(
        AssetId indexed asset,
        bool indexed long,
        uint256 indexed tick,
        uint256 shareVersion,
        uint256 charge
    );
    event ProfitShared(
        AssetId indexed asset,
        bool indexed long,
        uint256 shareVersion,
        uint256 fraction,
        uint256 paid,
        uint256 dust
    );

    /// @notice A share in progress: from the lowest tick in use up.
    struct Share {
        uint256 mark;
        uint256 haircut;
        uint256 from;
        uint256 capacity;
        uint256 fraction;
        uint256 collected;
    }

    /// @notice Brings a position up to date.
    function touch(
        Ledger storage ledger,
        AccountId account,
        AssetId asset
    ) external returns (int256 cash, int256 held) {
        (cash, held, ) = Positions.resize(ledger, account, asset, 0, 0);
    }

    /// @notice Ends what rounding left an account of a leg that has no other side any more.
    function drop(Ledger storage ledger, AccountId account, AssetId asset) external {
        Positions.resize(ledger, account, asset, -int256(ledger.positions[account][asset].size), 1);
    }

    /// @notice Closes up to `size` of the account's leg at `price` against all members of the other side, everyone by the
    /// same fraction. The funding index must be accrued. The account's pick-up is part of `cash`.
    function offset(
        Ledger storage ledger,
        AccountId account,
        AssetId asset,
        uint256 size,
        uint256 price
    ) external returns (uint256 closed, int256 cash, int256 left) {
        Perp storage perp = ledger.perps[asset];
        int256 held;
        (cash, held, left) = Positions.resize(ledger, account, asset, 0, price);
        closed = FixedPoint.min(FixedPoint.min(size, FixedPoint.abs(held)), perp.openInterest);
        if (closed == 0) return (0, cash, left);
        bool long = held > 0;
        (, , left) = Positions.resize(ledger, account, asset, long ? -int256(closed) : int256(closed), price);
        cash += Deleverage.offsetProceeds(long, closed, price);
        offsetSide(perp, asset, !long, closed, price);
    }

    /// @notice Takes the same fraction of profit, at most the haircut, from every tick of the side that is in profit, the lowest
    /// first and at most `limit` of them. Where it stops the next call goes on: what is left of the deficit is the same fraction
    /// of what is left of the profit, as long as nothing else changes.
    /// @return paid what goes to the deficit, never more than it
    /// @return dust what rounding collected beyond it
    function share(
        Ledger storage ledger,
        AssetId asset,
        bool long,
        uint256 deficit,
        uint256 mark,
        uint256 limit
    ) external returns (uint256 paid, uint256 dust) {
        if (deficit == 0 || limit == 0) return (0, 0);
        Side storage side = Positions.sideOf(ledger.perps[asset], long);
        Share memory state;
        (state.mark, state.haircut, state.from) = (mark, Positions.haircutOf(ledger, asset), side.page);
        uint256[] memory ticks = ticksInUse(side);
        state.capacity = capacityOf(side, state, long, ticks);
        if (state.from != 0) side.page = 0;
        if (state.capacity == 0) return (0, 0);
        state.fraction = Deleverage.shareFraction(deficit, state.capacity);
        uint256 next = chargeTicks(side, state, asset, long, ticks, limit);
        if (next != 0) side.page = uint16(next);
        paid = FixedPoint.min(deficit, state.collected);
        dust = state.collected - paid;
        emit ProfitShared(asset, long, side.shareVersion, state.fraction, paid, dust);
    }

    /// @notice What a share could take of a side at this mark, in 1e18.
    function capacity(Ledger storage ledger, AssetId asset, bool long, uint256 mark) external view returns (uint256) {
        Side storage side = Positions.sideOf(ledger.perps[asset], long);
        Share memory state;
        (state.mark, state.haircut) = (mark, Positions.haircutOf(ledger, asset));
        return capacityOf(side, state, long, ticksInUse(side)) / WAD;
    }

    /// @notice How many ticks have members.
    function countTicks(Side storage side) internal view returns (uint256 n) {
        for (uint256 words = side.usedWords; words != 0; words &= words - 1) {
            n += LibBit.popCount(side.usedTicks[LibBit.ffs(words)]);
        }
    }

    /// @notice The ticks that have members, in order of price.
    function ticksInUse(Side storage side) internal view returns (uint256[] memory ticks) {
        ticks = new uint256[](countTicks(side));
        uint256 n;
        for (uint256 words = side.usedWords; words != 0; words &= words - 1) {
            uint256 word = LibBit.ffs(words);
            for (uint256 bits = side.usedTicks[word]; bits != 0; bits &= bits - 1) {
                ticks[n++] = (word << 8) | LibBit.ffs(bits);
            }
        }
    }

    function offsetSide(Perp storage perp, AssetId asset, bool long, uint256 closed, uint256 price) private {
        Side storage side = Positions.sideOf(perp, long);
        uint256 openInterest = perp.openInterest;
        Deleverage.Index memory index = Deleverage.Index(side.multiplier, side.cashIndex, perp.fundingIndex);
        uint256 multiplier = Deleverage.offsetMultiplier(long, index.multiplier, openInterest, closed);
        int256 cash = Deleverage.offsetCash(long, index, multiplier, openInterest, closed, price);
        perp.openInterest = uint96(openInterest - closed);
        uint256 version = ++side.version;
        side.checkpointed = false;
        emit SideOffset(asset, long, closed, price, version, multiplier, cash, openInterest - closed);
        if (multiplier >= Deleverage.EPOCH_FLOOR) {
            side.multiplier = uint104(multiplier);
            side.cashIndex = int152(cash);
        } else {
            endEpoch(side, EpochEnd(uint104(multiplier), int152(cash), perp.fundingIndex));
            emit EpochEnded(asset, long, side.epoch - 1);
        }
    }

    function endEpoch(Side storage side, EpochEnd memory end) private {
        side.epochEnds[side.epoch++] = end;
        side.multiplier = uint104(Deleverage.ONE);
        side.cashIndex = 0;
        ++side.shareVersion;
    }

    /// @return next the tick at which the next call goes on; 0 when there is none left
    function chargeTicks(
        Side storage side,
        Share memory state,
        AssetId asset,
        bool long,
        uint256[] memory ticks,
        uint256 limit
    ) private returns (uint256 next) {
        uint256 shareVersion = ++side.shareVersion;
        for (uint256 i = 0; i < ticks.length; ++i) {
            if (ticks[i] < state.from) continue;
            if (limit == 0) return ticks[i];
            --limit;
            uint256 charge = chargeTick(side, state, long, ticks[i]);
            if (charge != 0) emit TickShared(asset, long, ticks[i], shareVersion, charge);
        }
    }

    /// @dev Σ size·w, in 1e36.
    function capacityOf(
        Side storage side,
        Share memory state,
        bool long,
        uint256[] memory ticks
    ) private view returns (uint256 sum) {
        for (uint256 i = 0; i < ticks.length; ++i) {
            if (ticks[i] < state.from) continue;
            uint256 edge = long ? Ticks.upper(ticks[i]) : Ticks.lower(ticks[i]);
            // What is not in profit needs no reading.
            if (long ? state.mark <= edge : edge <= state.mark) continue;
            Tick memory tick = side.ticks[ticks[i]];
            sum += Positions.tickSize(side, tick) * perUnit(state, long, ticks[i], tick.taken);
        }
    }

    function perUnit(Share memory state, bool long, uint256 tick, uint256 taken) private pure returns (uint256) {
        uint256 edge = long ? Ticks.upper(tick) : Ticks.lower(tick);
        return Deleverage.shareCapacity(long, state.mark, edge, state.haircut, taken);
    }

    function chargeTick(
        Side storage side,
        Share memory state,
        bool long,
        uint256 index
    ) private returns (uint256 charge) {
        Tick storage tick = side.ticks[index];
        charge = Deleverage.shareCharge(state.fraction, perUnit(state, long, index, tick.taken));
        if (charge == 0) return 0;
        if (tick.cashEpoch < side.epoch) {
            if (tick.shared) side.tickEpochEnds[index][tick.cashEpoch] = tick.cashIndex;
            tick.cashIndex = 0;
            tick.cashEpoch = side.epoch;
        }
        tick.shared = true;
        unchecked {
            tick.cashIndex += uint152(Deleverage.shareCash(charge, side.multiplier));
        }
        tick.taken += uint80(Deleverage.shareTaken(charge));
        state.collected += Deleverage.sharePaid(Positions.tickSize(side, tick), charge);
    }
}
