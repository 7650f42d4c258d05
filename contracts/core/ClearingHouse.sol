// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Legs} from "../libraries/Legs.sol";
import {Outflows} from "../libraries/Outflows.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId, QUOTE} from "../types/AssetId.sol";
import {Capability} from "../types/Capability.sol";
import {Price} from "../types/Price.sol";
import {DUST, INSURANCE, TREASURY} from "../types/Rows.sol";
import {Accounting} from "./Accounting.sol";
import {Assessing} from "./Assessing.sol";
import {Assessor} from "./Assessor.sol";
import {Debts} from "./Debts.sol";
import {Deleveraging} from "./Deleveraging.sol";
import {Exchanging} from "./Exchanging.sol";
import {Inflows} from "./Inflows.sol";
import {
    AssetConfig,
    AssetLimits,
    Budget,
    Debt,
    HouseTerms,
    Ledger,
    Perp,
    Pool,
    Position,
    Reserve,
    Side
} from "./Ledger.sol";
import {Liquidating} from "./Liquidating.sol";
import {Listing} from "./Listing.sol";
import {Looks} from "./Looks.sol";
import {Markets} from "./Markets.sol";
import {Offsetting} from "./Offsetting.sol";
import {Paying} from "./Paying.sol";
import {Positions} from "./Positions.sol";
import {Session} from "./Session.sol";
import {Settling} from "./Settling.sol";
import {Trading} from "./Trading.sol";
import {Withdrawing} from "./Withdrawing.sol";

