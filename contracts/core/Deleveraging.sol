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
    /// @notice What each tick pays per unit, in ray.
    event TicksShared(AssetId indexed asset, bool indexed long, uint256 shareVersion, Charge[] charges);
    event ProfitShared(
        AssetId indexed asset,
        bool indexed long,
        uint256 shareVersion,
        uint256 fraction,
        uint256 paid,
        uint256 dust
    );

    /// @notice At which tick a share goes on that did not get through; zero when none waits.
    event PageTurned(AssetId indexed asset, bool indexed long, uint256 tick);

    struct Charge {
        uint16 tick;
        uint240 perUnit;
    }

    /// @notice A tick in profit: its size, and what may still be taken per unit.
    struct Band {
        uint256 tick;
        uint256 size;
        uint256 perUnit;
    }

    /// @notice A share in progress: from a tick up, and where the next call goes on; 0 when there is none left.
    struct Share {
        uint256 mark;
        uint256 haircut;
        uint256 from;
        uint256 next;
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
        Band[] memory bands = profitable(side, state, long);
        uint256 most = sum(bands);
        if (most == 0) {
            turn(side, asset, long, 0);
            return (0, 0);
        }
        state.fraction = Deleverage.shareFraction(deficit, most);
        charge(side, state, asset, long, bands, limit);
        turn(side, asset, long, state.next);
        paid = FixedPoint.min(deficit, state.collected);
        dust = state.collected - paid;
        emit ProfitShared(asset, long, side.shareVersion, state.fraction, paid, dust);
    }

    /// @notice What a share could take of a side at this mark, in 1e18.
    function capacity(Ledger storage ledger, AssetId asset, bool long, uint256 mark) external view returns (uint256) {
        Side storage side = Positions.sideOf(ledger.perps[asset], long);
        Share memory state;
        (state.mark, state.haircut) = (mark, Positions.haircutOf(ledger, asset));
        return sum(profitable(side, state, long)) / WAD;
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

    function charge(
        Side storage side,
        Share memory state,
        AssetId asset,
        bool long,
        Band[] memory bands,
        uint256 limit
    ) private {
        uint256 count = FixedPoint.min(limit, bands.length);
        Charge[] memory charges = new Charge[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 perUnit = Deleverage.shareCharge(state.fraction, bands[i].perUnit);
            charges[i] = Charge(uint16(bands[i].tick), uint240(perUnit));
            state.collected += Deleverage.sharePaid(bands[i].size, perUnit);
            take(side, bands[i].tick, perUnit);
        }
        emit TicksShared(asset, long, ++side.shareVersion, charges);
        if (count < bands.length) state.next = bands[count].tick;
    }

    function turn(Side storage side, AssetId asset, bool long, uint256 page) private {
        if (side.page == page) return;
        side.page = uint16(page);
        emit PageTurned(asset, long, page);
    }

    function take(Side storage side, uint256 index, uint256 perUnit) private {
        if (perUnit == 0) return;
        Tick memory tick = side.ticks[index];
        if (tick.cashEpoch < side.epoch) {
            if (tick.shared) side.tickEpochEnds[index][tick.cashEpoch] = tick.cashIndex;
            (tick.cashIndex, tick.cashEpoch) = (0, side.epoch);
        }
        tick.shared = true;
        unchecked {
            tick.cashIndex += uint152(Deleverage.shareCash(perUnit, side.multiplier));
        }
        tick.taken += uint80(Deleverage.shareTaken(perUnit));
        side.ticks[index] = tick;
    }

    /// @dev The ticks in profit that have something left to take, from where the share goes on.
    function profitable(Side storage side, Share memory state, bool long) private view returns (Band[] memory bands) {
        uint256[] memory ticks = ticksInUse(side);
        bands = new Band[](ticks.length);
        uint256 count;
        for (uint256 i = 0; i < ticks.length; ++i) {
            if (ticks[i] < state.from) continue;
            uint256 edge = long ? Ticks.upper(ticks[i]) : Ticks.lower(ticks[i]);
            // What is not in profit needs no reading.
            if (long ? state.mark <= edge : edge <= state.mark) continue;
            Tick memory tick = side.ticks[ticks[i]];
            uint256 perUnit = Deleverage.shareCapacity(long, state.mark, edge, state.haircut, tick.taken);
            if (perUnit == 0) continue;
            bands[count++] = Band(ticks[i], Positions.tickSize(side, tick), perUnit);
        }
        assembly ("memory-safe") {
            mstore(bands, count)
        }
    }

    /// @dev Σ size·w, in 1e36.
    function sum(Band[] memory bands) private pure returns (uint256 total) {
        for (uint256 i = 0; i < bands.length; ++i) total += bands[i].size * bands[i].perUnit;
    }
}
