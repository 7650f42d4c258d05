// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {PriceStatus} from "../types/Price.sol";

/// @title Trading
/// @notice Signed orders against each other and against makers, and everything a trader does with one wallet.
///
/// Orders are EIP-712 messages of an account's owner or operator, an EOA or a contract (ERC-1271). Anyone may bring them
/// together; prices and sizes are the signers', bounds of margin and price band are the ledger's.
/// Any of the calls can be combined in one transaction with `multicall`.
interface IExchange {
    /// @dev Conditions on the mark need a fresh one. What is executed is within the order's limit, no better: a stop's limit is
    /// the price to expect.
    enum Condition {
        None,
        /// The mark is at or above the level.
        MarkAtLeast,
        /// The mark is at or below the level.
        MarkAtMost,
        /// The account's health is below the level; what is executed is the smallest reduction to the target.
        HealthBelow
    }

    struct Order {
        AccountId account;
        AssetId asset;
        /// Bought, negative for sold.
        int256 size;
        /// The worst price.
        uint256 limit;
        /// Bits of one word of 256 are cancelled together; orders with the same nonce cancel each other when one is done.
        uint64 nonce;
        uint64 expiry;
        /// Executes only at a mark whose sources are newer; zero for any.
        uint64 notBefore;
        /// The highest fee it pays, in millionths of the value: below the taker's rate it can only be a maker.
        uint32 maxFee;
        bool reduceOnly;
        Condition condition;
        /// A price, or a health in 1e18.
        uint256 level;
        /// The health that an order on health aims at, in 1e18.
        uint256 target;
        /// Quote in 1e18 for whoever brings the whole order to execution; a part of it for a part.
        uint256 tip;
    }

    /// @param signer the owner or an operator of the account
    struct SignedOrder {
        Order order;
        address signer;
        bytes signature;
    }

    /// @notice Two orders brought together at the maker's limit.
    struct Match {
        SignedOrder maker;
        SignedOrder taker;
        /// The most that is filled.
        uint256 size;
    }

    /// @notice A trade of the caller's account with the market's pool.
    struct PoolTrade {
        AccountId account;
        AssetId asset;
        /// Bought, negative for sold.
        int256 size;
        /// The worst price.
        uint256 limit;
        /// Whether the size shrinks to what the account holds, so that the largest size closes.
        bool reduceOnly;
        uint256 deadline;
    }

    /// @notice Rates in millionths of the value of a fill.
    struct FeeTerms {
        uint32 maker;
        uint32 taker;
    }

    /// @param cost fee and tip
    /// @param left of the order; zero for one that is done
    event OrderFilled(
        bytes32 indexed hash,
        AccountId indexed account,
        uint64 indexed nonce,
        uint256 size,
        uint256 price,
        uint256 cost,
        uint256 left
    );
    event NoncesUsed(AccountId indexed account, uint256 indexed word, uint256 mask);
    event NoncesRaised(AccountId indexed account, uint64 floor);
    event Skipped(uint256 indexed index, bytes reason);
    event FeesSet(FeeTerms before, FeeTerms fees);

    error NotOwnerOrOperator(AccountId account, address caller);
    error DeadlinePassed(uint256 deadline, uint256 now_);
    error OrderExpired(uint256 expiry, uint256 now_);
    error OrderDone(AccountId account, uint256 nonce);
    error BadSignature(address signer, bytes32 hash);
    error PriceNotNewer(uint256 updatedAt, uint256 notBefore);
    error PriceNotFresh(AssetId asset, PriceStatus status);
    error ConditionNotMet(Condition condition, uint256 actual, uint256 level);
    error PriceBeyondLimit(uint256 price, uint256 limit);
    error FeeAboveLimit(uint256 fee, uint256 limit);
    error OrdersDoNotMatch(AssetId maker, AssetId taker, int256 makerSize, int256 takerSize);
    error NothingToReduce(AccountId account, AssetId asset, int256 position, int256 size);
    error FilledTooLittle(uint256 size, uint256 least);
    error SizeOutOfBounds(int256 size, uint256 bound);
    error NonceFloorNotHigher(uint64 floor, uint64 before);
    error NoReason();
    error FeesOutOfBounds(uint256 fee, uint256 bound);

    /// @notice Trades with the market's pool at its price, from an account of the caller.
    /// @return size what was bought, negative for sold
    function trade(PoolTrade calldata terms) external returns (int256 size, uint256 price);

    /// @notice Takes an order at its limit from an account of the caller.
    /// @return size what was filled, at most `most`
    function fill(
        SignedOrder calldata maker,
        AccountId taker,
        uint256 most,
        uint256 least,
        uint256 deadline
    ) external returns (uint256 size);

    /// @notice Brings two orders together; the tips in them go to the keeper's account.
    function matchOrders(Match calldata pair, AccountId keeper) external returns (uint256 size);

    /// @notice As `matchOrders` for each; one that cannot be filled is reported and skipped.
    /// @return reasons empty for a match that was filled, else its revert data
    function matchBatch(Match[] calldata pairs, AccountId keeper) external returns (bytes[] memory reasons);

    /// @notice Executes an order against the market's pool, as much of it as the pool takes now.
    function execute(SignedOrder calldata order, AccountId keeper) external returns (uint256 size);

    /// @notice As `execute` for each; one that cannot be executed is reported and skipped.
    function executeBatch(SignedOrder[] calldata orders, AccountId keeper) external returns (bytes[] memory reasons);

    /// @notice Makes the nonces `256·word + i` of an account useless, for every bit i of the mask.
    function cancel(AccountId account, uint256 word, uint256 mask) external;

    /// @notice Makes every nonce below `floor` useless.
    function cancelBelow(AccountId account, uint64 floor) external;

    /// @notice Uses the token's permit of the caller for this contract. One that somebody already used does not revert.
    function permit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Deposits tokens of the caller, who has approved them to this contract.
    function deposit(AccountId account, AssetId asset, uint256 amount) external;

    /// @notice Withdraws to the account's owner; the largest amount for all that is free. The owner must have made this
    /// contract an operator.
    /// @return paid token units sent
    function withdraw(AccountId account, AssetId asset, uint256 amount) external returns (uint256 paid);

    /// @notice Moves quote (1e18) to another account of the same owner, who must have made this contract an operator.
    function transferCash(AccountId from, AccountId to, uint256 value) external;

    /// @notice What of an order could be filled now, as far as the order and its position are concerned; reverts with the
    /// reason when nothing could.
    /// @param price at which it would be filled
    /// @param makes whether it would pay the maker's fee
    function fillable(SignedOrder calldata order, uint256 price, bool makes) external view returns (uint256 size);

    function hashOf(Order calldata order) external view returns (bytes32);

    function filled(bytes32 hash) external view returns (uint256);

    function isUsed(AccountId account, uint256 nonce) external view returns (bool);

    function fees() external view returns (FeeTerms memory);

    function setFees(FeeTerms calldata terms) external;
}
