// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {IMaker} from "./IMaker.sol";

/// @title Liquidity pool of one perp
/// @notice The counterparty that is always there. Its account in the ledger is an account like any other; the exchange
/// trades for it at the price it quotes. Those who enter and leave do so as if they traded their part of the inventory
/// with the pool.
interface ILiquidityPool is IMaker {
    /// @notice What the pool asks for and how far it goes.
    struct QuoteTerms {
        /// Millionths.
        uint32 halfSpread;
        /// Standard deviations of what the mark may have moved since its sources spoke, in hundredths.
        uint16 ageFactor;
        /// The most the age may cost: how far the feed lets its price drift, in basis points.
        uint16 deviation;
        /// The most inventory, in basis points of the market's live depth.
        uint16 inventoryLimit;
        /// Inventory per equity in hundredths: above the first the pool only quotes the side that reduces it, above the
        /// second nothing brings it.
        uint16 oneSided;
        uint16 leverageLimit;
        /// The most its equity may become by deposits, in quote 1e18.
        uint128 depositLimit;
    }

    event QuoteTermsSet(QuoteTerms before, QuoteTerms terms);

    error OtherAsset(AssetId asset, AssetId quoted);
    error NothingQuoted(AssetId asset);
    error InventoryAboveLimit(uint256 inventory, uint256 limit);
    error TermOutOfBounds(bytes32 term, uint256 value, uint256 lower, uint256 upper);

    function setQuoteTerms(QuoteTerms calldata terms) external;

    function quoteTerms() external view returns (QuoteTerms memory);

    /// @notice The perp it quotes.
    function market() external view returns (AssetId);

    /// @notice Its account in the ledger.
    function account() external view returns (AccountId);
}
