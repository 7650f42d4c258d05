// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IOracle} from "../interfaces/IOracle.sol";
import {Legs} from "../libraries/Legs.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Debts} from "./Debts.sol";
import {Exchanging} from "./Exchanging.sol";
import {AssetKind, Ledger} from "./Ledger.sol";
import {Pricing} from "./Pricing.sol";

/// @notice Brings accounts up to date without their doing.
library Settling {
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Legs for uint96;
    using Pricing for Ledger;

    /// @notice Brings every leg of an account, and what it owes against spot, up to date.
    function settle(Ledger storage ledger, IOracle oracle, AccountId account) external {
        AssetId[] memory legs = ledger.accounts[account].legs.list();
        Price[] memory prices = ledger.latch(oracle, legs);
        int256 cash;
        for (uint256 i = 0; i < legs.length; ++i) {
            if (ledger.configs[legs[i]].kind != AssetKind.Perp) continue;
            Exchanging.Change memory change = ledger.resize(account, legs[i], 0, prices[i].mark);
            cash += change.settled;
        }
        ledger.addCash(account, cash);
        if (legs.length == 0) return;
        ledger.closeOut(account, legs[0]);
        uint256 owed = Assessor.debt(Assessor.standing(ledger.assess(oracle, account)));
        Debts.track(ledger, account, owed);
    }
}
