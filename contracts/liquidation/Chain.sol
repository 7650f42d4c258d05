// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";

/// @notice How the stages treat an asset, in one slot. Shares are in basis points, those of depth of the live one.
struct Terms {
    /// The health that a reduction aims at.
    uint16 target;
    /// The most that a step costs a hardly failing account, as a share of the margin it frees, and the penalty in it.
    uint16 incentive;
    uint16 penalty;
    /// How far a reduction may move the pool's price, and how much of depth may go there within a minute.
    uint16 reduceImpact;
    uint16 window;
    /// The most on offer in auctions, as a share of depth.
    uint16 inFlight;
    /// Seconds until a bid is on chain.
    uint16 latency;
    /// The most that the backstop holds, as a share of depth.
    uint16 backstop;
    /// What a keeper gets once for an account that he brings to safety. A hundred of it is dust.
    uint96 tip;
}

/// @notice What is on its way in one market: size in live lots, notional that went to the pool in the current minute.
struct Flow {
    uint96 inFlight;
    uint48 windowStart;
    uint112 windowUsed;
}

/// @notice A slice of one leg on offer. No size, no lot; the rest stays, so that the next one is cheaper.
struct Lot {
    uint96 size;
    uint48 start;
    /// Frozen when it was opened or filled: seconds until the premium is at its top, and how far below nothing it begins
    /// in 1e9.
    uint16 duration;
    uint32 floor;
    /// Who gets the keeper's pay of its fills.
    AccountId keeper;
}

/// @notice One run of steps on one account: what is left of its tip.
struct Episode {
    uint48 since;
    uint128 left;
}

/// @notice All state of the closing chain.
struct Chain {
    mapping(AssetId => Terms) terms;
    mapping(AssetId => Flow) flows;
    mapping(AccountId => mapping(AssetId => Lot)) lots;
    mapping(AccountId => Episode) episodes;
    /// The account of the backstop, zero for none.
    AccountId backstop;
}
