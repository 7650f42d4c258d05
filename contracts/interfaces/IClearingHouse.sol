// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../core/Assessor.sol";
import {
    AssetConfig,
    AssetLimits,
    Budget,
    Conditions,
    Debt,
    HouseTerms,
    Loser,
    Losses,
    Pool,
    Position,
    Reserve
} from "../core/Ledger.sol";
import {Markets} from "../core/Markets.sol";
import {Positions} from "../core/Positions.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Capability} from "../types/Capability.sol";
import {Price} from "../types/Price.sol";

/// @title The ledger
/// @notice Accounts hold quote, spot collateral and perp positions. Positions change by one primitive, an exchange between
/// two accounts; everything else is cash that moves from row to row.
///
/// Scale: sizes, prices, cash and ratios are 1e18. Token units appear only as `amount` of deposits and withdrawals.
/// Rounding: against the account that asks, in favour of the rows of the house; docs/units-and-rounding.md has the table.
/// Liveness: laws of authority and conservation revert; economic limits shrink the amount.
/// Roles: owners and their operators; stages with one capability each; the configurator, which cannot move a balance.
/// Tokens: neither fee on transfer nor rebasing; at most 18 decimals. What arrives must be what was asked for.
interface IClearingHouse {
    /// @notice One fill between two accounts.
    struct Trade {
        AssetId asset;
        /// Zero stands for the market's pool.
        AccountId buyer;
        AccountId seller;
        uint256 size;
        /// Zero for the quote of the market's pool, which trades at nothing else.
        uint256 price;
        /// Millionths of the fill's value.
        uint32 buyerFee;
        uint32 sellerFee;
        /// What each pays the keeper; less, where fee and tip would be more than the bound on both.
        uint256 buyerTip;
        uint256 sellerTip;
        AccountId keeper;
    }

    /// @notice What a fill was: its price, and the fee and tip of each party.
    struct Deal {
        uint256 price;
        uint256 buyerCost;
        uint256 sellerCost;
    }

    /// @notice One step that reduces a leg of a liquidatable account into a taker.
    struct Liquidation {
        AssetId asset;
        AccountId account;
        /// Zero stands for the market's pool, which takes at its quote; then the price is not read.
        AccountId taker;
        uint256 size;
        uint256 price;
        /// Who gets the reward, paid by the account.
        AccountId keeper;
        uint256 reward;
        /// Paid by the account to insurance.
        uint256 penalty;
        /// Paid by insurance for a bankrupt account, to the taker and to the keeper, as far as the market's budget goes.
        uint256 insuredPremium;
        uint256 insuredTip;
        /// The most the account may lose against mark, all that it pays included.
        uint256 bound;
    }

    /// @notice What a step was: its price, what nobody could pay, and what it left of leg and account.
    struct Step {
        uint256 price;
        uint256 deficit;
        int256 size;
        Assessor.Standing standing;
    }

    /// @notice One leg with its market and its account, as the next state-changing call in this block would find them: what
    /// a maker quotes on and a stage decides on.
    struct Case {
        Price price;
        Markets.Market market;
        int256 size;
        Assessor.Assessment account;
    }

    /// @notice Public numbers of one side of a perp.
    struct SideView {
        uint256 version;
        uint256 shareVersion;
        uint256 epoch;
        uint256 multiplier;
        int256 cashIndex;
        /// The tick at which a share goes on that did not get through; zero when none waits.
        uint256 page;
    }

    /// @notice Public numbers of a perp.
    struct PerpView {
        int256 fundingIndex;
        uint256 openInterest;
        uint256 accruedAt;
        Conditions conditions;
        Losses losses;
    }

