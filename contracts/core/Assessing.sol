// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {Assessor} from "./Assessor.sol";
import {Ledger} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Positions} from "./Positions.sol";

/// @notice The assessor as a linked library, for those that are large themselves.
library Assessing {
    /// @param prices of the account's legs, in their order
    function assess(
        Ledger storage ledger,
        AccountId account,
        Price[] memory prices
    ) external view returns (Assessor.Assessment memory) {
        return Assessor.assess(ledger, account, prices);
    }

    /// @notice A position as a touch now would leave it.
    function preview(
        Ledger storage ledger,
        AccountId account,
        AssetId asset,
        Price memory price
    ) external view returns (Positions.PickedUp memory) {
        return Assessor.preview(ledger, account, asset, price);
    }

    /// @notice A market at this price, accrued to now.
    function market(
        Ledger storage ledger,
        AssetId asset,
        Price memory price
    ) external view returns (Markets.Market memory) {
        return Markets.current(ledger, asset, price);
    }
}