/// @title The only contract with balances
/// @notice Calls the oracle and the tokens, and back a stage whose taker asked for a session. See IClearingHouse for the promises.
contract ClearingHouse is IClearingHouse, ReentrancyGuardTransient {
    using Address for address;
    using SafeERC20 for IERC20;
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Legs for uint96;

    address public immutable oracle;
    address public immutable configurator;
    address internal immutable quoteToken;
    uint256 internal immutable quoteUnit;
    Ledger internal ledger;

    modifier only(Capability capability) {
        require(hasCapability(msg.sender, capability), CapabilityMissing(msg.sender, capability));
        _;
    }

    modifier onlyConfigurator() {
        require(msg.sender == configurator, NotConfigurator(msg.sender));
        _;
    }

    /// @dev Whatever may change an account ends what is remembered of it.
    modifier forgetting() {
        Looks.forget();
        _;
    }

    constructor(address quote, address oracle_, address configurator_) {
        require(oracle_ != address(0) && configurator_ != address(0), ZeroAddress());
        oracle = oracle_;
        configurator = configurator_;
        Listing.addReserve(ledger, QUOTE, quote);
        ledger.houseTerms.outflow = uint16(Outflows.ALL);
        quoteToken = quote;
        quoteUnit = 10 ** (18 - ledger.reserves[QUOTE].decimals);
    }

    function deposit(AccountId account, AssetId asset, uint256 amount) public nonReentrant forgetting {
        (address token, uint256 unit) = tokenOf(asset);
        require(amount != 0, ZeroAmount());
        uint256 value = Accounting.scaled(amount, unit);
        pull(token, amount);
        Inflows.add(asset, value);
        Reserve storage reserve = ledger.reserves[asset];
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
        (address token, ) = tokenOf(asset);
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        deposit(account, asset, amount);
    }

    function withdraw(
        AccountId account,
        AssetId asset,
        uint256 amount,
        address to
    ) external nonReentrant forgetting returns (uint256 paid) {
        requireAuthority(account);
        if (account.ownerOf() != address(0) && msg.sender != account.ownerOf()) {
            require(to == account.ownerOf(), RecipientNotOwner(account, to));
        }
        (address token, uint256 unit) = tokenOf(asset);
        Withdrawing.Terms memory terms = Withdrawing.Terms(account, asset, token, unit, amount, to);
        return Withdrawing.withdraw(ledger, IOracle(oracle), terms);
    }

    function transferCash(AccountId from, AccountId to, uint256 value) external nonReentrant forgetting {
        requireAuthority(from);
        Withdrawing.transferCash(ledger, IOracle(oracle), from, to, value);
    }

    function setOperator(address operator, bool approved) external {
        ledger.operators[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
    }

    function accrue(AssetId[] calldata assets) external nonReentrant forgetting {
        Listing.accrue(ledger, IOracle(oracle), assets);
    }

    function settle(AccountId[] calldata accounts) external nonReentrant forgetting {
        for (uint256 i = 0; i < accounts.length; ++i) Settling.settle(ledger, IOracle(oracle), accounts[i]);
    }

    function shareFees() external nonReentrant forgetting returns (uint256 insured, uint256 kept) {
        return Listing.shareFees(ledger, IOracle(oracle));
    }

    function skim(AssetId asset) external nonReentrant forgetting returns (uint256 value) {
        (address token, uint256 unit) = tokenOf(asset);
        Reserve storage reserve = ledger.reserves[asset];
        uint256 balance = Accounting.scaled(IERC20(token).balanceOf(address(this)), unit);
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
            // Who runs out of gas says nothing: that must not look like a success.
            if (result.length == 0) result = abi.encodeWithSelector(NoReason.selector);
            reasons[i] = result;
            emit CallSkipped(i, result);
        }
    }

    function trade(Trade calldata terms) external returns (Deal memory) {
        return Session.admits(terms) ? tradeNow(terms) : tradeAlone(terms);
    }

    function examine(AccountId account, AssetId asset) external returns (Case memory) {
        answer(look(Settling.examine.selector, account, asset));
    }

    function examineWithPool(
        AccountId account,
        AssetId asset
    ) external returns (Case memory, Pool memory, Assessor.Holder memory) {
        answer(look(Settling.examineWithPool.selector, account, asset));
    }

    function liquidate(
        Liquidation calldata terms,
        bytes calldata data
    ) external nonReentrant only(Capability.Liquidate) returns (Step memory) {
        return Liquidating.liquidate(ledger, IOracle(oracle), terms, data);
    }

    function offset(Liquidation calldata terms) external nonReentrant only(Capability.Offset) returns (Step memory) {
        return Offsetting.offset(ledger, IOracle(oracle), terms);
    }

    function pay(
        AssetId asset,
        uint256 ticks
    ) external nonReentrant forgetting returns (uint256 insured, uint256 shared) {
        return Paying.pay(ledger, IOracle(oracle), asset, ticks);
    }

    function listPerp(
        AssetId asset,
        AssetConfig calldata config,
        AssetLimits calldata limits
    ) external onlyConfigurator {
        Listing.listPerp(ledger, IOracle(oracle), asset, config, limits);
    }

    function listSpot(
        AssetId asset,
        address token,
        AssetConfig calldata config,
        AssetLimits calldata limits
    ) external onlyConfigurator {
        Listing.listSpot(ledger, IOracle(oracle), asset, token, config, limits);
    }

    function configure(
        AssetId asset,
        AssetConfig calldata config,
        AssetLimits calldata limits
    ) external nonReentrant forgetting onlyConfigurator {
        Listing.configure(ledger, IOracle(oracle), asset, config, limits);
    }

    function setPool(AssetId asset, Pool calldata pool) external nonReentrant forgetting onlyConfigurator {
        Listing.setPool(ledger, IOracle(oracle), asset, pool);
    }

    function setHouseTerms(HouseTerms calldata terms) external nonReentrant forgetting onlyConfigurator {
        Listing.setHouseTerms(ledger, IOracle(oracle), terms);
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
        return Assessing.preview(ledger, account, asset, peek(asset));
    }

    function poolOf(AssetId asset) external view returns (Pool memory) {
        return ledger.perps[asset].pool;
    }

    function caseOf(AccountId account, AssetId asset) external view returns (Case memory) {
        return Assessing.caseOf(ledger, IOracle(oracle), account, asset);
    }

    function marketOf(AssetId asset) external view returns (Markets.Market memory) {
        return Assessing.market(ledger, asset, peek(asset));
    }

    function assess(AccountId account) public view returns (Assessor.Assessment memory) {
        AssetId[] memory legs = legsOf(account);
        Price[] memory prices;
        if (legs.length != 0) prices = IOracle(oracle).peek(legs);
        return Assessing.assess(ledger, account, prices);
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
        return PerpView(perp.fundingIndex, perp.openInterest, perp.accruedAt, perp.conditions, perp.losses);
    }

    function sideOf(AssetId asset, bool long) external view returns (SideView memory) {
        Side storage side = Positions.sideOf(ledger.perps[asset], long);
        return SideView(side.version, side.shareVersion, side.epoch, side.multiplier, side.cashIndex, side.page);
    }

    function reserveOf(AssetId asset) external view returns (Reserve memory) {
        return ledger.reserves[asset];
    }

    function outflowLeft(AssetId asset) external view returns (uint256) {
        return Withdrawing.outflowLeft(ledger, asset);
    }

    function budgetOf(AssetId asset) external view returns (Budget memory) {
        return Paying.budgetOf(ledger, asset);
    }

    function insurable(AssetId asset) external view returns (uint256) {
        return Paying.insurable(ledger, asset);
    }

    function owed() external view returns (uint256 sum) {
        for (uint256 i = 0; i < ledger.inDeficit.length; ++i) sum += ledger.perps[ledger.inDeficit[i]].losses.coverable;
    }

    function shareable(AssetId asset, bool long) external view returns (uint256) {
        return Deleveraging.capacity(ledger, asset, long, peek(asset).mark);
    }

    function houseTerms() external view returns (HouseTerms memory) {
        return ledger.houseTerms;
    }

    function debtOf(AccountId account) external view returns (Debt memory debt, uint256 interest) {
        return (ledger.debts[account], Debts.interest(ledger, account));
    }

    function totalDeficit() external view returns (uint256) {
        return ledger.reserves[QUOTE].deficit;
    }

    function tradeAlone(Trade calldata terms) internal nonReentrant forgetting returns (Deal memory) {
        return tradeNow(terms);
    }

    function tradeNow(Trade calldata terms) internal only(Capability.Trade) returns (Deal memory) {
        return Trading.trade(ledger, IOracle(oracle), terms);
    }

    function look(bytes4 how, AccountId account, AssetId asset) internal nonReentrant returns (bytes memory) {
        uint256 slot;
        assembly {
            slot := ledger.slot
        }
        return address(Settling).functionDelegateCall(abi.encodeWithSelector(how, slot, oracle, account, asset));
    }

    /// @dev What a library says is the answer as it is: there is much of it to be read and written again.
    function answer(bytes memory data) internal pure {
        assembly ("memory-safe") {
            return(add(data, 0x20), mload(data))
        }
    }

    function requireAuthority(AccountId account) internal view {
        address owner = account.ownerOf();
        bool allowed;
        if (owner != address(0)) allowed = msg.sender == owner || isOperator(owner, msg.sender);
        else if (account == INSURANCE) allowed = hasCapability(msg.sender, Capability.Cover);
        else allowed = account == TREASURY && msg.sender == configurator;
        require(allowed, NotOwnerOrOperator(account, msg.sender));
    }

    /// @dev The token of an asset and what one unit of it is in 1e18. Quote is asked for most and never changes.
    function tokenOf(AssetId asset) internal view returns (address token, uint256 unit) {
        if (asset == QUOTE) return (quoteToken, quoteUnit);
        Reserve storage reserve = ledger.reserves[asset];
        token = reserve.token;
        require(token != address(0), UnknownAsset(asset));
        unit = 10 ** (18 - reserve.decimals);
    }

    function creditQuote(AccountId account, uint256 value) internal returns (int256) {
        bool open = account.ownerOf() != address(0) || account == TREASURY || account == INSURANCE || account == DUST;
        require(open, ReservedRow(account));
        Debts.repay(ledger, account, value);
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
        uint256 most = FixedPoint.mulDown(limits.total, limits.perAccount);
        require(uint256(size) <= most, SizeAboveLimit(account, asset, uint256(size), most));
        return size;
    }

    function peek(AssetId asset) internal view returns (Price memory) {
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = asset;
        return IOracle(oracle).peek(assets)[0];
    }

    function pull(address token, uint256 amount) internal {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        require(received == amount, TokenAmountMismatch(token, amount, received));
    }
}