    event Deposited(
        AccountId indexed account,
        AssetId indexed asset,
        address indexed payer,
        uint256 value,
        int256 balance
    );
    event Withdrawn(
        AccountId indexed account,
        AssetId indexed asset,
        address indexed to,
        uint256 value,
        uint256 paid,
        int256 balance
    );
    /// @notice An hour of withdrawals began.
    /// @param held then, up to a thousandth of a token
    event OutflowWindow(AssetId indexed asset, uint256 start, uint256 held);
    event OperatorSet(address indexed owner, address indexed operator, bool approved);
    event CashChanged(AccountId indexed account, int256 cash);
    event Exchanged(
        AssetId indexed asset,
        AccountId indexed buyer,
        AccountId indexed seller,
        uint256 size,
        uint256 price,
        uint256 openInterest
    );
    event Liquidated(
        AccountId indexed account,
        AssetId indexed asset,
        AccountId indexed taker,
        uint256 size,
        int256 loss
    );
    /// @notice A leg closed at mark against the whole other side.
    event Offset(AccountId indexed account, AssetId indexed asset, uint256 size, uint256 price);
    event FundingAccrued(AssetId indexed asset, int256 fundingIndex);
    /// @notice What a market is like from now on: rates, funding, depth.
    event ConditionsChanged(AssetId indexed asset, Conditions conditions);
    event PoolSet(AssetId indexed asset, Pool before, Pool pool);
    event HouseTermsSet(HouseTerms terms);
    event FeesShared(uint256 insured, uint256 kept);
    /// @notice What bears interest from now on.
    event DebtChanged(AccountId indexed account, uint256 amount);
    event InterestCharged(AccountId indexed account, uint256 amount);
    /// @param loser the side whose loss it is
    event DeficitBooked(AssetId indexed asset, AccountId indexed account, uint256 amount, Loser loser);
    /// @notice All of the winning side's profit at this mark was shared, and it was not enough.
    event ProfitExhausted(AssetId indexed asset, uint256 mark);
    event DeficitReduced(AssetId indexed asset, uint256 amount);
    /// @notice What insurance paid into the row of a market.
    event DeficitInsured(AssetId indexed asset, uint256 amount);
    /// @notice What insurance paid for a market, whatever for.
    event InsuranceUsed(AssetId indexed asset, uint256 amount);
    event Skimmed(AssetId indexed asset, uint256 value);
    event CallSkipped(uint256 indexed index, bytes reason);
    event AssetListed(AssetId indexed asset, AssetConfig config, AssetLimits limits, address token);
    event AssetConfigured(AssetId indexed asset, AssetConfig config, AssetLimits limits);
    /// @notice The last leg of a market that was wound down has closed.
    event MarketRetired(AssetId indexed asset);
    event CapabilityChanged(address indexed stage, Capability indexed capability, bool granted);

    error NotOwnerOrOperator(AccountId account, address caller);
    error RecipientNotOwner(AccountId account, address to);
    error NotConfigurator(address caller);
    error CapabilityMissing(address caller, Capability capability);
    error UnknownAsset(AssetId asset);
    error PriceNotFixed(AssetId asset);
    error PriceIsFixed(AssetId asset);
    error DeficitStands(AssetId asset, int256 cash);
    error BudgetSpent(AssetId asset, uint256 until);
    error AssetAlreadyListed(AssetId asset);
    error AssetOutOfBounds(uint256 asset, uint256 bound);
    error WrongKind(AssetId asset);
    error TokenInUse(address token);
    error TooManyDecimals(uint256 decimals, uint256 bound);
    error ReservedRow(AccountId account);
    error NewLegNeedsOwner(AccountId account, AssetId asset);
    error ZeroAmount();
    error ZeroAddress();
    error SelfExchange(AccountId account);
    error InsufficientCash(AccountId account, int256 cash, uint256 needed);
    error InsufficientSize(AccountId account, AssetId asset, uint256 size, uint256 needed);
    error InsufficientMargin(AccountId account, int256 equity, uint256 initialMargin);
    error InsufficientQuote(AccountId account, int256 quoteEquity);
    error InsufficientHeld(AssetId asset, uint256 held, uint256 needed);
    error WithdrawalAboveLimit(AssetId asset, uint256 value, uint256 left);
    error TokenAmountMismatch(address token, uint256 expected, uint256 actual);
    error AssetNotTradable(AssetId asset);
    error OnlyReductions(AccountId account, AssetId asset, int256 before, int256 afterwards);
    error OutsidePriceBand(uint256 price, uint256 mark, uint256 band);
    error HealthLowered(AccountId account, int256 marginEquity, uint256 maintenance);
    error AccountAboveMaintenance(AccountId account, int256 marginEquity, uint256 maintenance);
    error NotBankrupt(AccountId account, int256 equity);
    error NotOrphaned(AccountId account, int256 marginEquity, uint256 maintenance);
    error LossAboveBound(AccountId account, int256 loss, uint256 bound);
    error FeeAboveBound(uint256 fee, uint256 bound);
    error NoReason();
    error NothingQuoted(AssetId asset);
    error PoolTradesAtItsQuote(AssetId asset, uint256 price);
    error InventoryAboveLimit(AssetId asset, uint256 inventory, uint256 limit);
    error OpenInterestAboveLimit(AssetId asset, uint256 openInterest, uint256 bound);
    error SizeAboveLimit(AccountId account, AssetId asset, uint256 size, uint256 bound);
    error DustRowUnderfunded(int256 cash, uint256 needed);
    error ValueOutOfBounds(uint256 value, uint256 bound);
    error PriceDiverged(AccountId account);
    error QuoteOffPeg(uint256 price, uint256 bound);
    error SaleAboveDebt(AccountId account, int256 quoteEquity);
    error CashOutOfBounds(AccountId account, int256 cash);

