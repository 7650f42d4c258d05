// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {DUST, settlementRow} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Deleveraging} from "./Deleveraging.sol";
import {Exchanging} from "./Exchanging.sol";
import {Ledger, Loser, Perp, Position} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Paying} from "./Paying.sol";
import {Positions} from "./Positions.sol";
import {Pricing} from "./Pricing.sol";
import {Steps} from "./Steps.sol";

/// @notice The end of a market: every leg closes at the fixed price against one row, who lost first, who won when the losses
/// are in. With the last leg the market is gone.
library Winding {
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Pricing for Ledger;

    /// @dev How long losses come in before profit is paid out.
    uint256 internal constant DELAY = 24 hours;

    /// @notice Closes an account's leg at the fixed price, unless its profit still waits.
    function close(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account,
        AssetId asset,
        Price memory price
    ) external {
        Position memory position = ledger.positions[account][asset];
        if (position.size == 0) return retire(ledger, asset);
        bool gains = position.size > 0 ? price.mark > position.basis : price.mark < position.basis;
        if (gains && block.timestamp < uint256(ledger.perps[asset].accruedAt) + DELAY) return;
        if (gains && ledger.perps[asset].losses.standing) {
            Paying.settleUp(ledger, asset, price.mark);
            (int256 charged, ) = Deleveraging.touch(ledger, account, asset);
            ledger.addCash(account, charged);
        }
        Assessor.Standing memory before = Assessor.standing(ledger.assess(oracle, account));
        Markets.Market memory market = Markets.current(ledger, asset, price);
        int256 paid = swap(ledger, account, asset, position.size, price.mark);
        Assessor.Standing memory standing = Assessor.shifted(before, market, price, position.size, 0, paid);
        uint256 deficit = Steps.shortfall(before, standing);
        Loser loser = position.size > 0 ? Loser.Longs : Loser.Shorts;
        if (deficit != 0) Paying.book(ledger, Paying.Loss(asset, account, deficit, loser, price.mark, 0));
        retire(ledger, asset);
    }

    /// @return paid what the account gets for the leg, or pays
    function swap(
        Ledger storage ledger,
        AccountId account,
        AssetId asset,
        int256 size,
        uint256 mark
    ) private returns (int256 paid) {
        AccountId row = settlementRow(asset);
        Exchanging.Change memory other;
        if (size > 0) (other, ) = ledger.exchange(asset, row, account, uint256(size), mark, mark);
        else (, other) = ledger.exchange(asset, account, row, uint256(-size), mark, mark);
        ledger.addCash(row, other.settled + other.paid);
        ledger.addCash(account, -other.paid);
        return -other.paid;
    }

    /// @notice When nobody holds anything any more, the slot is free to list again. What still stands in the market's row
    /// stays, and what insurance paid for it counts until its windows end.
    function retire(Ledger storage ledger, AssetId asset) public {
        Perp storage perp = ledger.perps[asset];
        AccountId row = settlementRow(asset);
        if (!isAlone(perp, ledger.positions[row][asset])) return;
        if (ledger.positions[row][asset].size != 0) {
            Exchanging.Change memory change = ledger.resize(row, asset, 0, 1);
            ledger.addCash(row, change.settled);
            if (change.afterwards != 0) ledger.resize(row, asset, -change.afterwards, 1);
        }
        int256 rest = ledger.accounts[row].cash;
        ledger.addCash(row, -rest);
        ledger.addCash(DUST, rest);
        (perp.openInterest, perp.accruedAt) = (0, 0);
        delete perp.pool;
        delete ledger.configs[asset];
        delete ledger.limits[asset];
        drop(ledger, asset);
        emit IClearingHouse.MarketRetired(asset);
    }

    function drop(Ledger storage ledger, AssetId asset) private {
        AssetId[] storage list = ledger.markets;
        uint256 i;
        while (list[i] != asset) ++i;
        list[i] = list[list.length - 1];
        list.pop();
        --ledger.houseTerms.listed;
    }

    /// @dev Whether no other row is a member of either side.
    function isAlone(Perp storage perp, Position memory row) private view returns (bool) {
        uint256 ticks = Deleveraging.countTicks(perp.long) + Deleveraging.countTicks(perp.short);
        if (row.size == 0 || ticks != 1) return ticks == 0;
        return Positions.membersAt(Positions.sideOf(perp, row.size > 0), row.basis) == 1;
    }
}
