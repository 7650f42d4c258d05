// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "./IClearingHouse.sol";
import {Lot, Terms} from "../liquidation/Chain.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";

/// @title The closing chain
/// @notice What to do with the exposure of an account that fails: the smallest reduction into the market's pool, else a Dutch
/// auction of a slice, else the backstop. Holds no balances: it decides on size, taker and price, the ledger enforces its
/// law on each step.
///
/// Scale: sizes, prices, notional and rates are 1e18; a cost is a part of the notional closed.
/// Liveness: a stage without capacity is passed in the same call; one that fails is passed and says why; nothing that an
/// account owner, a bidder or another account does keeps a call from doing the next best thing. Whether an account is
/// liquidatable is computed, never stored.
/// Pay: penalty = `penalty` of the margin that a step frees, half to insurance, half to the keeper; a tip once per account and
/// episode; penalty, tip and premium together at most `incentive` of it at a health of 1, rising to 95 % at none. The same penalty in every stage.
/// Rounding: against the bidder and the keeper, in favour of the account.
interface ILiquidator {
    enum Stage {
        None,
        Reduce,
        Auction,
        Absorb,
        Offset
    }

    /// @notice Why a stage has no capacity.
    enum Reason {
        None,
        /// There is no pool for this asset.
        NoPool,
        /// The account is the stage's own.
        OwnAccount,
        /// The price is too old to deal at, or the market is halted for this stage.
        Frozen,
        /// Limits and allowances leave no room worth using.
        NoRoom,
        /// Any step would lower health.
        Toxic,
        NoBackstop,
        /// What is left of the account's margin does not pay for the risk.
        PaysTooLittle,
        /// A lot is on offer.
        LotIsLive,
        /// There is still margin for somebody who takes the leg.
        NotOrphaned
    }

    /// @notice What a stage would do now.
    struct Offer {
        uint256 size;
        Reason reason;
        /// What the account needs of this stage, whatever its room.
        uint256 planned;
        /// Notional it has room for.
        uint256 capacity;
        /// To the account at this size, penalty and tip aside; of an auction the most.
        uint256 cost;
    }

    /// @notice What `liquidate` would do now, stage by stage.
    struct Outlook {
        /// Whether anything may be done: below maintenance, or with spot to be sold.
        bool open;
        /// Whether nothing needs to be done: at the target health.
        bool safe;
        /// Margin equity / maintenance, between 0 and 1.
        uint256 health;
        /// The margin that a unit of notional frees when closed.
        uint256 margin;
        Stage stage;
        Offer reduce;
        Offer auction;
        Offer absorb;
        Offer offset;
    }

    /// @notice A lot as a bid now would find it.
    struct LotView {
        /// What can be taken now, at most and at least; nothing of a lot that is asleep.
        uint256 size;
        uint256 least;
        /// What the taker pays (for a long) or gets (for a short) per unit.
        uint256 price;
        /// The whole premium for `size`, above mark when negative.
        int256 premium;
        /// Since when, and when the premium is at its top.
        uint256 start;
        uint256 end;
        bool long;
        Lot lot;
    }

    struct Bid {
        AccountId account;
        AssetId asset;
        /// Who takes the position; the caller's own, or one he operates.
        AccountId taker;
        uint256 most;
        uint256 least;
        /// The most per unit for a long, the least for a short.
        uint256 limit;
        uint256 deadline;
        /// If not empty, `onTaken` of the caller gets it before the taker's margin is looked at.
        bytes data;
    }

    /// @notice What a bidder learns in his callback.
    struct Taken {
        AccountId account;
        AssetId asset;
        AccountId taker;
        /// What the taker got: negative for a short.
        int256 size;
        uint256 price;
    }

    struct Entry {
        AccountId account;
        AssetId asset;
    }

    /// @notice A step into the pool or the backstop.
    event Stepped(
        AccountId indexed account,
        AssetId indexed asset,
        AccountId indexed keeper,
        Stage stage,
        uint256 size,
        uint256 price,
        uint256 penalty,
        uint256 tip
    );
    /// @notice The notional that went to the pool since the minute began.
    event WindowUsed(AssetId indexed asset, uint256 start, uint256 used);
    event LotFilled(
        AccountId indexed account,
        AssetId indexed asset,
        AccountId indexed taker,
        uint256 size,
        uint256 price,
        int256 premium,
        uint256 penalty,
        uint256 tip
    );
    /// @notice The lot from now on; none when its size is zero.
    event LotChanged(AccountId indexed account, AssetId indexed asset, Lot lot);
    event EpisodeChanged(AccountId indexed account, uint256 since, uint256 left);
    /// @notice A stage that had capacity and failed, with what it failed with.
    event StageFailed(AccountId indexed account, AssetId indexed asset, Stage stage, bytes reason);
    event Skipped(uint256 indexed index, bytes reason);
    event TermsSet(AssetId indexed asset, Terms before, Terms terms);
    event BackstopSet(AccountId indexed before, AccountId indexed backstop);

    error NotOwnerOrOperator(AccountId account, address caller);
    error NotClearingHouse(address caller);
    error DeadlinePassed(uint256 deadline, uint256 now_);
    error NothingPossible(
        AccountId account,
        AssetId asset,
        Reason reduce,
        Reason auction,
        Reason absorb,
        Reason offset
    );
    error LotNotOver(AccountId account, AssetId asset, uint256 end, uint256 time);
    error NoTerms(AssetId asset);
    error NoLot(AccountId account, AssetId asset);
    error NothingOnOffer(AccountId account, AssetId asset);
    error BidTooSmall(uint256 size, uint256 least);
    error PriceBeyondLimit(uint256 price, uint256 limit);
    error TermOutOfBounds(bytes32 term, uint256 value, uint256 lower, uint256 upper);
    error NoReason();

    /// @notice Does with one leg what can be done now, and opens a lot for the rest. A lot whose account is safe again, or whose
    /// time is over, is taken away. Reverts when there is nothing to do, with why.
    /// @param keeper who is paid
    /// @return stage the last stage that did something; None when it was only to take a lot away
    /// @return size what it closed or put on offer
    function liquidate(AccountId account, AssetId asset, AccountId keeper) external returns (Stage stage, uint256 size);

    /// @notice Each on its own; one that reverts is undone, reported and skipped.
    /// @return reasons empty for an entry that succeeded, else its revert data
    function liquidateMany(Entry[] calldata entries, AccountId keeper) external returns (bytes[] memory reasons);

    /// @notice Takes a part of a lot, at mark less the premium of this moment.
    function bid(Bid calldata terms) external returns (uint256 size, uint256 price);

    function setTerms(AssetId asset, Terms calldata terms) external;

    function setBackstop(AccountId backstop) external;

    /// @notice What `liquidate` would do now, and why.
    function outlook(AccountId account, AssetId asset) external view returns (Outlook memory);

    /// @notice What a bid now would find.
    function lotOf(AccountId account, AssetId asset) external view returns (LotView memory);

    function termsOf(AssetId asset) external view returns (Terms memory);

    /// @notice Size in live lots, and the notional that may still go to the pool in this minute.
    function flowOf(AssetId asset) external view returns (uint256 inFlight, uint256 windowLeft);

    function tipLeft(AccountId account) external view returns (uint256 since, uint256 left);

    function backstop() external view returns (AccountId);

    function clearingHouse() external view returns (IClearingHouse);
}
