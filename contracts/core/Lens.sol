// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {Price} from "../types/Price.sol";
import {DUST, INSURANCE, TREASURY, deficitRow} from "../types/Rows.sol";
import {AssetConfig, AssetLimits, Reserve} from "./Ledger.sol";
import {Positions} from "./Positions.sol";

/// @title Views over the ledger
/// @notice Everything is as the next call in this block would find it: prices peeked, funding accrued, pick-ups applied.
contract Lens {
    struct LegView {
        AssetId asset;
        int256 size;
        uint256 basis;
        uint256 mark;
        int256 value;
        uint256 maintenance;
    }

    struct AccountView {
        int256 cash;
        LegView[] legs;
        Assessor.Assessment assessment;
        /// Margin equity / maintenance in 1e18; the largest number for an account that needs none.
        uint256 health;
        bool liquidatable;
    }

    struct MarketView {
        AssetConfig config;
        AssetLimits limits;
        IClearingHouse.PerpView perp;
        IClearingHouse.SideView long;
        IClearingHouse.SideView short;
        Price price;
        uint256 deficit;
        uint256 insuranceAvailable;
    }

    struct RowsView {
        int256 treasury;
        int256 insurance;
        int256 dust;
        uint256 deficit;
        uint256 quoteHeld;
    }

    IClearingHouse public immutable clearingHouse;

    constructor(IClearingHouse clearingHouse_) {
        clearingHouse = clearingHouse_;
    }

    function account(AccountId id) external view returns (AccountView memory a) {
        AssetId[] memory assets = clearingHouse.legsOf(id);
        Price[] memory prices = peek(assets);
        a.cash = clearingHouse.cashOf(id);
        a.legs = new LegView[](assets.length);
        for (uint256 i = 0; i < assets.length; ++i) {
            Positions.PickedUp memory p = clearingHouse.previewPosition(id, assets[i]);
            (AssetConfig memory config, ) = clearingHouse.configOf(assets[i]);
            Assessor.Standing memory leg = Assessor.leg(config, p.size, prices[i]);
            a.cash += p.cash;
            a.legs[i] = LegView(assets[i], p.size, p.basis, prices[i].mark, leg.equity, leg.maintenance);
        }
        a.assessment = clearingHouse.assess(id);
        a.health = healthOf(a.assessment);
        a.liquidatable = Assessor.liquidatable(a.assessment);
    }

    function market(AssetId asset) external view returns (MarketView memory m) {
        (m.config, m.limits) = clearingHouse.configOf(asset);
        m.perp = clearingHouse.perpOf(asset);
        m.long = clearingHouse.sideOf(asset, true);
        m.short = clearingHouse.sideOf(asset, false);
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = asset;
        m.price = peek(assets)[0];
        m.deficit = uint256(-clearingHouse.cashOf(deficitRow(asset)));
        m.insuranceAvailable = clearingHouse.coverable(asset);
    }

    function rows() external view returns (RowsView memory) {
        return
            RowsView(
                clearingHouse.cashOf(TREASURY),
                clearingHouse.cashOf(INSURANCE),
                clearingHouse.cashOf(DUST),
                clearingHouse.totalDeficit(),
                clearingHouse.reserveOf(QUOTE).held
            );
    }

    /// @notice The most quote a withdrawal may ask for now, in token units, and what it would pay.
    function withdrawable(AccountId id) external view returns (uint256 amount, uint256 paid) {
        Reserve memory reserve = clearingHouse.reserveOf(QUOTE);
        uint256 unit = 10 ** (18 - reserve.decimals);
        Assessor.Assessment memory a = clearingHouse.assess(id);
        int256 room = a.initialEquity - int256(a.initial);
        if (a.quoteEquity < room) room = a.quoteEquity;
        if (room <= 0 || a.diverged) return (0, 0);
        amount = uint256(room) / unit;
        (paid, ) = Accounting.payout(amount * unit, reserve.held, clearingHouse.totalDeficit(), unit);
        paid /= unit;
        if (paid == 0) amount = 0;
    }

    function healthOf(Assessor.Assessment memory a) internal pure returns (uint256) {
        if (a.maintenance == 0) return a.marginEquity < 0 ? 0 : type(uint256).max;
        return a.marginEquity <= 0 ? 0 : FixedPoint.mulDivDown(uint256(a.marginEquity), 1e18, a.maintenance);
    }

    function peek(AssetId[] memory assets) internal view returns (Price[] memory prices) {
        if (assets.length != 0) prices = IOracle(clearingHouse.oracle()).peek(assets);
    }
}
