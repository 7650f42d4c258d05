// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {AssetKind, AssetState} from "../core/Ledger.sol";
import {Lens} from "../core/Lens.sol";
import {IBackstopPool} from "../interfaces/IBackstopPool.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Entries} from "../libraries/Entries.sol";
import {Margin} from "../libraries/Margin.sol";
import {Minutes} from "../libraries/Minutes.sol";
import {Quoting} from "../libraries/Quoting.sol";
import {Shares} from "../libraries/Shares.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {Payouts} from "../vaults/Payouts.sol";
import {ShareVault} from "../vaults/ShareVault.sol";

/// @notice The vault behind stage 3. Who enters or leaves does so as if he traded his part of the inventory at a spread that
/// covers what feeds may be off and what it costs to sell what nobody wanted.
contract BackstopPool is IBackstopPool, ShareVault, AccessManaged {
    using SafeERC20 for IERC20;
    using Entries for Entries.Window;
    using Minutes for Minutes.Minute;

    uint256 internal constant COOLDOWN = 3 days;
    uint256 internal constant SPREAD = 0.01e18;
    /// @dev Basis points.
    uint256 internal constant MIN_RATE = 1;
    uint256 internal constant MAX_RATE = 5_00;
    uint256 internal constant MIN_COST = 5;
    uint256 internal constant MAX_COST = 2_00;
    uint256 internal constant MAX_DISCOUNT = 5_00;

    IClearingHouse public immutable clearingHouse;
    IExchange public immutable exchange;
    AccountId public immutable account;
    Lens internal immutable lens;
    Entries.Window internal entries;
    Unwinding internal unwinding_;
    mapping(AssetId asset => Minutes.Minute) internal minutes_;

    /// @dev The row at mark, at fast, and to those who come and go; what it holds, and whether a price of that is in doubt.
    struct Inventory {
        int256 equity;
        int256 atFast;
        int256 entry;
        int256 exit;
        uint256 notional;
        bool doubtful;
    }

    constructor(
        address authority,
        Lens lens_,
        IExchange exchange_,
        Unwinding memory terms,
        string memory name_,
        string memory symbol_
    ) ShareVault(lens_.clearingHouse().reserveOf(QUOTE).token, name_, symbol_) AccessManaged(authority) {
        (lens, exchange) = (lens_, exchange_);
        clearingHouse = lens_.clearingHouse();
        account = accountId(address(this), 0);
        put(terms);
    }

    /// @inheritdoc IBackstopPool
    function unwind(
        AssetId asset,
        uint256 most,
        uint256 deadline
    ) external nonReentrant returns (uint256 size, uint256 price) {
        IClearingHouse.Case memory c = look(asset);
        (, uint256 room) = lens.quote(asset, against(c, 1));
        size = fit(asset, c, FixedPoint.min(most, room));
        int256 traded = against(c, size);
        (, price) = exchange.trade(IExchange.PoolTrade(account, asset, traded, worst(c), true, deadline));
        use(asset, c, traded, price);
    }

    /// @inheritdoc IBackstopPool
    function unwindInto(
        IExchange.SignedOrder calldata order,
        uint256 most,
        uint256 deadline
    ) external nonReentrant returns (uint256 size) {
        IExchange.Order calldata o = order.order;
        IClearingHouse.Case memory c = look(o.asset);
        require(c.size == 0 || (c.size > 0) == (o.size > 0), NoReduction(o.asset, c.size, -o.size));
        uint256 bound = worst(c);
        require(c.size > 0 ? o.limit >= bound : o.limit <= bound, PriceTooFar(o.limit, bound));
        size = exchange.fill(order, account, fit(o.asset, c, most), 0, deadline);
        use(o.asset, c, against(c, size), o.limit);
    }

    /// @inheritdoc IBackstopPool
    function buySpot(
        AssetId spot,
        uint256 amount,
        uint256 mostQuote,
        uint256 deadline
    ) external nonReentrant returns (uint256 bought, uint256 paid) {
        require(block.timestamp <= deadline, DeadlinePassed(deadline, block.timestamp));
        IClearingHouse.Case memory c = look(spot);
        require(c.market.config.kind == AssetKind.Spot, IClearingHouse.WrongKind(spot));
        uint256 spotUnit = 10 ** (18 - clearingHouse.reserveOf(spot).decimals);
        bought = FixedPoint.min(amount, fit(spot, c, clearingHouse.outflowLeft(spot)) / spotUnit);
        require(bought != 0, NothingToUnwind(spot, c.size, amount, allowance(spot, c)));
        uint256 price = distant(c, unwinding_.spotDiscount);
        paid = FixedPoint.divUp(FixedPoint.mulUp(bought * spotUnit, price), unit);
        uint256 most = FixedPoint.mulDivDown(mostQuote, bought, amount);
        require(paid <= most, AboveMaximum(paid, most));
        use(spot, c, -int256(bought * spotUnit), price);
        IERC20(asset).safeTransferFrom(msg.sender, address(this), paid);
        credit(paid);
        clearingHouse.withdraw(account, spot, bought, msg.sender);
    }

    /// @inheritdoc IBackstopPool
    function setUnwinding(Unwinding calldata terms) external restricted {
        put(terms);
    }

    /// @inheritdoc IBackstopPool
    function unwindable(AssetId asset) external view returns (uint256 size) {
        IClearingHouse.Case memory c = clearingHouse.caseOf(account, asset);
        if (c.price.status != PriceStatus.Fresh || c.market.config.state >= AssetState.Halted) return 0;
        size = sizeOf(c, allowance(asset, c));
        if (c.market.config.kind == AssetKind.Spot) size = FixedPoint.min(size, clearingHouse.outflowLeft(asset));
    }

    /// @inheritdoc IBackstopPool
    function unwinding() external view returns (Unwinding memory) {
        return unwinding_;
    }

    /// @inheritdoc ShareVault
    function cooldown() public pure override returns (uint256) {
        return COOLDOWN;
    }

    /// @inheritdoc ShareVault
    function depositLimit() public view override returns (uint256) {
        Inventory memory held = inventory();
        return held.doubtful ? 0 : entries.room(held.equity, held.notional);
    }

    /// @dev What carries the inventory stays, quote never leaves against spot, and the ledger limits what leaves in an hour.
    function available(uint256 due) internal view override returns (uint256) {
        due = FixedPoint.min(due, lens.withdrawable(account, QUOTE).amount * unit);
        return Payouts.bounded(clearingHouse, due, unit);
    }

    /// @dev A wick ends no generation: there is no equity left only when there is none at the fast average either.
    function worth() internal view override returns (Shares.Worth memory) {
        Inventory memory held = inventory();
        return Shares.Worth(held.atFast > held.equity ? held.atFast : held.equity, held.entry, held.exit);
    }

    function inventory() internal view returns (Inventory memory held) {
        int256 equity = clearingHouse.assess(account).equity;
        held = Inventory(equity, equity, equity, equity, 0, false);
        AssetId[] memory legs = clearingHouse.legsOf(account);
        if (legs.length == 0) return held;
        Price[] memory prices = IOracle(clearingHouse.oracle()).peek(legs);
        for (uint256 i = 0; i < legs.length; ++i) {
            add(held, clearingHouse.previewPosition(account, legs[i]).size, prices[i]);
        }
    }

    /// @dev A leg costs an entrant what somebody would pay who had to buy it, and brings a leaver what its sale would.
    function add(Inventory memory held, int256 size, Price memory price) internal pure {
        held.notional += Margin.notionalOf(size, price.mark);
        held.atFast += gain(size, price.mark, price.fast);
        held.entry += gain(size, price.mark, Quoting.price(size > 0, price.mark, price.fast, SPREAD));
        held.exit += gain(size, price.mark, Quoting.price(size < 0, price.mark, price.fast, SPREAD));
        if (price.status != PriceStatus.Fresh) held.doubtful = true;
    }

    function gain(int256 size, uint256 from, uint256 to) internal pure returns (int256) {
        return FixedPoint.mulDivFloor(size * (int256(to) - int256(from)), 1, WAD);
    }

    function moveIn(uint256 amount) internal override {
        Inventory memory held = inventory();
        entries.enter(held.equity, held.notional, amount * unit);
        credit(amount);
    }

    function credit(uint256 amount) internal {
        IERC20(asset).forceApprove(address(clearingHouse), amount);
        clearingHouse.deposit(account, QUOTE, amount);
    }

    function moveOut(uint256 amount, address to) internal override returns (uint256) {
        Payouts.requireHeld(clearingHouse, amount * unit);
        return clearingHouse.withdraw(account, QUOTE, amount, to);
    }

    function refresh() internal override {
        clearingHouse.accrue(clearingHouse.legsOf(account));
    }

    /// @dev Nothing is sold at a price that sources doubt.
    function look(AssetId asset) internal returns (IClearingHouse.Case memory c) {
        c = clearingHouse.examine(account, asset);
        require(c.price.status == PriceStatus.Fresh, IExchange.PriceNotFresh(asset, c.price.status));
        require(c.market.config.state < AssetState.Halted, IClearingHouse.AssetNotTradable(asset));
    }

    /// @dev What of a size leg and minute leave.
    function fit(AssetId asset, IClearingHouse.Case memory c, uint256 most) internal view returns (uint256 size) {
        uint256 left = allowance(asset, c);
        size = FixedPoint.min(most, sizeOf(c, left));
        require(size != 0, NothingToUnwind(asset, c.size, most, left));
    }

    function sizeOf(IClearingHouse.Case memory c, uint256 value) internal pure returns (uint256) {
        return FixedPoint.min(FixedPoint.mulDivDown(value, WAD, c.price.mark), FixedPoint.abs(c.size));
    }

    function allowance(AssetId asset, IClearingHouse.Case memory c) internal view returns (uint256) {
        return minutes_[asset].left(c.market.initialDepth, unwinding_.rate);
    }

    function use(AssetId asset, IClearingHouse.Case memory c, int256 traded, uint256 price) internal {
        Minutes.Minute memory minute = minutes_[asset].plus(Margin.notionalOf(traded, c.price.mark));
        minutes_[asset] = minute;
        emit Unwound(asset, traded, price, minute);
    }

    /// @dev The trade that reduces the leg by a size.
    function against(IClearingHouse.Case memory c, uint256 size) internal pure returns (int256) {
        return c.size > 0 ? -int256(size) : int256(size);
    }

    function worst(IClearingHouse.Case memory c) internal view returns (uint256) {
        return distant(c, unwinding_.maxCost);
    }

    /// @dev So many basis points worse than the better of mark and fast.
    function distant(IClearingHouse.Case memory c, uint256 points) internal pure returns (uint256) {
        (uint256 mark, uint256 fast) = (c.price.mark, c.price.fast);
        if (c.size > 0) return FixedPoint.mulDivUp(FixedPoint.max(mark, fast), 10_000 - points, 10_000);
        return FixedPoint.mulDivDown(FixedPoint.min(mark, fast), 10_000 + points, 10_000);
    }

    function put(Unwinding memory terms) internal {
        requireWithin("rate", terms.rate, MIN_RATE, MAX_RATE);
        requireWithin("maxCost", terms.maxCost, MIN_COST, MAX_COST);
        requireWithin("spotDiscount", terms.spotDiscount, 0, MAX_DISCOUNT);
        emit UnwindingSet(unwinding_, terms);
        unwinding_ = terms;
    }

    function requireWithin(bytes32 parameter, uint256 value, uint256 lower, uint256 upper) internal pure {
        require(value >= lower && value <= upper, OutOfBounds(parameter, value, lower, upper));
    }
}
