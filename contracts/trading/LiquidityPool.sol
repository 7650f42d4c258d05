// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ILiquidityPool} from "../interfaces/ILiquidityPool.sol";
import {IMaker} from "../interfaces/IMaker.sol";
import {Margin} from "../libraries/Margin.sol";
import {Quoting} from "../libraries/Quoting.sol";
import {Shares} from "../libraries/Shares.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {ShareVault} from "../vaults/ShareVault.sol";

/// @notice Quotes from what the ledger says about its account and the market: nothing about a trade is stored here.
contract LiquidityPool is ILiquidityPool, ShareVault, AccessManaged {
    using SafeERC20 for IERC20;

    uint256 internal constant COOLDOWN = 1 days;
    uint256 internal constant MAX_HALF_SPREAD = 10_000;
    uint256 internal constant MAX_AGE_FACTOR = 10_00;
    uint256 internal constant MAX_DEVIATION = 5_00;
    uint256 internal constant MAX_INVENTORY = 20_00;
    uint256 internal constant MAX_LEVERAGE = 5_00;

    IClearingHouse public immutable clearingHouse;
    AssetId public immutable market;
    AccountId public immutable account;
    QuoteTerms internal terms_;

    constructor(
        address authority,
        IClearingHouse clearingHouse_,
        AssetId market_,
        QuoteTerms memory terms,
        string memory name_,
        string memory symbol_
    ) ShareVault(clearingHouse_.reserveOf(QUOTE).token, name_, symbol_) AccessManaged(authority) {
        clearingHouse = clearingHouse_;
        market = market_;
        account = accountId(address(this), 0);
        putTerms(terms);
    }

    /// @inheritdoc ILiquidityPool
    function setQuoteTerms(QuoteTerms calldata terms) external restricted {
        putTerms(terms);
    }

    /// @inheritdoc IMaker
    function quote(AssetId asset_, int256 size) external view returns (uint256) {
        require(asset_ == market, OtherAsset(asset_, market));
        IClearingHouse.Holding memory h = holding();
        uint256 notional = Margin.notionalOf(size, h.price.mark);
        require(notional != 0, NothingQuoted(asset_));
        uint256 room = roomOf(h, size > 0);
        require(notional <= room, InventoryAboveLimit(notional, room));
        int256 against = Margin.value(size > 0 ? -h.size : h.size, h.price.mark);
        uint256 rate = terms_.halfSpread * (WAD / 1e6);
        rate += Quoting.inventoryRate(ageRate(h), against, notional, h.market.initialDepth);
        return Quoting.price(size > 0, h.price.mark, h.price.fast, rate);
    }

    /// @inheritdoc IMaker
    function capacity(AssetId asset_, bool buys) external view returns (uint256) {
        require(asset_ == market, OtherAsset(asset_, market));
        IClearingHouse.Holding memory h = holding();
        return FixedPoint.mulDivDown(roomOf(h, buys), WAD, h.price.mark);
    }

    /// @inheritdoc ILiquidityPool
    function quoteTerms() external view returns (QuoteTerms memory) {
        return terms_;
    }

    /// @dev The notional a taker may trade: what brings the inventory to zero, and beyond it what the limits leave.
    function roomOf(IClearingHouse.Holding memory h, bool buys) internal view returns (uint256) {
        uint256 inventory = Margin.notionalOf(h.size, h.price.mark);
        uint256 equity = h.equity > 0 ? uint256(h.equity) : 0;
        uint256 most = FixedPoint.min(
            FixedPoint.mulDivDown(h.market.initialDepth, terms_.inventoryLimit, 10_000),
            FixedPoint.mulDivDown(equity, terms_.leverageLimit, 100)
        );
        if (h.size != 0 && (h.size > 0) == buys) return inventory + most;
        bool oneSided = inventory > FixedPoint.mulDivDown(equity, terms_.oneSided, 100);
        return oneSided || inventory >= most ? 0 : most - inventory;
    }

    /// @dev Who enters buys a part of the inventory at the pool's price, who leaves sells it.
    function valueAt(IClearingHouse.Holding memory h, bool bought) internal view returns (int256) {
        if (h.size == 0) return h.equity;
        uint256 price = Quoting.price(bought, h.price.mark, h.price.fast, baseRate(h));
        int256 moved = int256(price) - int256(h.price.mark);
        return h.equity + FixedPoint.mulDivFloor(h.size * moved, 1, WAD);
    }

    /// @dev What any quote asks for: half of the spread, and for the age of the mark.
    function baseRate(IClearingHouse.Holding memory h) internal view returns (uint256) {
        return terms_.halfSpread * (WAD / 1e6) + ageRate(h);
    }

    function ageRate(IClearingHouse.Holding memory h) internal view returns (uint256) {
        uint256 age = block.timestamp - h.price.updatedAt;
        return Quoting.ageRate(h.price.sigma, age, terms_.ageFactor, uint256(terms_.deviation) * 1e14);
    }

    function holding() internal view returns (IClearingHouse.Holding memory) {
        return clearingHouse.holdingOf(account, market);
    }

    /// @inheritdoc ShareVault
    function depositLimit() public view override returns (uint256) {
        int256 room = int256(uint256(terms_.depositLimit)) - holding().equity;
        return room > 0 ? uint256(room) : 0;
    }

    /// @inheritdoc ShareVault
    function cooldown() public pure override returns (uint256) {
        return COOLDOWN;
    }

    function worth() internal view override returns (Shares.Worth memory) {
        IClearingHouse.Holding memory h = holding();
        return Shares.Worth(h.equity, valueAt(h, h.size > 0), valueAt(h, h.size < 0));
    }

    function moveIn(uint256 amount) internal override {
        IERC20(asset).forceApprove(address(clearingHouse), amount);
        clearingHouse.deposit(account, QUOTE, amount);
    }

    function moveOut(uint256 amount, address to) internal override returns (uint256) {
        return clearingHouse.withdraw(account, QUOTE, amount, to);
    }

    /// @dev Prices are latched before anything is valued; the depth that the pool lends is measured after it changed.
    function refresh() internal override {
        clearingHouse.accrue(markets());
    }

    function afterwards() internal override {
        clearingHouse.accrue(markets());
    }

    function putTerms(QuoteTerms memory terms) internal {
        requireWithin("halfSpread", terms.halfSpread, 1, MAX_HALF_SPREAD);
        requireWithin("ageFactor", terms.ageFactor, 0, MAX_AGE_FACTOR);
        requireWithin("deviation", terms.deviation, 0, MAX_DEVIATION);
        requireWithin("inventoryLimit", terms.inventoryLimit, 1, MAX_INVENTORY);
        requireWithin("leverageLimit", terms.leverageLimit, 1, MAX_LEVERAGE);
        requireWithin("oneSided", terms.oneSided, 1, terms.leverageLimit);
        emit QuoteTermsSet(terms_, terms);
        terms_ = terms;
    }

    function markets() internal view returns (AssetId[] memory list) {
        list = new AssetId[](1);
        list[0] = market;
    }

    function requireWithin(bytes32 term, uint256 value, uint256 lower, uint256 upper) internal pure {
        require(value >= lower && value <= upper, TermOutOfBounds(term, value, lower, upper));
    }
}
