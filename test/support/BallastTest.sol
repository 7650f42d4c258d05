// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";
import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";
import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {Lens} from "../../contracts/core/Lens.sol";
import {AssetLimits, AssetState, Pool} from "../../contracts/core/Ledger.sol";
import {RiskConfigurator} from "../../contracts/core/RiskConfigurator.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {IRiskConfigurator} from "../../contracts/interfaces/IRiskConfigurator.sol";
import {ClearingHouseHarness} from "../../contracts/mocks/ClearingHouseHarness.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {OracleRouter} from "../../contracts/oracle/OracleRouter.sol";
import {ChainlinkSource} from "../../contracts/oracle/adapters/ChainlinkSource.sol";
import {Exchange} from "../../contracts/trading/Exchange.sol";
import {Terms} from "../../contracts/liquidation/Chain.sol";
import {Liquidator} from "../../contracts/liquidation/Liquidator.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {Price} from "../../contracts/types/Price.sol";
import {DUST, INSURANCE} from "../../contracts/types/Rows.sol";

/// @notice The whole system as it is deployed, with two perps and one spot collateral. Only tokens and feeds are fakes.
abstract contract BallastTest is Test {
    AssetId internal constant ETH = AssetId.wrap(1);
    AssetId internal constant BTC = AssetId.wrap(2);
    AssetId internal constant WETH = AssetId.wrap(3);

    AccessManager internal manager;
    OracleRouter internal router;
    RiskConfigurator internal configurator;
    ClearingHouse internal house;
    Lens internal lens;
    Exchange internal exchange;
    Liquidator internal liquidator;
    TestToken internal quote;
    TestToken internal weth;
    mapping(AssetId => MockV3Aggregator) internal feeds;

    address internal stage = makeAddr("stage");
    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");
    address internal carol = makeAddr("carol");
    address internal keeper = makeAddr("keeper");
    AccountId internal aliceId = accountId(alice, 0);
    AccountId internal bobId = accountId(bob, 0);
    AccountId internal carolId = accountId(carol, 0);
    AccountId internal keeperId = accountId(keeper, 0);

    function setUp() public virtual {
        vm.warp(1_700_000_000);
        manager = new AccessManager(address(this));
        quote = new TestToken("USD Coin", "USDC", 6);
        weth = new TestToken("Wrapped Ether", "WETH", 18);
        router = new OracleRouter(address(manager));
        configurator = new RiskConfigurator(address(manager));
        house = newClearingHouse();
        lens = new Lens(house);
        configurator.bind(address(house));
        router.bind(address(house));
        fund(address(this), DUST, 1e6);
        addFeed(ETH, 2_000e8);
        addFeed(BTC, 60_000e8);
        addFeed(WETH, 2_000e8);
        configurator.listPerp(ETH, perpTerms(0.05e18, 0.1e18));
        configurator.listPerp(BTC, perpTerms(0.05e18, 0.1e18));
        configurator.listSpot(WETH, address(weth), IRiskConfigurator.SpotTerms(20_00, 1e26, 1e18, 50_000_000e18));
        for (uint8 i = 0; i <= uint8(type(Capability).max); ++i) configurator.setCapability(stage, Capability(i), true);
        exchange = new Exchange(address(manager), lens, IExchange.FeeTerms(200, 500));
        configurator.setCapability(address(exchange), Capability.Trade, true);
        liquidator = new Liquidator(address(manager), house);
        configurator.setCapability(address(liquidator), Capability.Liquidate, true);
        configurator.setCapability(address(liquidator), Capability.Offset, true);
        for (uint16 i = 1; i <= 3; ++i) liquidator.setTerms(AssetId.wrap(i), stageTerms());
    }

    function newClearingHouse() internal virtual returns (ClearingHouse) {
        return new ClearingHouse(address(quote), address(router), address(configurator));
    }

    /// @dev A market whose rates do not move.
    function perpTerms(uint64 maintenance, uint64 initial) internal pure returns (IRiskConfigurator.PerpTerms memory) {
        return
            IRiskConfigurator.PerpTerms({
                margin: marginTerms(maintenance, maintenance, initial),
                depth: 50_000_000e18,
                maxHaircut: 30_00,
                openInterestLimit: 1e27,
                crowdedFrom: 1e27,
                sizeLimit: 1e18,
                funding: IRiskConfigurator.FundingTerms(10_00, 50)
            });
    }

    /// @dev Four deviations of half an hour; the initial rate is to the floor as given.
    function marginTerms(
        uint256 floor,
        uint256 cap,
        uint256 initial
    ) internal pure returns (IRiskConfigurator.MarginTerms memory) {
        uint16 initialCap = uint16((initial * cap) / floor / 1e14);
        return
            IRiskConfigurator.MarginTerms({
                floorRate: uint16(floor / 1e14),
                capRate: uint16(cap / 1e14),
                initialFactor: uint16((initial * 10_000) / floor),
                initialCap: initialCap > 50_00 ? 50_00 : initialCap,
                deviations: 4_00,
                horizon: 30 minutes
            });
    }

    /// @dev As for ETH: to a health of 1.2, for half of the margin freed, a fifth as penalty, a tip of half a quote.
    function stageTerms() internal pure returns (Terms memory) {
        return Terms(1_20_00, 50_00, 20_00, 50, 2_00, 5_00, 2, 20_00, 0.5e18);
    }

    /// @dev Half a spread of 5 bp, age at two deviations and at most 50 bp, a tenth of depth, twice and thrice its equity.
    function poolTerms(address owner) internal pure returns (Pool memory) {
        return Pool(owner, 500, 2_00, 50, 10_00, 2_00, 3_00);
    }

    /// @dev A market's pool, with token units of quote from its first provider.
    function openPool(AssetId asset, address provider, uint256 amount) internal returns (LiquidityPool pool) {
        pool = new LiquidityPool(house, asset, "Ballast Pool", "BLP");
        configurator.setPool(asset, poolTerms(address(pool)));
        enterPool(pool, provider, amount);
    }

    function enterPool(LiquidityPool pool, address provider, uint256 amount) internal returns (uint256 shares) {
        quote.mint(provider, amount);
        vm.startPrank(provider);
        quote.approve(address(pool), amount);
        shares = pool.deposit(amount, provider);
        vm.stopPrank();
    }

    /// @dev With the market's pool, at any price; a sale when the size is negative.
    function poolTrade(AccountId account, AssetId asset, int256 size) internal returns (uint256 price) {
        uint256 limit = size > 0 ? type(uint256).max : 0;
        vm.prank(account.ownerOf());
        (, price) = exchange.trade(IExchange.PoolTrade(account, asset, size, limit, false, block.timestamp));
    }

    function limits(uint96 total, uint64 perAccount) internal pure returns (AssetLimits memory) {
        return AssetLimits(total, total, perAccount);
    }

    function addFeed(AssetId asset, int256 price) internal {
        feeds[asset] = new MockV3Aggregator(8, price);
        IOracleRouter.Source[] memory sources = new IOracleRouter.Source[](1);
        sources[0] = IOracleRouter.Source(address(chainlink(feeds[asset])), 1 hours);
        router.setSources(asset, sources, 1, 100);
    }

    function chainlink(MockV3Aggregator feed) internal returns (ChainlinkSource) {
        return new ChainlinkSource(AggregatorV3Interface(address(feed)), 1 days, AggregatorV3Interface(address(0)), 0);
    }

    /// @dev Token units of quote, minted.
    function fund(address payer, AccountId account, uint256 amount) internal {
        quote.mint(payer, amount);
        vm.startPrank(payer);
        quote.approve(address(house), type(uint256).max);
        house.deposit(account, QUOTE, amount);
        vm.stopPrank();
    }

    function fundSpot(address payer, AccountId account, uint256 amount) internal {
        weth.mint(payer, amount);
        vm.startPrank(payer);
        weth.approve(address(house), type(uint256).max);
        house.deposit(account, WETH, amount);
        vm.stopPrank();
    }

    /// @dev A new price in a new block; both averages follow only with time.
    function setPrice(AssetId asset, uint256 price) internal {
        vm.warp(block.timestamp + 1);
        feeds[asset].updateAnswer(int256(price / 1e10));
    }

    /// @dev A price that has stood, latched, long enough for every average to have reached it.
    function settlePrice(AssetId asset, uint256 price) internal {
        setPrice(asset, price);
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = asset;
        house.accrue(assets);
        vm.warp(block.timestamp + 2 days);
        refresh();
        house.accrue(assets);
    }

    /// @dev The same prices, fresh again.
    function refresh() internal {
        for (uint16 i = 0; i <= 3; ++i) {
            MockV3Aggregator feed = feeds[AssetId.wrap(i)];
            if (address(feed) != address(0)) feed.updateAnswer(feed.latestAnswer());
        }
    }

    function trade(AssetId asset, AccountId buyer, AccountId seller, uint256 size, uint256 price) internal {
        vm.prank(stage);
        house.trade(tradeTerms(asset, buyer, seller, size, price));
    }

    function tradeTerms(
        AssetId asset,
        AccountId buyer,
        AccountId seller,
        uint256 size,
        uint256 price
    ) internal pure returns (IClearingHouse.Trade memory) {
        return IClearingHouse.Trade(asset, buyer, seller, size, price, 0, 0, 0, 0, AccountId.wrap(0));
    }

    function liquidation(
        AssetId asset,
        AccountId account,
        AccountId taker,
        uint256 size,
        uint256 price
    ) internal pure returns (IClearingHouse.Liquidation memory) {
        return IClearingHouse.Liquidation(asset, account, taker, size, price, taker, 0, 0, 0, 0, type(uint128).max);
    }

    function liquidate(IClearingHouse.Liquidation memory terms) internal returns (uint256) {
        vm.prank(stage);
        return house.liquidate(terms, "").deficit;
    }

    function sizeOf(AccountId account, AssetId asset) internal view returns (int256) {
        return house.previewPosition(account, asset).size;
    }

    /// @dev A rate that stays, as of a skew that has stood for long; for tests whose clearing house is the harness.
    function setFundingRate(AssetId asset, int32 rate) internal {
        ClearingHouseHarness(address(house)).setFundingRate(asset, rate);
    }

    function setState(AssetId asset, AssetState state) internal {
        if (state == AssetState.Settling && !router.isFixed(asset)) router.fix(asset);
        configurator.setState(asset, state);
    }

    function insure(uint256 amount) internal {
        fund(address(this), INSURANCE, amount);
    }

    function peekPrice(AssetId asset) internal view returns (Price memory) {
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = asset;
        return router.peek(assets)[0];
    }

    /// @dev At mark; a short when the size is negative.
    function openLeg(AssetId asset, AccountId account, AccountId maker, int256 size) internal {
        uint256 mark = peekPrice(asset).mark;
        if (size > 0) trade(asset, account, maker, uint256(size), mark);
        else trade(asset, maker, account, uint256(-size), mark);
    }

    /// @dev The price at which a leg opened at `basis` with `buffer` of cash per unit has this health, impact left out.
    function priceAtHealth(bool long, uint256 basis, uint256 buffer, uint256 health) internal pure returns (uint256) {
        uint256 rate = health / 20;
        return long ? ((basis - buffer) * 1e18) / (1e18 - rate) : ((basis + buffer) * 1e18) / (1e18 + rate);
    }

    /// @dev A price that leaves such a leg liquidatable at once and solvent.
    function boundLiquidatable(bool long, uint256 buffer, uint256 seed) internal pure returns (uint256) {
        return priceAtHealth(long, 2_000e18, buffer, bound(seed, 0.05e18, 0.75e18));
    }

    /// @dev A price that leaves such a leg bankrupt.
    function boundBankrupt(bool long, uint256 buffer, uint256 seed) internal pure returns (uint256) {
        uint256 edge = long ? 2_000e18 - buffer : 2_000e18 + buffer;
        return long ? bound(seed, edge / 2, edge - 1e18) : bound(seed, edge + 1e18, 2 * edge);
    }

    /// @dev A loss of exactly `amount`, a multiple of 250e12, that stands in the row of ETH. ETH goes from 2,000 to 1,500.
    function makeDeficit(uint256 amount) internal {
        address loser = makeAddr("loser");
        address winner = makeAddr("winner");
        fund(loser, accountId(loser, 0), amount / 1e12);
        fund(winner, accountId(winner, 0), (4 * amount) / 1e12);
        openLeg(ETH, accountId(loser, 0), accountId(winner, 0), int256(amount / 250));
        setPrice(ETH, 1_500e18);
        // Who won has taken his profit: there is none to share.
        address other = makeAddr("other side");
        fund(other, accountId(other, 0), (4 * amount) / 1e12);
        trade(ETH, accountId(winner, 0), accountId(other, 0), amount / 250, 1_500e18);
        liquidate(liquidation(ETH, accountId(loser, 0), accountId(other, 0), amount / 250, 1_500e18));
    }

    /// @dev What these logs say was booked in the row of a market, whoever paid it since.
    function bookedOf(Vm.Log[] memory logs, AssetId asset) internal pure returns (uint256 sum) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IClearingHouse.DeficitBooked.selector) continue;
            if (logs[i].topics[1] == bytes32(uint256(AssetId.unwrap(asset))))
                sum += abi.decode(logs[i].data, (uint256));
        }
    }

    function nonZero(int256 x) internal pure returns (int256) {
        return x == 0 ? int256(1) : x;
    }

    function magnitude(int256 x) internal pure returns (uint256) {
        return uint256(x < 0 ? -x : x);
    }

    function single(AccountId account) internal pure returns (AccountId[] memory accounts) {
        accounts = new AccountId[](1);
        accounts[0] = account;
    }

    function single(AssetId asset) internal pure returns (AssetId[] memory assets) {
        assets = new AssetId[](1);
        assets[0] = asset;
    }
}
