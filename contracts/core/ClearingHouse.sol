// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Budgets} from "../libraries/Budgets.sol";
import {Deleverage} from "../libraries/Deleverage.sol";
import {Legs} from "../libraries/Legs.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId, MAX_ASSET, QUOTE} from "../types/AssetId.sol";
import {Capability} from "../types/Capability.sol";
import {Price} from "../types/Price.sol";
import {DUST, INSURANCE, TREASURY} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessor} from "./Assessor.sol";
import {Exchanging} from "./Exchanging.sol";
import {AssetConfig, AssetKind, AssetLimits, Budget, Ledger, Perp, Position, Reserve, Side} from "./Ledger.sol";
import {Liquidating} from "./Liquidating.sol";
import {Positions} from "./Positions.sol";
import {Pricing} from "./Pricing.sol";
import {Trading} from "./Trading.sol";

/// @title The only contract with balances
/// @notice Calls the oracle and the tokens and nothing else. See IClearingHouse for the promises.
contract ClearingHouse is IClearingHouse, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Legs for uint96;
    using Pricing for Ledger;

    /// @dev What the dust row must hold per listed market.
    uint256 internal constant DUST_SEED = 0.01e18;

    address public immutable oracle;
    address public immutable configurator;
    Ledger internal ledger;

    modifier only(Capability capability) {
        require(hasCapability(msg.sender, capability), CapabilityMissing(msg.sender, capability));
        _;
    }

    modifier onlyConfigurator() {
        require(msg.sender == configurator, NotConfigurator(msg.sender));
        _;
    }

    constructor(address quote, address oracle_, address configurator_) {
        require(oracle_ != address(0) && configurator_ != address(0), ZeroAddress());
        oracle = oracle_;
        configurator = configurator_;
        ledger.reserves[QUOTE] = reserveFor(quote);
    }

    function deposit(AccountId account, AssetId asset, uint256 amount) public nonReentrant {
        Reserve storage reserve = reserveStorage(asset);
        require(amount != 0, ZeroAmount());
        uint256 value = Accounting.scaled(amount, unit(reserve));
        pull(reserve.token, amount);
        reserve.held = uint128(uint256(Accounting.signed(reserve.held + value)));
        int256 balance = asset == QUOTE ? creditQuote(account, value) : creditSpot(account, asset, value);
        emit Deposited(account, asset, msg.sender, value, balance);
    }

    function depositWithPermit(
        AccountId account,
        AssetId asset,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        // A front-run permit leaves the allowance it was for: the transfer decides.
        try
            IERC20Permit(reserveStorage(asset).token).permit(msg.sender, address(this), amount, deadline, v, r, s)
        {} catch {}
        deposit(account, asset, amount);
    }

    function withdraw(
        AccountId account,
        AssetId asset,
        uint256 amount,
        address to
    ) external nonReentrant returns (uint256 paid) {
        requireAuthority(account);
        require(to != address(0), ZeroAddress());
        if (account != TREASURY && msg.sender != account.ownerOf()) {
            require(to == account.ownerOf(), RecipientNotOwner(account, to));
        }
        require(amount != 0, ZeroAmount());
        Reserve storage reserve = reserveStorage(asset);
        int256 balance;
        uint256 value;
        if (asset == QUOTE) {
            (paid, value, balance) = debitQuote(account, amount, reserve);
        } else {
            (paid, value) = (amount, Accounting.scaled(amount, unit(reserve)));
            balance = ledger.resizeSpot(account, asset, -int256(value));
        }
        reserve.held -= uint128(paid * unit(reserve));
        ledger.requireFree(IOracle(oracle), account, asset == QUOTE);
        emit Withdrawn(account, asset, to, value, paid, balance);
        push(reserve.token, to, paid);
    }

    function transferCash(AccountId from, AccountId to, uint256 value) external nonReentrant {
        requireAuthority(from);
        address owner = from.ownerOf();
        require(to.ownerOf() != address(0), ReservedRow(to));
        require(msg.sender == owner || to.ownerOf() == owner, RecipientNotOwner(from, to.ownerOf()));
        require(from != to, SelfExchange(from));
        require(value != 0, ZeroAmount());
        int256 change = Accounting.signed(value);
        int256 cash = ledger.accounts[from].cash;
        require(ledger.accounts[from].legs != 0 || cash >= change, InsufficientCash(from, cash, value));
        ledger.addCash(from, -change);
        ledger.addCash(to, change);
        ledger.requireFree(IOracle(oracle), from, true);
    }

    function setOperator(address operator, bool approved) external {
        ledger.operators[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
    }

    function accrue(AssetId[] calldata assets) external nonReentrant {
        for (uint256 i = 0; i < assets.length; ++i) ledger.latchOne(IOracle(oracle), assets[i]);
    }

    function settle(AccountId[] calldata accounts) external nonReentrant {
        for (uint256 i = 0; i < accounts.length; ++i) Liquidating.settle(ledger, IOracle(oracle), accounts[i]);
    }

    function skim(AssetId asset) external nonReentrant returns (uint256 value) {
        Reserve storage reserve = reserveStorage(asset);
        uint256 balance = Accounting.scaled(IERC20(reserve.token).balanceOf(address(this)), unit(reserve));
        if (balance <= reserve.held) return 0;
        value = balance - reserve.held;
        reserve.held = uint128(balance);
        if (asset == QUOTE) ledger.addCash(TREASURY, int256(value));
        else ledger.resizeSpot(TREASURY, asset, int256(value));
        emit Skimmed(asset, value);
    }

    function batch(bytes[] calldata calls) external returns (bytes[] memory reasons) {
        reasons = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, bytes memory result) = address(this).delegatecall(calls[i]);
            if (ok) continue;
            reasons[i] = result;
            emit CallSkipped(i, result);
        }
    }

    function trade(Trade calldata terms) external nonReentrant only(Capability.Trade) {
        Trading.trade(ledger, IOracle(oracle), terms);
    }

    function liquidate(
        Liquidation calldata terms
    ) external nonReentrant only(Capability.Liquidate) returns (uint256 deficit) {
        return Liquidating.liquidate(ledger, IOracle(oracle), terms);
    }

    function cover(AssetId asset, uint256 most) external nonReentrant only(Capability.Cover) returns (uint256 paid) {
        paid = FixedPoint.min(most, coverable(asset));
        if (paid == 0) return 0;
        Budget memory budget = budgetOf(asset);
        budget.hourUsed += uint128(paid);
        budget.dayUsed += uint128(paid);
        ledger.budgets[asset] = budget;
        ledger.addCash(INSURANCE, -int256(paid));
        ledger.perps[asset].coverable -= uint128(paid);
        emit InsuranceUsed(asset, paid);
        ledger.reduceDeficit(asset, paid);
    }

    function listPerp(
        AssetId asset,
        AssetConfig calldata config,
        AssetLimits calldata limits
    ) external onlyConfigurator {
        require(config.kind == AssetKind.Perp, WrongKind(asset));
        list(asset, config, limits, address(0));
        uint256 needed = DUST_SEED * ++ledger.listed;
        require(cashOf(DUST) >= int256(needed), DustRowUnderfunded(cashOf(DUST), needed));
        Perp storage perp = ledger.perps[asset];
        perp.accruedAt = uint32(block.timestamp);
        perp.long.multiplier = uint104(Deleverage.ONE);
        perp.short.multiplier = uint104(Deleverage.ONE);
    }

    function listSpot(
        AssetId asset,
        address token,
        AssetConfig calldata config,
        AssetLimits calldata limits
    ) external onlyConfigurator {
        require(config.kind == AssetKind.Spot, WrongKind(asset));
        list(asset, config, limits, token);
        ledger.reserves[asset] = reserveFor(token);
    }

    function configure(
        AssetId asset,
        AssetConfig calldata config,
        AssetLimits calldata limits,
        int64 fundingRate
    ) external nonReentrant onlyConfigurator {
        AssetConfig storage stored = ledger.configs[asset];
        require(stored.kind != AssetKind.None && stored.kind == config.kind, UnknownAsset(asset));
        if (config.kind == AssetKind.Perp && ledger.perps[asset].fundingRate != fundingRate) {
            ledger.latchOne(IOracle(oracle), asset);
            ledger.perps[asset].fundingRate = fundingRate;
        }
        ledger.configs[asset] = config;
        ledger.limits[asset] = limits;
        emit AssetConfigured(asset, config, limits, fundingRate);
    }

    function setCapability(address stage, Capability capability, bool granted) external onlyConfigurator {
        uint256 bit = 1 << uint8(capability);
        if (granted) ledger.capabilities[stage] |= bit;
        else ledger.capabilities[stage] &= ~bit;
        emit CapabilityChanged(stage, capability, granted);
    }

    function cashOf(AccountId account) public view returns (int256) {
        return ledger.accounts[account].cash;
    }

    function legsOf(AccountId account) public view returns (AssetId[] memory) {
        return ledger.accounts[account].legs.list();
    }

    function positionOf(AccountId account, AssetId asset) external view returns (Position memory) {
        return ledger.positions[account][asset];
    }

    function previewPosition(AccountId account, AssetId asset) external view returns (Positions.PickedUp memory) {
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = asset;
        return Assessor.preview(ledger, account, asset, IOracle(oracle).peek(assets)[0].mark);
    }

    function assess(AccountId account) public view returns (Assessor.Assessment memory) {
        AssetId[] memory legs = legsOf(account);
        Price[] memory prices;
        if (legs.length != 0) prices = IOracle(oracle).peek(legs);
        return Assessor.assess(ledger, account, prices);
    }

    function isLiquidatable(AccountId account) external view returns (bool) {
        return Assessor.liquidatable(assess(account));
    }

    function isOperator(address owner, address operator) public view returns (bool) {
        return ledger.operators[owner][operator];
    }

    function hasCapability(address stage, Capability capability) public view returns (bool) {
        return ledger.capabilities[stage] & (1 << uint8(capability)) != 0;
    }

    function configOf(AssetId asset) external view returns (AssetConfig memory, AssetLimits memory) {
        return (ledger.configs[asset], ledger.limits[asset]);
    }

    function perpOf(AssetId asset) external view returns (PerpView memory) {
        Perp storage perp = ledger.perps[asset];
        return PerpView(perp.fundingIndex, perp.openInterest, perp.accruedAt, perp.fundingRate, perp.coverable);
    }

    function sideOf(AssetId asset, bool long) external view returns (SideView memory) {
        Side storage side = Positions.sideOf(ledger.perps[asset], long);
        return SideView(side.version, side.shareVersion, side.epoch, side.multiplier, side.cashIndex);
    }

    function reserveOf(AssetId asset) external view returns (Reserve memory) {
        return ledger.reserves[asset];
    }

    function budgetOf(AssetId asset) public view returns (Budget memory) {
        return Budgets.current(ledger.budgets[asset], uint256(cashOf(INSURANCE)), block.timestamp);
    }

    function coverable(AssetId asset) public view returns (uint256) {
        uint256 most = FixedPoint.min(ledger.perps[asset].coverable, uint256(cashOf(INSURANCE)));
        return FixedPoint.min(most, Budgets.available(budgetOf(asset)));
    }

    function totalDeficit() external view returns (uint256) {
        return ledger.deficit;
    }

    function requireAuthority(AccountId account) internal view {
        address owner = account.ownerOf();
        bool allowed =
            account == TREASURY
                ? msg.sender == configurator
                : owner != address(0) && (msg.sender == owner || isOperator(owner, msg.sender));
        require(allowed, NotOwnerOrOperator(account, msg.sender));
    }

    function reserveStorage(AssetId asset) internal view returns (Reserve storage reserve) {
        reserve = ledger.reserves[asset];
        require(reserve.token != address(0), UnknownAsset(asset));
    }

    function creditQuote(AccountId account, uint256 value) internal returns (int256) {
        bool open = account.ownerOf() != address(0) || account == TREASURY || account == INSURANCE || account == DUST;
        require(open, ReservedRow(account));
        return ledger.addCash(account, int256(value));
    }

    function creditSpot(AccountId account, AssetId asset, uint256 value) internal returns (int256) {
        if (!ledger.accounts[account].legs.contains(asset)) {
            address owner = account.ownerOf();
            require(msg.sender == owner || isOperator(owner, msg.sender), NewLegNeedsOwner(account, asset));
        }
        AssetLimits memory limits = ledger.limits[asset];
        uint256 held = ledger.reserves[asset].held;
        require(held <= limits.total, OpenInterestAboveLimit(asset, held, limits.total));
        int256 size = ledger.resizeSpot(account, asset, int256(value));
        require(uint256(size) <= limits.perAccount, SizeAboveLimit(account, asset, uint256(size), limits.perAccount));
        return size;
    }

    function debitQuote(
        AccountId account,
        uint256 amount,
        Reserve storage reserve
    ) internal returns (uint256 paid, uint256 value, int256 balance) {
        uint256 wanted = Accounting.scaled(amount, unit(reserve));
        int256 cash = cashOf(account);
        require(ledger.accounts[account].legs != 0 || cash >= int256(wanted), InsufficientCash(account, cash, wanted));
        uint256 forgone;
        (paid, forgone) = Accounting.payout(wanted, reserve.held, ledger.deficit, unit(reserve));
        value = paid + forgone;
        require(value != 0, InsufficientHeld(QUOTE, reserve.held, wanted));
        balance = ledger.addCash(account, -int256(value));
        ledger.reduceDeficits(forgone);
        paid /= unit(reserve);
    }

    function list(AssetId asset, AssetConfig calldata config, AssetLimits calldata limits, address token) internal {
        uint256 id = AssetId.unwrap(asset);
        require(id != 0 && id <= MAX_ASSET, AssetOutOfBounds(id, MAX_ASSET));
        require(ledger.configs[asset].kind == AssetKind.None, AssetAlreadyListed(asset));
        ledger.configs[asset] = config;
        ledger.limits[asset] = limits;
        emit AssetListed(asset, config, limits, token);
        // Nothing is listed without a price: from here on there is always a last one.
        ledger.latchOne(IOracle(oracle), asset);
    }

    function reserveFor(address token) internal returns (Reserve memory) {
        require(!ledger.tokens[token], TokenInUse(token));
        ledger.tokens[token] = true;
        uint8 decimals = IERC20Metadata(token).decimals();
        require(decimals <= 18, TooManyDecimals(decimals, 18));
        return Reserve(token, decimals, 0);
    }

    /// @dev What one unit of the token is in 1e18.
    function unit(Reserve storage reserve) internal view returns (uint256) {
        return 10 ** (18 - reserve.decimals);
    }

    function pull(address token, uint256 amount) internal {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        require(received == amount, TokenAmountMismatch(token, amount, received));
    }

    function push(address token, address to, uint256 amount) internal {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransfer(to, amount);
        uint256 sent = before - IERC20(token).balanceOf(address(this));
        require(sent == amount, TokenAmountMismatch(token, amount, sent));
    }
}
