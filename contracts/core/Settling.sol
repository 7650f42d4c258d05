// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Legs} from "../libraries/Legs.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Debts} from "./Debts.sol";
import {Exchanging} from "./Exchanging.sol";
import {AssetKind, AssetState, Ledger, Pool} from "./Ledger.sol";
import {Looks} from "./Looks.sol";
import {Markets} from "./Markets.sol";
import {Paying} from "./Paying.sol";
import {Pricing} from "./Pricing.sol";
import {Winding} from "./Winding.sol";

/// @notice Brings accounts up to date without their doing, and looks at them.
library Settling {
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Legs for uint96;
    using Pricing for Ledger;

    /// @notice Brings every leg of an account, and what it owes against spot, up to date.
    function settle(Ledger storage ledger, IOracle oracle, AccountId account) external {
        // What a row of the house lacks is nobody's loss but the one that stands in it.
        if (account.ownerOf() == address(0)) return;
        AssetId[] memory legs = ledger.accounts[account].legs.list();
        Price[] memory prices = ledger.latch(oracle, legs);
        int256 cash;
        for (uint256 i = 0; i < legs.length; ++i) {
            if (ledger.configs[legs[i]].kind != AssetKind.Perp) continue;
            Exchanging.Change memory change = ledger.resize(account, legs[i], 0, prices[i].mark);
            cash += change.settled;
        }
        ledger.addCash(account, cash);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (ledger.configs[legs[i]].state == AssetState.Settling) {
                Winding.close(ledger, oracle, account, legs[i], prices[i]);
            }
        }
        AssetId last = ledger.accounts[account].lastClosed;
        Paying.closeOut(ledger, account, last, ledger.perps[last].losses.loser, 0);
        if (legs.length == 0) return;
        uint256 owed = Assessor.debt(Assessor.standing(ledger.assess(oracle, account)));
        Debts.track(ledger, account, owed);
    }

    /// @notice Latches the prices of an account, accrues the market, and returns what a stage decides on.
    function examine(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account,
        AssetId asset
    ) external returns (IClearingHouse.Case memory c) {
        look(ledger, oracle, account, asset, c);
    }

    /// @notice As `examine`, and beside it what the market's pool asks and holds.
    function examineWithPool(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account,
        AssetId asset
    ) external returns (IClearingHouse.Case memory c, Pool memory pool, Assessor.Holder memory holder) {
        look(ledger, oracle, account, asset, c);
        pool = ledger.perps[asset].pool;
        if (pool.owner == address(0)) return (c, pool, holder);
        AccountId owner = accountId(pool.owner, 0);
        Assessor.Assessment memory a = ledger.assessAt(oracle, owner, asset, c.market, c.price);
        holder = Assessor.holder(a, Assessor.sizeOf(ledger, owner, asset, c.market));
    }

    function look(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account,
        AssetId asset,
        IClearingHouse.Case memory c
    ) private {
        c.price = ledger.latchOne(oracle, asset);
        c.market = Markets.current(ledger, asset, c.price);
        c.account = ledger.assessAt(oracle, account, asset, c.market, c.price);
        c.size = Assessor.sizeOf(ledger, account, asset, c.market);
        Looks.remember(account, c.account);
    }
}
