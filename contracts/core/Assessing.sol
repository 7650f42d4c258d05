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

    /// @notice One leg as of now, and the equity of its account.
    function holding(
        Ledger storage ledger,
        IOracle oracle,
        AccountId account,
        AssetId asset
    ) external view returns (IClearingHouse.Holding memory h) {
        AssetId[] memory legs = ledger.accounts[account].legs.list();
        h.equity = Assessor.assess(ledger, account, oracle.peek(legs)).equity;
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = asset;
        h.price = oracle.peek(assets)[0];
        h.market = Markets.current(ledger, asset, h.price);
        h.size = Assessor.preview(ledger, account, asset, h.price).size;
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
