// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Legs} from "../libraries/Legs.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {Assessor} from "./Assessor.sol";
import {Ledger} from "./Ledger.sol";
import {Markets} from "./Markets.sol";
import {Positions} from "./Positions.sol";

/// @notice The assessor as a linked library, for those that are large themselves.
library Assessing {
    using Legs for uint96;

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

    /// @notice One leg with its market and its account, at the prices the next call would latch.
    function caseOf(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account,
        AssetId asset
    ) external view returns (IClearingHouse.Case memory c) {
        AssetId[] memory legs = ledger.accounts[account].legs.list();
        Price[] memory prices = oracle.peek(legs);
        c.account = Assessor.assess(ledger, account, prices);
        for (uint256 i = 0; i < legs.length; ++i) if (legs[i] == asset) c.price = prices[i];
        if (c.price.mark == 0) {
            legs = new AssetId[](1);
            legs[0] = asset;
            c.price = oracle.peek(legs)[0];
        }
        c.market = Markets.current(ledger, asset, c.price);
        c.size = Assessor.preview(ledger, account, asset, c.price).size;
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
