// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Funding} from "../libraries/Funding.sol";
import {Legs} from "../libraries/Legs.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {Assessor} from "./Assessor.sol";
import {AssetKind, Ledger, Perp} from "./Ledger.sol";

/// @notice Prices as the ledger uses them: latched first, funding accrued, then read.
library Pricing {
    using Legs for uint96;

    /// @dev Latches, then accrues funding of every perp among them, before anything reads it.
    function latch(
        Ledger storage ledger,
        IOracle oracle,
        AssetId[] memory assets
    ) internal returns (Price[] memory prices) {
        if (assets.length == 0) return prices;
        prices = oracle.latch(assets);
        for (uint256 i = 0; i < assets.length; ++i) {
            Perp storage perp = ledger.perps[assets[i]];
            if (perp.accruedAt == 0 || perp.accruedAt == block.timestamp) continue;
            int256 index = perp.fundingIndex;
            int256 next = Funding.accrue(index, perp.fundingRate, prices[i].mark, block.timestamp - perp.accruedAt);
            perp.accruedAt = uint32(block.timestamp);
            if (next == index) continue;
            perp.fundingIndex = int128(next);
            emit IClearingHouse.FundingAccrued(assets[i], next);
        }
    }

    function latchOne(Ledger storage ledger, IOracle oracle, AssetId asset) internal returns (Price memory) {
        requireListed(ledger, asset);
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = asset;
        return latch(ledger, oracle, assets)[0];
    }

    /// @notice The account's assessment on latched prices.
    function assess(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account
    ) internal returns (Assessor.Assessment memory) {
        return Assessor.assess(ledger, account, latch(ledger, oracle, ledger.accounts[account].legs.list()));
    }

    /// @dev What an account must meet that took something on.
    function requireInitial(Ledger storage ledger, IOracle oracle, AccountId account) internal {
        requireMargin(account, assess(ledger, oracle, account));
    }

    /// @dev What an account must meet that something left: initial margin, on prices that agree, and quote is never taken out
    /// against spot.
    function requireFree(Ledger storage ledger, IOracle oracle, AccountId account, bool quote) internal {
        // A flat account has nothing to price.
        if (ledger.accounts[account].legs == 0) {
            int256 cash = ledger.accounts[account].cash;
            require(cash >= 0, IClearingHouse.InsufficientMargin(account, cash, 0));
            return;
        }
        Assessor.Assessment memory a = assess(ledger, oracle, account);
        require(!a.diverged, IClearingHouse.PriceDiverged(account));
        requireMargin(account, a);
        require(!quote || a.quoteEquity >= 0, IClearingHouse.InsufficientQuote(account, a.quoteEquity));
    }

    function requireMargin(AccountId account, Assessor.Assessment memory a) private pure {
        require(
            a.initialEquity >= int256(a.initial),
            IClearingHouse.InsufficientMargin(account, a.initialEquity, a.initial)
        );
    }

    function requireListed(Ledger storage ledger, AssetId asset) private view {
        require(ledger.configs[asset].kind != AssetKind.None, IClearingHouse.UnknownAsset(asset));
    }
}