    /// @notice Adds `amount` token units to an account. Anyone may add quote or a leg already held; a new leg needs the
    /// owner or an operator.
    function deposit(AccountId account, AssetId asset, uint256 amount) external;

    /// @notice As `deposit`, with the token's permit of the caller. A permit somebody already used does not revert it.
    function depositWithPermit(
        AccountId account,
        AssetId asset,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Takes `amount` token units out of an account that meets its initial margin afterwards. An operator can only
    /// pay the owner. While a deficit stands, quote pays v·H / (H + deficit) and the rest reduces the deficit. Within an hour
    /// no more than a share of what was held at its begin leaves, net of deposits, or a floor if that is more.
    /// @return paid token units sent
    function withdraw(AccountId account, AssetId asset, uint256 amount, address to) external returns (uint256 paid);

    /// @notice Moves quote (1e18) from an account of the caller to any ordinary account, under the rules of a withdrawal: an
    /// operator can only move it to another account of the owner.
    function transferCash(AccountId from, AccountId to, uint256 value) external;

    function setOperator(address operator, bool approved) external;

    /// @notice Latches prices, accrues funding and rates, and measures depth.
    function accrue(AssetId[] calldata assets) external;

    /// @notice Brings every leg of the accounts up to date: funding, offsets and shares. A leg whose market is wound down closes at
    /// the fixed price: at a loss at once, at a profit after a day, when the losses are in. The last one retires the market.
    function settle(AccountId[] calldata accounts) external;

    /// @notice Credits the treasury with tokens that arrived without a deposit.
    function skim(AssetId asset) external returns (uint256 value);

    /// @notice Runs each call on this contract as its caller; one that reverts is undone, reported and skipped.
    /// @return reasons empty for a call that succeeded, else its revert data
    function batch(bytes[] calldata calls) external returns (bytes[] memory reasons);

    /// @notice TRADE: both accounts meet initial margin afterwards; one below it may only reduce, with health not lower. The
    /// price is near mark; the market's pool trades at its quote, within its limits.
    function trade(Trade calldata terms) external returns (Deal memory);

    /// @notice Shares out the fees collected since the last time, between insurance and treasury.
    function shareFees() external returns (uint256 insured, uint256 kept);

    /// @notice Latches the prices of an account, accrues the market, and returns what a stage decides on.
    function examine(AccountId account, AssetId asset) external returns (Case memory);

    /// @notice As `examine`, and beside it what the market's pool asks and holds; nothing where there is none.
    function examineWithPool(
        AccountId account,
        AssetId asset
    ) external returns (Case memory, Pool memory, Assessor.Holder memory);

    /// @notice LIQUIDATE: the account is liquidatable now, or the leg is spot against which more quote is owed than the cap
    /// and the sale repays no more than that; its leg only shrinks, its loss stays within the bound and never lowers its
    /// health; the taker pays no price beyond the band and meets initial margin. A bankrupt account's part of the loss
    /// is booked as deficit.
    /// @param data if not empty, the caller gets it back in `onTaken`, before the taker's margin is looked at. Until it
    /// returns nothing is open but trades of the taker in this asset.
    function liquidate(Liquidation calldata terms, bytes calldata data) external returns (Step memory);

    /// @notice OFFSET: a perp of an account that is bankrupt or below half of its maintenance is closed at mark against the whole
    /// other side, everyone by the same fraction: the whole leg of a bankrupt one, else at most what brings it to twice
    /// its maintenance. What a bankrupt account cannot pay is booked and paid for before, so that nobody realises profit
    /// without his share of it. A spot of a bankrupt account whose price is stale is sold to insurance at what it counts
    /// for. Taker, price and premium are not read.
    function offset(Liquidation calldata terms) external returns (Step memory);

    /// @notice Pays what can be paid of a market's deficit: from insurance, then by a share of the winners' profit. Anybody may
    /// call it; the steps that book a deficit do so themselves.
    /// @param ticks the most to look for profit in; the next call goes on where this one stops
    function pay(AssetId asset, uint256 ticks) external returns (uint256 insured, uint256 shared);

    function listPerp(AssetId asset, AssetConfig calldata config, AssetLimits calldata limits) external;

    function listSpot(AssetId asset, address token, AssetConfig calldata config, AssetLimits calldata limits) external;

    function configure(AssetId asset, AssetConfig calldata config, AssetLimits calldata limits) external;

    function setPool(AssetId asset, Pool calldata pool) external;

    function setHouseTerms(HouseTerms calldata terms) external;

    function setCapability(address stage, Capability capability, bool granted) external;

    function oracle() external view returns (address);

    function configurator() external view returns (address);

    function cashOf(AccountId account) external view returns (int256);

    function legsOf(AccountId account) external view returns (AssetId[] memory);

    function positionOf(AccountId account, AssetId asset) external view returns (Position memory);

    /// @notice The position, the cash and the basis a touch now would leave.
    function previewPosition(AccountId account, AssetId asset) external view returns (Positions.PickedUp memory);

    function poolOf(AssetId asset) external view returns (Pool memory);

    /// @notice What `examine` would return now.
    function caseOf(AccountId account, AssetId asset) external view returns (Case memory);

    /// @notice What the next state-changing call in this block would find.
    function assess(AccountId account) external view returns (Assessor.Assessment memory);

    function isLiquidatable(AccountId account) external view returns (bool);

    function isOperator(address owner, address operator) external view returns (bool);

    function hasCapability(address stage, Capability capability) external view returns (bool);

    function configOf(AssetId asset) external view returns (AssetConfig memory, AssetLimits memory);

    /// @notice What margin reads of the market, as the next state-changing call in this block would find it.
    function marketOf(AssetId asset) external view returns (Markets.Market memory);

    function perpOf(AssetId asset) external view returns (PerpView memory);

    function sideOf(AssetId asset, bool long) external view returns (SideView memory);

    function reserveOf(AssetId asset) external view returns (Reserve memory);

    /// @notice What a withdrawal may pay now before it is above the limit of this hour, in 1e18: at most what is held.
    function outflowLeft(AssetId asset) external view returns (uint256);

    function budgetOf(AssetId asset) external view returns (Budget memory);

    /// @notice What insurance may pay for the market now, whatever for.
    function insurable(AssetId asset) external view returns (uint256);

    /// @notice What insurance has still to pay of all that stands, whatever its budgets say.
    function owed() external view returns (uint256);

    /// @notice What a share could take of the profit of one side now.
    function shareable(AssetId asset, bool long) external view returns (uint256);

    function houseTerms() external view returns (HouseTerms memory);

    /// @notice The quote owed against spot that bears interest, and the interest not charged yet.
    function debtOf(AccountId account) external view returns (Debt memory debt, uint256 interest);

    /// @notice What nobody has paid yet, over all markets.
    function totalDeficit() external view returns (uint256);
}
