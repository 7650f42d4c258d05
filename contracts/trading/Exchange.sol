// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Lens} from "../core/Lens.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Reduction} from "../libraries/Reduction.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {FixedPoint, WAD} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {Price, PriceStatus} from "../types/Price.sol";
import {POOL} from "../types/Rows.sol";

/// @notice Holds no balances: it decides who trades with whom at which price, the ledger decides whether they may.
contract Exchange is IExchange, EIP712, AccessManaged, ReentrancyGuardTransient, Multicall {
    using SafeERC20 for IERC20;

    /// @dev In millionths.
    uint256 internal constant MAX_FEE = 2_000;
    uint256 internal constant MAX_SIZE = type(uint128).max;

    bytes32 internal constant ORDER = keccak256(
        "Order(uint256 account,uint16 asset,int256 size,uint256 limit,uint64 nonce,uint64 expiry,uint64 notBefore,uint32 maxFee,bool reduceOnly,uint8 condition,uint256 level,uint256 target,uint256 tip)"
    );

    IClearingHouse public immutable clearingHouse;
    Lens public immutable lens;
    IOracle internal immutable oracle;

    mapping(bytes32 hash => uint256) public filled;
    mapping(AccountId account => mapping(uint256 word => uint256)) internal used;
    mapping(AccountId account => uint64) public floorOf;
    FeeTerms internal fees_;

    /// @dev One side of a fill.
    struct Side {
        bytes32 hash;
        uint256 size;
        /// What the account holds, when the order may only reduce it.
        uint256 position;
    }

    constructor(
        address authority,
        Lens lens_,
        FeeTerms memory terms
    ) EIP712("Ballast Exchange", "1") AccessManaged(authority) {
        lens = lens_;
        clearingHouse = lens_.clearingHouse();
        oracle = IOracle(clearingHouse.oracle());
        putFees(terms);
    }

    /// @inheritdoc IExchange
    function trade(PoolTrade calldata terms) external nonReentrant returns (int256 size, uint256 price) {
        requireTimely(terms.deadline);
        requireAuthority(terms.account);
        size = terms.size;
        requireSize(size);
        if (terms.reduceOnly) {
            uint256 most = FixedPoint.min(FixedPoint.abs(size), reducible(terms.account, terms.asset, size));
            size = size > 0 ? int256(most) : -int256(most);
        }
        IClearingHouse.Trade memory t = between(terms.asset, terms.account, POOL, size);
        charge(t, size > 0, fees_.taker, 0);
        price = clearingHouse.trade(t).price;
        requireWithinLimit(size > 0, price, terms.limit);
    }

    /// @inheritdoc IExchange
    function fill(
        SignedOrder calldata maker,
        AccountId taker,
        uint256 most,
        uint256 least,
        uint256 deadline
    ) external nonReentrant returns (uint256 size) {
        requireTimely(deadline);
        requireAuthority(taker);
        Order calldata order = maker.order;
        Side memory side = ready(maker, fees_.maker);
        fit(order, side, order.limit, fees_.maker);
        size = FixedPoint.min(side.size, most);
        least = FixedPoint.max(least, 1);
        require(size >= least, FilledTooLittle(size, least));
        IClearingHouse.Trade memory t = between(order.asset, order.account, taker, towards(order, size));
        (t.price, t.keeper) = (order.limit, taker);
        charge(t, order.size > 0, fees_.maker, tipOf(order, size));
        charge(t, order.size < 0, fees_.taker, 0);
        settle(order, side, clearingHouse.trade(t), size);
    }

    /// @inheritdoc IExchange
    function matchOrders(Match calldata pair, AccountId keeper) external nonReentrant returns (uint256 size) {
        Order calldata maker = pair.maker.order;
        Order calldata taker = pair.taker.order;
        require(
            maker.asset == taker.asset && (maker.size > 0) != (taker.size > 0),
            OrdersDoNotMatch(maker.asset, taker.asset, maker.size, taker.size)
        );
        requireWithinLimit(taker.size > 0, maker.limit, taker.limit);
        Side memory a = ready(pair.maker, fees_.maker);
        Side memory b = ready(pair.taker, fees_.taker);
        fit(maker, a, maker.limit, fees_.maker);
        fit(taker, b, maker.limit, fees_.taker);
        size = FixedPoint.min(pair.size, FixedPoint.min(a.size, b.size));
        require(size != 0, FilledTooLittle(0, 1));
        IClearingHouse.Trade memory t = between(maker.asset, maker.account, taker.account, towards(maker, size));
        (t.price, t.keeper) = (maker.limit, keeper);
        charge(t, maker.size > 0, fees_.maker, tipOf(maker, size));
        charge(t, taker.size > 0, fees_.taker, tipOf(taker, size));
        IClearingHouse.Deal memory deal = clearingHouse.trade(t);
        settle(maker, a, deal, size);
        settle(taker, b, deal, size);
    }

    /// @inheritdoc IExchange
    function matchBatch(Match[] calldata pairs, AccountId keeper) external returns (bytes[] memory reasons) {
        reasons = new bytes[](pairs.length);
        for (uint256 i = 0; i < pairs.length; ++i) {
            try this.matchOrders(pairs[i], keeper) {} catch (bytes memory reason) {
                reasons[i] = skipped(i, reason);
            }
        }
    }

    /// @inheritdoc IExchange
    function execute(SignedOrder calldata signed, AccountId keeper) external nonReentrant returns (uint256 size) {
        Order calldata order = signed.order;
        latch(order.asset);
        Side memory side = ready(signed, fees_.taker);
        (uint256 price, uint256 most) = lens.quote(order.asset, towards(order, side.size));
        fit(order, side, price, fees_.taker);
        size = FixedPoint.min(side.size, most);
        require(size != 0, FilledTooLittle(0, 1));
        IClearingHouse.Trade memory t = between(order.asset, order.account, POOL, towards(order, size));
        t.keeper = keeper;
        charge(t, order.size > 0, fees_.taker, tipOf(order, size));
        IClearingHouse.Deal memory deal = clearingHouse.trade(t);
        requireWithinLimit(order.size > 0, deal.price, order.limit);
        settle(order, side, deal, size);
    }

    /// @inheritdoc IExchange
    function executeBatch(SignedOrder[] calldata orders, AccountId keeper) external returns (bytes[] memory reasons) {
        reasons = new bytes[](orders.length);
        for (uint256 i = 0; i < orders.length; ++i) {
            try this.execute(orders[i], keeper) {} catch (bytes memory reason) {
                reasons[i] = skipped(i, reason);
            }
        }
    }

    /// @inheritdoc IExchange
    function cancel(AccountId account, uint256 word, uint256 mask) external {
        requireAuthority(account);
        used[account][word] |= mask;
        emit NoncesUsed(account, word, mask);
    }

    /// @inheritdoc IExchange
    function cancelBelow(AccountId account, uint64 floor) external {
        requireAuthority(account);
        require(floor > floorOf[account], NonceFloorNotHigher(floor, floorOf[account]));
        floorOf[account] = floor;
        emit NoncesRaised(account, floor);
    }

    /// @inheritdoc IExchange
    function permit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        if (token.code.length == 0) return;
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
    }

    /// @inheritdoc IExchange
    function deposit(AccountId account, AssetId asset, uint256 amount) external nonReentrant {
        IERC20 token = IERC20(clearingHouse.reserveOf(asset).token);
        require(address(token) != address(0), IClearingHouse.UnknownAsset(asset));
        if (account.ownerOf() != msg.sender && asset != QUOTE) requireAuthority(account);
        token.safeTransferFrom(msg.sender, address(this), amount);
        token.forceApprove(address(clearingHouse), amount);
        clearingHouse.deposit(account, asset, amount);
    }

    /// @inheritdoc IExchange
    function withdraw(AccountId account, AssetId asset, uint256 amount) external nonReentrant returns (uint256 paid) {
        requireAuthority(account);
        if (amount == type(uint256).max) amount = lens.withdrawable(account, asset).amount;
        return clearingHouse.withdraw(account, asset, amount, account.ownerOf());
    }

    /// @inheritdoc IExchange
    function transferCash(AccountId from, AccountId to, uint256 value) external nonReentrant {
        requireAuthority(from);
        clearingHouse.transferCash(from, to, value);
    }

    /// @inheritdoc IExchange
    function setFees(FeeTerms calldata terms) external restricted {
        putFees(terms);
    }

    /// @inheritdoc IExchange
    function fillable(SignedOrder calldata signed, uint256 price, bool makes) external view returns (uint256 size) {
        uint256 rate = makes ? fees_.maker : fees_.taker;
        Side memory side = ready(signed, rate);
        requireWithinLimit(signed.order.size > 0, price, signed.order.limit);
        fit(signed.order, side, price, rate);
        require(side.size != 0, FilledTooLittle(0, 1));
        return side.size;
    }

    /// @inheritdoc IExchange
    function fees() external view returns (FeeTerms memory) {
        return fees_;
    }

    /// @inheritdoc IExchange
    function hashOf(Order calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER, order)));
    }

    /// @inheritdoc IExchange
    function isUsed(AccountId account, uint256 nonce) public view returns (bool) {
        return nonce < floorOf[account] || used[account][nonce >> 8] & (1 << (nonce & 255)) != 0;
    }

    /// @dev Everything about an order that does not depend on the price it gets: what is left of it to fill.
    function ready(SignedOrder calldata signed, uint256 rate) internal view returns (Side memory side) {
        Order calldata order = signed.order;
        requireSize(order.size);
        require(order.expiry >= block.timestamp, OrderExpired(order.expiry, block.timestamp));
        require(!isUsed(order.account, order.nonce), OrderDone(order.account, order.nonce));
        require(rate <= order.maxFee, FeeAboveLimit(rate, order.maxFee));
        side.hash = hashOf(order);
        requireSigned(order.account, signed.signer, side.hash, signed.signature);
        side.size = FixedPoint.abs(order.size) - filled[side.hash];
        if (order.condition != Condition.None || order.notBefore != 0) requireCondition(order);
        if (!order.reduceOnly && order.condition != Condition.HealthBelow) return side;
        side.position = reducible(order.account, order.asset, order.size);
        side.size = FixedPoint.min(side.size, side.position);
    }

    function requireCondition(Order calldata order) internal view {
        Price memory price = peek(order.asset);
        require(price.updatedAt > order.notBefore, PriceNotNewer(price.updatedAt, order.notBefore));
        (Condition condition, uint256 actual) = (order.condition, price.mark);
        if (condition == Condition.None) return;
        if (condition == Condition.HealthBelow) actual = lens.health(order.account);
        else require(price.status == PriceStatus.Fresh, PriceNotFresh(order.asset, price.status));
        require(isMet(condition, actual, order.level), ConditionNotMet(condition, actual, order.level));
    }

    /// @dev An order on health is as large as the smallest reduction to its target, at what closing costs at this price.
    function fit(Order calldata order, Side memory side, uint256 price, uint256 rate) internal view {
        if (order.condition != Condition.HealthBelow) return;
        uint256 mark = peek(order.asset).mark;
        (uint256 high, uint256 low) = order.size > 0 ? (price, mark) : (mark, price);
        uint256 cost = high > low ? FixedPoint.mulDivUp(high - low, WAD, mark) : 0;
        cost += FixedPoint.mulDivUp(rate * (WAD / 1e6), price, mark);
        cost += FixedPoint.mulDivUp(order.tip, WAD, FixedPoint.mulUp(FixedPoint.abs(order.size), mark));
        Reduction.Plan memory plan = lens.reduction(
            order.account,
            order.asset,
            order.target,
            FixedPoint.min(cost, WAD)
        );
        side.size = FixedPoint.min(side.size, plan.size);
    }

    function isMet(Condition condition, uint256 actual, uint256 level) internal pure returns (bool) {
        if (condition == Condition.HealthBelow) return actual < level;
        return condition == Condition.MarkAtLeast ? actual >= level : actual <= level;
    }

    /// @dev Who runs out of gas says nothing: that must not look like a success.
    function skipped(uint256 index, bytes memory reason) internal returns (bytes memory) {
        if (reason.length == 0) reason = abi.encodeWithSelector(NoReason.selector);
        emit Skipped(index, reason);
        return reason;
    }

    function charge(IClearingHouse.Trade memory t, bool buyer, uint32 fee, uint256 tip) internal pure {
        if (buyer) (t.buyerFee, t.buyerTip) = (fee, tip);
        else (t.sellerFee, t.sellerTip) = (fee, tip);
    }

    /// @dev The part of the tip that belongs to this part of the order.
    function tipOf(Order calldata order, uint256 size) internal pure returns (uint256) {
        return FixedPoint.mulDivDown(order.tip, size, FixedPoint.abs(order.size));
    }

    /// @dev Books what is filled of an order. One that may only reduce is done when there is nothing left to reduce.
    function settle(Order calldata order, Side memory side, IClearingHouse.Deal memory deal, uint256 size) internal {
        uint256 whole = FixedPoint.abs(order.size);
        uint256 left = whole - filled[side.hash] - size;
        if (size == side.position) left = 0;
        if (left == 0) use(order.account, order.nonce);
        else filled[side.hash] = whole - left;
        uint256 cost = order.size > 0 ? deal.buyerCost : deal.sellerCost;
        emit OrderFilled(side.hash, order.account, order.nonce, size, deal.price, cost, left);
    }

    function use(AccountId account, uint256 nonce) internal {
        used[account][nonce >> 8] |= 1 << (nonce & 255);
    }

    /// @param size what `first` buys, negative for what it sells
    function between(
        AssetId asset,
        AccountId first,
        AccountId second,
        int256 size
    ) internal pure returns (IClearingHouse.Trade memory t) {
        t.asset = asset;
        (t.buyer, t.seller) = size > 0 ? (first, second) : (second, first);
        t.size = FixedPoint.abs(size);
    }

    function latch(AssetId asset) internal {
        oracle.latchOne(asset);
    }

    function putFees(FeeTerms memory terms) internal {
        require(terms.taker <= MAX_FEE, FeesOutOfBounds(terms.taker, MAX_FEE));
        require(terms.maker <= terms.taker, FeesOutOfBounds(terms.maker, terms.taker));
        emit FeesSet(fees_, terms);
        fees_ = terms;
    }

    /// @dev What of a size an account can give up without crossing zero.
    function reducible(AccountId account, AssetId asset, int256 size) internal view returns (uint256) {
        int256 position = clearingHouse.previewPosition(account, asset).size;
        require(position != 0 && (position > 0) != (size > 0), NothingToReduce(account, asset, position, size));
        return FixedPoint.abs(position);
    }

    function peek(AssetId asset) internal view returns (Price memory) {
        return oracle.peek(single(asset))[0];
    }

    function requireAuthority(AccountId account) internal view {
        require(hasAuthority(account, msg.sender), NotOwnerOrOperator(account, msg.sender));
    }

    function requireSigned(AccountId account, address signer, bytes32 hash, bytes calldata signature) internal view {
        require(hasAuthority(account, signer), NotOwnerOrOperator(account, signer));
        require(Signatures.valid(signer, hash, signature), BadSignature(signer, hash));
    }

    function hasAuthority(AccountId account, address who) internal view returns (bool) {
        address owner = account.ownerOf();
        return owner != address(0) && (who == owner || clearingHouse.isOperator(owner, who));
    }

    function requireTimely(uint256 deadline) internal view {
        require(deadline >= block.timestamp, DeadlinePassed(deadline, block.timestamp));
    }

    function requireSize(int256 size) internal pure {
        require(size != 0 && size <= int256(MAX_SIZE) && size >= -int256(MAX_SIZE), SizeOutOfBounds(size, MAX_SIZE));
    }

    function requireWithinLimit(bool buys, uint256 price, uint256 limit) internal pure {
        require(buys ? price <= limit : price >= limit, PriceBeyondLimit(price, limit));
    }

    function towards(Order calldata order, uint256 size) internal pure returns (int256) {
        return order.size > 0 ? int256(size) : -int256(size);
    }

    function single(AssetId asset) internal pure returns (AssetId[] memory assets) {
        assets = new AssetId[](1);
        assets[0] = asset;
    }
}
