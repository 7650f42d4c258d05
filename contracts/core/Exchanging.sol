// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {Legs} from "../libraries/Legs.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {MAX_PRICE} from "../types/Price.sol";
import {settlementRow} from "../types/Rows.sol";
import {AssetKind, AssetState, Ledger, Perp} from "./Ledger.sol";
import {Positions} from "./Positions.sol";

/// @notice The one mutation of positions: size moves one way, size·price of cash the other.
library Exchanging {
    using Legs for uint96;

    /// @notice One party of an exchange, after its pick-up.
    struct Change {
        int256 before;
        int256 afterwards;
        /// What the pick-up paid.
        int256 settled;
        /// What the exchange paid, and whatever the caller adds to it or takes from it.
        int256 paid;
    }

    /// @dev Cash is left to the caller, who may add fees and then writes `settled + paid` once.
    function exchange(
        Ledger storage ledger,
        AssetId asset,
        AccountId buyer,
        AccountId seller,
        uint256 size,
        uint256 price,
        uint256 mark
    ) internal returns (Change memory b, Change memory s) {
        require(size != 0 && price != 0, IClearingHouse.ZeroAmount());
        require(price <= MAX_PRICE, IClearingHouse.ValueOutOfBounds(price, MAX_PRICE));
        require(size <= Positions.MAX_SIZE, Positions.SizeTooLarge(size, Positions.MAX_SIZE));
        require(buyer != seller, IClearingHouse.SelfExchange(buyer));
        b = resize(ledger, buyer, asset, int256(size), mark);
        s = resize(ledger, seller, asset, -int256(size), mark);
        int256 value = int256(FixedPoint.mulDown(size, price));
        b.paid = -value;
        s.paid = value;
        uint256 openInterest;
        if (ledger.configs[asset].kind == AssetKind.Perp) openInterest = trackOpenInterest(ledger.perps[asset], b, s);
        emit IClearingHouse.Exchanged(asset, buyer, seller, size, price, openInterest);
    }

    /// @notice Brings a leg up to date and adds `delta` to it, whatever its kind.
    function resize(
        Ledger storage ledger,
        AccountId account,
        AssetId asset,
        int256 delta,
        uint256 mark
    ) internal returns (Change memory change) {
        require(
            account.ownerOf() != address(0) || settles(ledger, account, asset),
            IClearingHouse.ReservedRow(account)
        );
        if (ledger.configs[asset].kind == AssetKind.Perp) {
            (change.settled, change.before, change.afterwards) = Positions.resize(ledger, account, asset, delta, mark);
            track(ledger, account, asset, change.afterwards);
        } else {
            change.before = ledger.positions[account][asset].size;
            change.afterwards = resizeSpot(ledger, account, asset, delta);
        }
    }

    function resizeSpot(
        Ledger storage ledger,
        AccountId account,
        AssetId asset,
        int256 delta
    ) internal returns (int256 size) {
        int256 before = ledger.positions[account][asset].size;
        size = before + delta;
        require(size >= 0, IClearingHouse.InsufficientSize(account, asset, uint256(before), uint256(-delta)));
        require(uint256(size) <= Positions.MAX_SIZE, Positions.SizeTooLarge(uint256(size), Positions.MAX_SIZE));
        ledger.positions[account][asset].size = int96(size);
        listLeg(ledger, account, asset, size != 0);
        emit Positions.PositionChanged(account, asset, size, 0, 0);
    }

    /// @notice Keeps in the account's row that it holds a perp, or that it held it last.
    function track(Ledger storage ledger, AccountId account, AssetId asset, int256 size) internal {
        listLeg(ledger, account, asset, size != 0);
        if (size == 0) ledger.accounts[account].lastClosed = asset;
    }

    function listLeg(Ledger storage ledger, AccountId account, AssetId asset, bool held) internal {
        uint96 legs = ledger.accounts[account].legs;
        if (legs.contains(asset) == held) return;
        ledger.accounts[account].legs = held ? legs.add(asset) : legs.remove(asset);
    }

    /// @notice Whether the leg came nearer to zero without crossing it.
    function isReduction(Change memory change) internal pure returns (bool) {
        return
            change.before >= 0
                ? change.afterwards >= 0 && change.afterwards <= change.before
                : change.afterwards <= 0 && change.afterwards >= change.before;
    }

    /// @dev The one row without an owner that holds positions, while its market is wound down.
    function settles(Ledger storage ledger, AccountId account, AssetId asset) private view returns (bool) {
        return account == settlementRow(asset) && ledger.configs[asset].state == AssetState.Settling;
    }

    /// @dev Both sides change by the same amount, because what one party adds the other gives up.
    function trackOpenInterest(Perp storage perp, Change memory a, Change memory b) private returns (uint256) {
        int256 change = long(a.afterwards) + long(b.afterwards) - long(a.before) - long(b.before);
        int256 openInterest = int256(uint256(perp.openInterest)) + change;
        if (change != 0) perp.openInterest = uint96(uint256(openInterest));
        return uint256(openInterest);
    }

    function long(int256 size) private pure returns (int256) {
        return size > 0 ? size : int256(0);
    }
}
