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

/// @notice One slot: signed quote in 1e18, the packed ids of the legs, the perp it closed last, whose deficit row takes what
/// is still owed when no leg is left, and whether it owes quote against spot.
struct Account {
    int128 cash;
    uint96 legs;
    AssetId lastClosed;
    bool indebted;
}

/// @notice Quote owed against spot: the amount that bears interest, and since when.
struct Debt {
    uint128 amount;
    uint40 since;
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

/// @notice What a margin check reads of an asset, in one slot. Rates and shares are in basis points.
struct AssetConfig {
    AssetKind kind;
    AssetState state;
    /// Part of the value that does not count: of unrealised profit for a perp, of the whole for a spot.
    uint16 haircut;
    /// The least and the largest maintenance rate.
    uint16 floorRate;
    uint16 capRate;
    /// Initial rate per maintenance rate, and the most it may become.
    uint16 initialFactor;
    uint16 initialCap;
    /// How many standard deviations of the move within the horizon, in seconds, maintenance covers; in hundredths.
    uint16 deviations;
    uint16 horizon;
    /// Funding per day for each unit of the pool's skew, and the most it may be.
    uint16 fundingSlope;
    uint16 fundingCap;
    /// Notional that moves the price by 100 %.
    uint96 depth;
}

/// @notice What bounds an increase.
struct AssetLimits {
    /// Open interest per side in quote (perp) or size held (spot).
    uint96 total;
    /// Open interest per side from which the initial rate of new positions rises towards 50 % at the total.
    uint96 crowdedFrom;
    /// Of one account in 1e18: notional as a share of the live depth (perp), size as a share of the total (spot).
    uint64 perAccount;
}

/// @notice What holds for all markets, in one slot.
struct HouseTerms {
    /// The least initial equity of an account that adds to a perp.
    uint96 leastMargin;
    /// Interest on quote owed against spot, per year in 1e18.
    uint64 debtRate;
    /// The most that may be owed, in basis points of the spot's value, before the spot may be sold.
    uint16 debtCap;
    /// How far quote may be from one dollar, in basis points, before every market only reduces; 0 for no guard.
    uint16 pegBound;
    /// The insurance's part of fees, in basis points; the rest is the treasury's.
    uint16 insuranceShare;
    uint16 listed;
    /// The part of a reserve that may leave within an hour, net, in basis points; all of it for no limit.
    uint16 outflow;
    /// Thousands of quote that may leave within an hour whatever the share.
    uint16 outflowFloor;
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
    /// The tick at which a share goes on that did not get through all of them; zero for none.
    uint16 page;
}

/// @notice What a market is like now, in one slot: brought up to date by every accrual.
struct Conditions {
    /// What open positions need: follows the target by a bounded ramp.
    uint64 maintenanceRate;
    /// What volatility asked for at the last accrual.
    uint64 targetRate;
    /// What longs pay shorts per day in 1e9: the average of an hour, and what the pool's skew asks for as measured last.
    int32 fundingRate;
    int32 fundingTarget;
    /// Live depth as a share of the configured one in 1e9: as measured last, and as maintenance sees it, falling slowly.
    uint32 depthShare;
    uint32 maintenanceDepthShare;
}

/// @notice Who quotes a perp and on what terms, in one slot. The account is the one of the owner's sub-id 0.
struct Pool {
    /// Zero for none.
    address owner;
    /// In millionths.
    uint16 halfSpread;
    /// How many standard deviations of what the mark may have moved since its sources spoke, in hundredths.
    uint16 ageFactor;
    /// The most the age may cost: how far the feeds let their price drift, in basis points.
    uint16 deviation;
    /// The most inventory, in basis points of the live depth.
    uint16 inventoryLimit;
    /// Inventory per equity in hundredths: above the first only the side that reduces it is quoted, above the second
    /// nothing brings it.
    uint16 oneSided;
    uint16 leverageLimit;
}

/// @notice Whose loss it was that stands.
enum Loser {
    Unknown,
    Longs,
    Shorts
}

/// @notice What is known of a market's standing deficit, in one slot.
struct Losses {
    /// What insurance may still pay of it.
    uint120 coverable;
    /// The mark at which there was no more profit to share in it; zero while that is not known.
    uint80 sharedAt;
    /// Until when the market has no budget left.
    uint40 spentUntil;
    Loser loser;
    bool standing;
}

/// @notice A perp's own state. One open interest serves both sides: they are equal by construction.
struct Perp {
    int128 fundingIndex;
    uint96 openInterest;
    uint32 accruedAt;
    Conditions conditions;
    Losses losses;
    /// Whose equity tells the live depth and whose inventory the funding.
    Pool pool;
    Side long;
    Side short;
}

/// @notice A token held for accounts: `held` counts what the ledger owes, in 1e18, whatever the token's balance says.
struct Reserve {
    address token;
    uint8 decimals;
    /// The hour of withdrawals: when it began, and what was held then in thousandths of a token.
    uint32 windowStart;
    uint56 windowHeld;
    uint128 held;
    /// Of quote: Σ of what nobody has paid yet, over all markets; every payment needs both.
    uint128 deficit;
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
    mapping(AccountId => Debt) debts;
    mapping(address owner => mapping(address operator => bool)) operators;
    mapping(address stage => uint256) capabilities;
    mapping(address token => bool) tokens;
    /// Markets whose deficit row is below zero.
    AssetId[] inDeficit;
    /// Perps that are listed.
    AssetId[] markets;
    HouseTerms houseTerms;
}
