// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Deleverage} from "../libraries/Deleverage.sol";
import {Funding} from "../libraries/Funding.sol";
import {Ticks} from "../libraries/Ticks.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {MAX_PRICE, MIN_PRICE} from "../types/Price.sol";
import {Checkpoint, EpochEnd, Ledger, Perp, Position, Side, Tick, TickCheckpoint} from "./Ledger.sol";

/// @notice Perp positions and what keeps them findable: lazy pick-up of offsets and shares, and the ticks of basis.
///
/// A position whose two versions equal its side's reads no index at all. Otherwise it walks from the checkpoint of its
/// version, epoch by epoch, to now. Whoever first adopts a version writes its checkpoint.
library Positions {
    /// @notice A leg as it is after a touch; `settled` is what the touch paid into cash before anything else.
    event PositionChanged(AccountId indexed account, AssetId indexed asset, int256 size, uint256 basis, int256 settled);

    error SizeTooLarge(uint256 size, uint256 bound);

    uint256 internal constant MAX_SIZE = (1 << 95) - 1;

    /// @notice Where a pick-up ends.
    struct PickedUp {
        int256 size;
        int256 cash;
        uint256 basis;
    }

    /// @dev The state of a pick-up between two epochs.
    struct Walk {
        bool long;
        bool shared;
        uint256 size;
        uint256 tick;
        uint256 charged;
        uint256 taken;
        Deleverage.Index from;
        Deleverage.Index to;
    }

    /// @notice Brings a position up to date, then adds `delta` to it. The caller owns cash and open interest.
    /// @return cash what the pick-up pays (or takes)
    /// @return before the size after the pick-up
    /// @return afterwards the size after the change
    function resize(
        Ledger storage ledger,
        AccountId account,
        AssetId asset,
        int256 delta,
        uint256 mark
    ) internal returns (int256 cash, int256 before, int256 afterwards) {
        Perp storage perp = ledger.perps[asset];
        Position memory position = ledger.positions[account][asset];
        uint256 haircut = haircutOf(ledger, asset);
        cash = pickUp(perp, position, haircut);
        before = position.size;
        afterwards = before + delta;
        require(FixedPoint.abs(afterwards) <= MAX_SIZE, SizeTooLarge(FixedPoint.abs(afterwards), MAX_SIZE));
        if (delta != 0) setSize(perp, position, afterwards, mark);
        ledger.positions[account][asset] = position;
        emit PositionChanged(account, asset, afterwards, position.basis, cash);
    }

    /// @notice What a touch of the position would make of it now.
    /// @param fundingIndex the perp's funding index, accrued to now
    function preview(
        Perp storage perp,
        Position memory position,
        int256 fundingIndex,
        uint256 haircut
    ) internal view returns (PickedUp memory result) {
        if (position.size == 0) return result;
        Side storage side = sideOf(perp, position.size > 0);
        if (isCurrent(side, position.version, position.shareVersion)) {
            result.size = position.size;
            result.cash = Funding.cash(position.size, position.fundingIndex, fundingIndex);
            result.basis = position.basis;
            return result;
        }
        return walk(side, position, fundingIndex, haircut);
    }

    /// @notice Whether a position of these versions has nothing to pick up but funding.
    function isCurrent(Side storage side, uint256 version, uint256 shareVersion) internal view returns (bool) {
        return side.version == version && side.shareVersion == shareVersion;
    }

    function haircutOf(Ledger storage ledger, AssetId asset) internal view returns (uint256) {
        return uint256(ledger.configs[asset].haircut) * 1e14;
    }

    function sideOf(Perp storage perp, bool long) internal view returns (Side storage) {
        return long ? perp.long : perp.short;
    }

    /// @notice The tick's size as of now: it is a lazy member of its side like any position.
    function tickSize(Side storage side, Tick memory tick) internal view returns (uint256 size) {
        size = tick.size;
        if (size == 0 || tick.version == side.version) return size;
        uint256 from = side.checkpoints[tick.version].multiplier;
        for (uint256 epoch = tick.epoch; epoch < side.epoch && size != 0; ++epoch) {
            size = FixedPoint.mulDivDown(size, side.epochEnds[epoch].multiplier, from);
            from = Deleverage.ONE;
        }
        return FixedPoint.mulDivDown(size, side.multiplier, from);
    }

    /// @notice How many positions share the tick of a basis.
    function membersAt(Side storage side, uint256 basis) internal view returns (uint256) {
        return side.ticks[Ticks.tickOf(basis)].members;
    }

    /// @dev One step per epoch that ended since the last touch; each but the last shrank the side by more than 2²³.
    function walk(
        Side storage side,
        Position memory position,
        int256 fundingIndex,
        uint256 haircut
    ) private view returns (PickedUp memory result) {
        Walk memory w = startOf(side, position);
        for (uint256 epoch = position.epoch; ; ++epoch) {
            bool last = epoch == side.epoch;
            w.to = last ? Deleverage.Index(side.multiplier, side.cashIndex, fundingIndex) : endOf(side, epoch);
            if (w.shared) w.charged = difference(tickCashAt(side, w.tick, epoch), w.charged);
            result.cash += Deleverage.pickUpCash(w.long, w.size, w.from, w.to, w.charged);
            w.size = Deleverage.pickUpSize(w.long, w.size, w.from.multiplier, w.to.multiplier);
            if (last || w.size == 0) break;
            w.from = Deleverage.Index(Deleverage.ONE, 0, w.to.funding);
            w.charged = 0;
        }
        result.size = w.long ? int256(w.size) : -int256(w.size);
        result.basis = position.basis;
        uint256 taken = w.shared ? side.ticks[w.tick].taken - w.taken : 0;
        if (taken != 0) result.basis = bounded(Deleverage.absorb(w.long, position.basis, taken, haircut));
    }

    function startOf(Side storage side, Position memory position) private view returns (Walk memory w) {
        w.long = position.size > 0;
        w.size = FixedPoint.abs(position.size);
        w.tick = Ticks.tickOf(position.basis);
        w.shared = position.shareVersion != side.shareVersion;
        if (w.shared) {
            TickCheckpoint storage seen = side.tickCheckpoints[w.tick][position.shareVersion];
            (w.charged, w.taken) = (seen.cashIndex, seen.taken);
        }
        Checkpoint storage checkpoint = side.checkpoints[position.version];
        w.from = Deleverage.Index(checkpoint.multiplier, checkpoint.cashIndex, position.fundingIndex);
    }

    function endOf(Side storage side, uint256 epoch) private view returns (Deleverage.Index memory) {
        EpochEnd memory end = side.epochEnds[epoch];
        return Deleverage.Index(end.multiplier, end.cashIndex, end.fundingIndex);
    }

    function tickCashAt(Side storage side, uint256 tick, uint256 epoch) private view returns (uint256) {
        Tick storage stored = side.ticks[tick];
        return epoch == stored.cashEpoch ? stored.cashIndex : side.tickEpochEnds[tick][epoch];
    }

    /// @dev The cash index of a tick may wrap: within one membership it moves by far less than its width.
    function difference(uint256 to, uint256 from) private pure returns (uint256) {
        unchecked {
            return uint152(to - from);
        }
    }

    function bounded(uint256 basis) private pure returns (uint256) {
        if (basis < MIN_PRICE) return MIN_PRICE;
        return basis > MAX_PRICE ? MAX_PRICE : basis;
    }

    function pickUp(Perp storage perp, Position memory position, uint256 haircut) private returns (int256) {
        int256 fundingIndex = perp.fundingIndex;
        PickedUp memory now_ = preview(perp, position, fundingIndex, haircut);
        position.fundingIndex = int128(fundingIndex);
        if (position.size == 0) return 0;
        Side storage side = sideOf(perp, position.size > 0);
        if (isCurrent(side, position.version, position.shareVersion)) return now_.cash;
        bool moves = now_.size == 0 || now_.basis != position.basis;
        if (moves) exit(side, position.basis, FixedPoint.abs(now_.size), true);
        position.size = int96(now_.size);
        position.basis = uint80(now_.basis);
        if (now_.size == 0) return now_.cash;
        if (moves) join(side, position);
        else adopt(side, position, side.ticks[Ticks.tickOf(position.basis)]);
        return now_.cash;
    }

    function setSize(Perp storage perp, Position memory position, int256 size, uint256 mark) private {
        int256 before = position.size;
        bool sameSide = before != 0 && size != 0 && (before > 0) == (size > 0);
        uint256 old = FixedPoint.abs(before);
        uint256 new_ = FixedPoint.abs(size);
        position.size = int96(size);
        if (sameSide && new_ < old) {
            Side storage side = sideOf(perp, size > 0);
            adopt(side, position, exit(side, position.basis, old - new_, false));
            return;
        }
        if (before != 0) exit(sideOf(perp, before > 0), position.basis, old, true);
        if (size == 0) return;
        position.basis = uint80(sameSide ? averageBasis(size > 0, position.basis, old, mark, new_ - old) : mark);
        join(sideOf(perp, size > 0), position);
    }

    /// @dev Rounded against profit: up for longs, down for shorts.
    function averageBasis(
        bool long,
        uint256 basis,
        uint256 size,
        uint256 mark,
        uint256 added
    ) private pure returns (uint256) {
        uint256 weighted = basis * size + mark * added;
        return long ? FixedPoint.divUp(weighted, size + added) : weighted / (size + added);
    }

    function exit(Side storage side, uint256 basis, uint256 size, bool whole) private returns (Tick storage tick) {
        uint256 index = Ticks.tickOf(basis);
        tick = use(side, index);
        uint256 left = tick.size;
        tick.size = uint96(left > size ? left - size : 0);
        if (!whole) return tick;
        if (--tick.members == 0) {
            tick.size = 0;
            if (tick.shared) tick.taken = 0;
            unmark(side, index);
        }
    }

    function join(Side storage side, Position memory position) private {
        uint256 index = Ticks.tickOf(position.basis);
        Tick storage tick = use(side, index);
        tick.size += uint96(FixedPoint.abs(position.size));
        if (tick.members++ == 0) mark_(side, index);
        adopt(side, position, tick);
    }

    /// @notice Brings a tick to its side's version, which then needs its checkpoint.
    function use(Side storage side, uint256 index) private returns (Tick storage tick) {
        tick = side.ticks[index];
        writeCheckpoint(side);
        if (tick.version == side.version) return tick;
        tick.size = uint96(tickSize(side, tick));
        tick.version = side.version;
        tick.epoch = side.epoch;
    }

    function adopt(Side storage side, Position memory position, Tick storage tick) private {
        writeCheckpoint(side);
        position.version = side.version;
        position.shareVersion = side.shareVersion;
        position.epoch = side.epoch;
        if (!tick.shared) return;
        uint152 cashIndex = tick.cashEpoch == side.epoch ? tick.cashIndex : 0;
        TickCheckpoint storage seen = side.tickCheckpoints[Ticks.tickOf(position.basis)][side.shareVersion];
        if (seen.cashIndex == cashIndex && seen.taken == tick.taken) return;
        seen.cashIndex = cashIndex;
        seen.taken = tick.taken;
    }

    function writeCheckpoint(Side storage side) private {
        if (side.checkpointed) return;
        side.checkpoints[side.version] = Checkpoint(side.multiplier, side.cashIndex);
        side.checkpointed = true;
    }

    function mark_(Side storage side, uint256 tick) private {
        uint256 word = tick >> 8;
        if (side.usedTicks[word] == 0) side.usedWords |= uint32(1 << word);
        side.usedTicks[word] |= 1 << (tick & 255);
    }

    function unmark(Side storage side, uint256 tick) private {
        uint256 word = tick >> 8;
        side.usedTicks[word] &= ~(1 << (tick & 255));
        if (side.usedTicks[word] == 0) side.usedWords &= ~uint32(1 << word);
    }
}
