// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {deficitRow} from "../types/Rows.sol";
import {Ledger, Losses} from "./Ledger.sol";

/// @notice When a market only reduces although nobody said so: computed from what it owes and from the price of quote, never
/// stored.
library Breakers {
    /// @dev The deficit that disturbs nobody, in basis points of open interest.
    uint256 private constant TOLERATED = 1;
    /// @dev For how long a latched price of quote tells whether it is worth a dollar.
    uint256 private constant PEG_AGE = 10 minutes;

    /// @notice A market whose insurance budget is spent, or in whose row more stands than is tolerated, is nobody's to add to;
    /// and none grows while quote is not worth a dollar.
    /// @param openInterest its value before the trade
    function requireOpen(
        Ledger storage ledger,
        IOracle oracle,
        AssetId asset,
        uint256 openInterest,
        bool grows
    ) internal view {
        Losses memory losses = ledger.perps[asset].losses;
        require(block.timestamp >= losses.spentUntil, IClearingHouse.BudgetSpent(asset, losses.spentUntil));
        if (losses.standing) {
            int256 row = ledger.accounts[deficitRow(asset)].cash;
            bool much = uint256(-row) > part(openInterest);
            require(!much, IClearingHouse.DeficitStands(asset, row));
        }
        if (grows) requirePeg(ledger, oracle);
    }

    /// @notice The deficit below which profit is not shared and a market goes on as usual.
    function tolerated(uint256 openInterest, uint256 mark) internal pure returns (uint256) {
        return part(FixedPoint.mulDown(openInterest, mark));
    }

    function part(uint256 value) private pure returns (uint256) {
        return FixedPoint.mulDivDown(value, TOLERATED, 10_000);
    }

    /// @dev While quote is not worth a dollar, or nobody can tell, no market grows. What was latched lately is enough.
    function requirePeg(Ledger storage ledger, IOracle oracle) private view {
        uint256 bound = ledger.houseTerms.pegBound;
        if (bound == 0) return;
        (Price memory price, uint256 time) = oracle.latched(QUOTE);
        if (time + PEG_AGE < block.timestamp) price = oracle.peek(new AssetId[](1))[0];
        uint256 distance = price.mark > WAD ? price.mark - WAD : WAD - price.mark;
        require(
            price.status == PriceStatus.Fresh && distance * 10_000 <= WAD * bound,
            IClearingHouse.QuoteOffPeg(price.mark, bound)
        );
    }
}
