// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";

enum AssetKind {
    None,
    Perp,
    Spot
}

enum AssetState {
    Active,
    ReduceOnly,
    Halted,
    Settling
}

/// @notice One slot: signed quote in 1e18, the packed ids of the legs, and the perp it closed last, whose
/// deficit row takes what is still owed when no leg is left.
struct Account {
    int128 cash;
    uint96 legs;
    AssetId lastClosed;
}

/// @notice A leg. A spot leg uses only `size`; a perp leg says what its numbers relate to: the versions and the epoch of
/// its side and the funding index of its last touch.
struct Position {
    int96 size;
    uint80 basis;
    uint40 version;
    uint40 shareVersion;
    int128 fundingIndex;
    uint24 epoch;
}

/// @notice What a margin check reads of an asset, in one slot.
struct AssetConfig {
    AssetKind kind;
    AssetState state;
    /// Part of the value that does not count, in basis points: of unrealised profit for a perp, of the whole for a spot.
    uint16 haircut;
    uint64 maintenanceRate;
    uint64 initialRate;
    /// Notional that moves the price by 100 %.
    uint96 depth;
}

/// @notice What bounds an increase.
struct AssetLimits {
    /// Open interest per side (perp) or total size held (spot).
    uint128 total;
    /// Size of one account.
    uint128 perAccount;
}

/// @notice A member of its side like any position: brought to the side's version when it is used.
struct Tick {
    uint96 size;
    uint40 version;
    uint24 epoch;
    uint32 members;
    /// Whether any share ever touched it; until then the slots below are zero and need no reading.
    bool shared;
    uint152 cashIndex;
    uint80 taken;
    uint24 cashEpoch;
}

struct Checkpoint {
    uint104 multiplier;
    int152 cashIndex;
}

struct TickCheckpoint {
    uint152 cashIndex;
    uint80 taken;
}

struct EpochEnd {
    uint104 multiplier;
    int152 cashIndex;
    int128 fundingIndex;
}

/// @notice One side of a perp.
struct Side {
    /// Rises with every offset.
    uint40 version;
    /// Rises with every share and with every end of an epoch.
    uint40 shareVersion;
    uint24 epoch;
    /// Which words of `usedTicks` are not zero.
    uint32 usedWords;
    /// Whether the current version has its checkpoint.
    bool checkpointed;
    uint104 multiplier;
    int152 cashIndex;
    mapping(uint256 version => Checkpoint) checkpoints;
    mapping(uint256 epoch => EpochEnd) epochEnds;
    mapping(uint256 tick => Tick) ticks;
    mapping(uint256 tick => mapping(uint256 shareVersion => TickCheckpoint)) tickCheckpoints;
    mapping(uint256 tick => mapping(uint256 epoch => uint256)) tickEpochEnds;
    mapping(uint256 word => uint256) usedTicks;
}

/// @notice A perp's own state. One open interest serves both sides: they are equal by construction.
struct Perp {
    int128 fundingIndex;
    uint96 openInterest;
    uint32 accruedAt;
    /// Per day, in 1e18.
    int64 fundingRate;
    /// What insurance may still pay of the standing deficit.
    uint128 coverable;
    Side long;
    Side short;
}

/// @notice A token held for accounts: `held` counts what the ledger owes, in 1e18, whatever the token's balance says.
struct Reserve {
    address token;
    uint8 decimals;
    uint128 held;
}

/// @notice What one market used of the insurance fund in the current windows, and the fund when they began.
struct Budget {
    uint128 hourUsed;
    uint128 hourFund;
    uint128 dayUsed;
    uint128 dayFund;
    uint40 hourStart;
    uint40 dayStart;
}

/// @notice All state of the clearing house.
struct Ledger {
    mapping(AccountId => Account) accounts;
    mapping(AccountId => mapping(AssetId => Position)) positions;
    mapping(AssetId => AssetConfig) configs;
    mapping(AssetId => AssetLimits) limits;
    mapping(AssetId => Perp) perps;
    mapping(AssetId => Reserve) reserves;
    mapping(AssetId => Budget) budgets;
    mapping(address owner => mapping(address operator => bool)) operators;
    mapping(address stage => uint256) capabilities;
    mapping(address token => bool) tokens;
    /// Markets whose deficit row is below zero.
    AssetId[] inDeficit;
    /// Σ of what nobody has paid yet, over all markets.
    uint256 deficit;
    uint256 listed;
}
