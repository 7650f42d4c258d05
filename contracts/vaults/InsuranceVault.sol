// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {AssetConfig, AssetKind, AssetState} from "../core/Ledger.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IInsuranceVault} from "../interfaces/IInsuranceVault.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Minutes} from "../libraries/Minutes.sol";
import {Shares} from "../libraries/Shares.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {INSURANCE} from "../types/Rows.sol";
import {Payouts} from "./Payouts.sol";
import {ShareVault} from "./ShareVault.sol";

/// @notice The vault of those who insure. Its row is the ledger's, so its law of COVER is too; here are only shares, and the
/// sale of spot that the row took for want of a price.
contract InsuranceVault is IInsuranceVault, ShareVault {
    using SafeERC20 for IERC20;
    using Minutes for Minutes.Minute;

    uint256 internal constant COOLDOWN = 7 days;
    /// @dev Basis points: what a buyer of spot gets off, and of live depth what is sold per minute.
    uint256 internal constant SPOT_DISCOUNT = 1_00;
    uint256 internal constant RATE = 10;

    IClearingHouse public immutable clearingHouse;
    mapping(AssetId spot => Minutes.Minute) internal minutes_;

    constructor(
        IClearingHouse clearingHouse_,
        string memory name_,
        string memory symbol_
    ) ShareVault(clearingHouse_.reserveOf(QUOTE).token, name_, symbol_) {
        clearingHouse = clearingHouse_;
    }

    /// @inheritdoc IInsuranceVault
    function buySpot(
        AssetId spot,
        uint256 amount,
        uint256 mostQuote,
        uint256 deadline
    ) external nonReentrant returns (uint256 bought, uint256 paid) {
        require(block.timestamp <= deadline, DeadlinePassed(deadline, block.timestamp));
        IClearingHouse.Case memory c = look(spot);
        uint256 spotUnit = 10 ** (18 - clearingHouse.reserveOf(spot).decimals);
        bought = FixedPoint.min(amount, FixedPoint.mulDivDown(fit(spot, c), 1, spotUnit));
        require(bought != 0, NothingForSale(spot, c.size, amount, allowance(spot, c)));
        uint256 price = discounted(c.price);
        paid = FixedPoint.divUp(FixedPoint.mulUp(bought * spotUnit, price), unit);
        uint256 most = FixedPoint.mulDivDown(mostQuote, bought, amount);
        require(paid <= most, AboveMaximum(paid, most));
        use(spot, c, bought * spotUnit, price, paid);
        IERC20(asset).safeTransferFrom(msg.sender, address(this), paid);
        credit(paid);
        clearingHouse.withdraw(INSURANCE, spot, bought, msg.sender);
    }

    /// @inheritdoc IInsuranceVault
    function forSale(AssetId spot) external view returns (uint256) {
        IClearingHouse.Case memory c = clearingHouse.caseOf(INSURANCE, spot);
        bool sold = c.price.status == PriceStatus.Fresh && c.market.config.state < AssetState.Halted;
        return sold ? fit(spot, c) : 0;
    }

    /// @inheritdoc ShareVault
    function cooldown() public pure override returns (uint256) {
        return COOLDOWN;
    }

    /// @inheritdoc ShareVault
    function depositLimit() public view override returns (uint256) {
        Price[] memory prices = peek(clearingHouse.legsOf(INSURANCE));
        for (uint256 i = 0; i < prices.length; ++i) if (prices[i].status != PriceStatus.Fresh) return 0;
        return super.depositLimit();
    }

    /// @dev What may have to cover stays, and what may not leave the ledger in this hour.
    function available(uint256 due) internal view override returns (uint256) {
        due = FixedPoint.min(due, Shares.positive(clearingHouse.cashOf(INSURANCE) - int256(clearingHouse.owed())));
        return Payouts.bounded(clearingHouse, due, unit);
    }

    function worth() internal view override returns (Shares.Worth memory row) {
        int256 cash = clearingHouse.cashOf(INSURANCE);
        row = Shares.Worth(cash, cash, cash - int256(clearingHouse.owed()));
        AssetId[] memory legs = clearingHouse.legsOf(INSURANCE);
        Price[] memory prices = peek(legs);
        for (uint256 i = 0; i < legs.length; ++i) add(row, legs[i], prices[i]);
    }

    function add(Shares.Worth memory row, AssetId spot, Price memory price) internal view {
        uint256 size = uint256(int256(clearingHouse.positionOf(INSURANCE, spot).size));
        row.equity += int256(FixedPoint.mulDown(size, price.mark));
        row.entry += int256(FixedPoint.mulUp(size, FixedPoint.max(price.mark, price.fast)));
        if (price.status != PriceStatus.Fresh) return;
        (AssetConfig memory config, ) = clearingHouse.configOf(spot);
        uint256 value = FixedPoint.mulDown(size, FixedPoint.min(price.mark, price.fast));
        row.exit += int256(FixedPoint.mulDivDown(value, 10_000 - config.haircut, 10_000));
    }

    function moveIn(uint256 amount) internal override {
        credit(amount);
    }

    function moveOut(uint256 amount, address to) internal override returns (uint256) {
        uint256 most = FixedPoint.mulDivDown(available(amount * unit), 1, unit);
        require(amount <= most, AboveMaximum(amount, most));
        return clearingHouse.withdraw(INSURANCE, QUOTE, amount, to);
    }

    function credit(uint256 amount) internal {
        IERC20(asset).forceApprove(address(clearingHouse), amount);
        clearingHouse.deposit(INSURANCE, QUOTE, amount);
    }

    function refresh() internal override {
        clearingHouse.accrue(clearingHouse.legsOf(INSURANCE));
    }

    function peek(AssetId[] memory legs) internal view returns (Price[] memory prices) {
        if (legs.length != 0) prices = IOracle(clearingHouse.oracle()).peek(legs);
    }

    /// @dev Nothing is sold at a price that sources doubt.
    function look(AssetId spot) internal returns (IClearingHouse.Case memory c) {
        c = clearingHouse.examine(INSURANCE, spot);
        require(c.market.config.kind == AssetKind.Spot, IClearingHouse.WrongKind(spot));
        require(c.price.status == PriceStatus.Fresh, IExchange.PriceNotFresh(spot, c.price.status));
        require(c.market.config.state < AssetState.Halted, IClearingHouse.AssetNotTradable(spot));
    }

    function fit(AssetId spot, IClearingHouse.Case memory c) internal view returns (uint256) {
        uint256 size = FixedPoint.min(FixedPoint.mulDivDown(allowance(spot, c), WAD, c.price.mark), uint256(c.size));
        return FixedPoint.min(size, clearingHouse.outflowLeft(spot));
    }

    function allowance(AssetId spot, IClearingHouse.Case memory c) internal view returns (uint256) {
        return minutes_[spot].left(c.market.initialDepth, RATE);
    }

    function use(AssetId spot, IClearingHouse.Case memory c, uint256 size, uint256 price, uint256 paid) internal {
        Minutes.Minute memory minute = minutes_[spot].plus(FixedPoint.mulUp(size, c.price.mark));
        minutes_[spot] = minute;
        emit SpotSold(spot, msg.sender, size, price, paid, minute);
    }

    function discounted(Price memory price) internal pure returns (uint256) {
        return FixedPoint.mulDivUp(FixedPoint.max(price.mark, price.fast), 10_000 - SPOT_DISCOUNT, 10_000);
    }
}
