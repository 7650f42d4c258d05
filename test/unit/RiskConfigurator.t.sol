// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {AssetConfig, AssetKind, AssetLimits, AssetState, HouseTerms, Pool} from "../../contracts/core/Ledger.sol";
import {RiskConfigurator} from "../../contracts/core/RiskConfigurator.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IOracleRouter} from "../../contracts/interfaces/IOracleRouter.sol";
import {IRiskConfigurator} from "../../contracts/interfaces/IRiskConfigurator.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {BallastTest} from "../support/BallastTest.sol";

contract RiskConfiguratorTest is BallastTest {
    AssetId internal constant NEW = AssetId.wrap(4);
    AssetId internal constant UNKNOWN = AssetId.wrap(99);
    uint64 internal constant RISK = 1;
    uint64 internal constant GUARDIAN = 2;

    address internal risk = makeAddr("risk");
    address internal guardian = makeAddr("guardian");

    function setUp() public override {
        super.setUp();
        router.setSources(NEW, router.sources(ETH), 1, 100);
    }

    // ---- bind

    function test_Bind_OnceAndToItsOwn() public {
        vm.expectRevert(abi.encodeWithSelector(IRiskConfigurator.AlreadyBound.selector, address(house)));
        configurator.bind(address(house));
        RiskConfigurator other = new RiskConfigurator(address(manager));
        vm.expectRevert(
            abi.encodeWithSelector(IRiskConfigurator.OtherConfigurator.selector, address(house), address(configurator))
        );
        other.bind(address(house));
        ClearingHouse second = new ClearingHouse(address(quote), address(router), address(other));
        vm.expectEmit(address(other));
        emit IRiskConfigurator.ClearingHouseBound(address(second));
        other.bind(address(second));
        assertEq(address(other.clearingHouse()), address(second));
    }

    function test_Everything_RevertsWhen_NotBound() public {
        RiskConfigurator other = new RiskConfigurator(address(manager));
        bytes[] memory calls = everySetter();
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, bytes memory reason) = address(other).call(calls[i]);
            assertFalse(ok);
            assertEq(reason, abi.encodeWithSelector(IRiskConfigurator.NotBound.selector), vm.toString(i));
        }
    }

    // ---- who may

    function testFuzz_Everything_RevertsWhen_Stranger(address caller) public {
        vm.assume(caller != address(this) && caller != address(manager));
        bytes[] memory calls = everySetter();
        for (uint256 i = 0; i < calls.length; ++i) refused(caller, calls[i]);
        refused(caller, abi.encodeCall(configurator.bind, (address(house))));
        IOracleRouter.Source[] memory sources = router.sources(BTC);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
        router.setSources(ETH, sources, 1, 100);
    }

    function test_Roles_RiskWaitsAndTheGuardianDoesNot() public {
        grantRoles();
        bytes memory call_ = abi.encodeCall(configurator.setMargin, (ETH, marginTerms(0.06e18, 0.06e18, 0.12e18)));
        bytes32 id = manager.hashOperation(risk, address(configurator), call_);
        vm.startPrank(risk);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, id));
        configurator.setMargin(ETH, marginTerms(0.06e18, 0.06e18, 0.12e18));
        manager.schedule(address(configurator), call_, 0);
        vm.warp(block.timestamp + 2 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, id));
        manager.execute(address(configurator), call_);
        vm.warp(block.timestamp + 1);
        manager.execute(address(configurator), call_);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, id));
        manager.execute(address(configurator), call_);
        vm.stopPrank();
        (AssetConfig memory config, ) = house.configOf(ETH);
        assertEq(config.floorRate, 6_00);

        vm.startPrank(guardian);
        configurator.tighten(ETH, AssetState.ReduceOnly);
        configurator.revokeCapability(stage, Capability.Trade);
        assertFalse(house.hasCapability(stage, Capability.Trade));
        vm.stopPrank();
        refused(guardian, abi.encodeCall(configurator.setState, (ETH, AssetState.Active)));
        refused(guardian, abi.encodeCall(configurator.setCapability, (stage, Capability.Trade, true)));
        refused(guardian, abi.encodeCall(configurator.withdrawTreasury, (QUOTE, 1, guardian)));
        refused(risk, abi.encodeCall(configurator.tighten, (ETH, AssetState.Halted)));
    }

    function test_Roles_GuardianCancelsWhatIsScheduled() public {
        grantRoles();
        bytes memory call_ = abi.encodeCall(configurator.setState, (ETH, AssetState.Settling));
        vm.prank(risk);
        manager.schedule(address(configurator), call_, 0);
        vm.prank(guardian);
        manager.cancel(risk, address(configurator), call_);
        vm.warp(block.timestamp + 3 days);
        bytes32 id = manager.hashOperation(risk, address(configurator), call_);
        vm.prank(risk);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, id));
        configurator.setState(ETH, AssetState.Settling);
    }

    // ---- bounds

    function testFuzz_SetMargin_Bounds(IRiskConfigurator.MarginTerms memory m) public {
        m.capRate = uint16(bound(m.capRate, 0, 60_00));
        m.floorRate = uint16(bound(m.floorRate, 0, 60_00));
        m.initialCap = uint16(bound(m.initialCap, 0, 60_00));
        m.deviations = uint16(bound(m.deviations, 0, 20_00));
        bytes memory reason;
        if (m.horizon < 60 || m.horizon > 12 hours) {
            reason = outOfBounds("horizon", int256(uint256(m.horizon)), 60, 12 hours);
        }
        if (m.deviations < 1_00 || m.deviations > 10_00) reason = outside("deviations", m.deviations, 1_00, 10_00);
        if (m.initialFactor < 1e4 || m.initialFactor > 5e4)
            reason = outside("initialFactor", m.initialFactor, 1e4, 5e4);
        if (m.initialCap < m.capRate || m.initialCap > 50_00) {
            reason = outside("initialCap", m.initialCap, m.capRate, 50_00);
        }
        if (m.floorRate < 50 || m.floorRate > m.capRate) reason = outside("floorRate", m.floorRate, 50, m.capRate);
        if (m.capRate < 50 || m.capRate > 50_00) reason = outside("capRate", m.capRate, 50, 50_00);
        if (reason.length != 0) vm.expectRevert(reason);
        configurator.setMargin(ETH, m);
    }

    function test_SetMargin_EdgesAndEvent() public {
        IRiskConfigurator.MarginTerms memory before = marginTerms(0.05e18, 0.05e18, 0.1e18);
        IRiskConfigurator.MarginTerms memory least = IRiskConfigurator.MarginTerms(50, 50, 1e4, 50, 1_00, 60);
        vm.expectEmit(address(configurator));
        emit IRiskConfigurator.MarginSet(ETH, before, least);
        configurator.setMargin(ETH, least);
        configurator.setMargin(ETH, IRiskConfigurator.MarginTerms(50_00, 50_00, 5e4, 50_00, 10_00, 12 hours));
        (AssetConfig memory config, ) = house.configOf(ETH);
        assertEq(config.floorRate, 50_00);
        assertEq(config.horizon, 12 hours);
        assertEq(config.depth, 50_000_000e18, "and nothing else");
        assertEq(config.haircut, 30_00);
    }

    function test_SetDepth() public {
        vm.expectEmit(address(configurator));
        emit IRiskConfigurator.DepthSet(ETH, 50_000_000e18, 10_000e18);
        configurator.setDepth(ETH, 10_000e18);
        configurator.setDepth(ETH, 10_000_000_000e18);
        (AssetConfig memory config, ) = house.configOf(ETH);
        assertEq(config.depth, 10_000_000_000e18);
        vm.expectRevert(outOfBounds("depth", 10_000e18 - 1, 10_000e18, 10_000_000_000e18));
        configurator.setDepth(ETH, 10_000e18 - 1);
        vm.expectRevert(outOfBounds("depth", 10_000_000_000e18 + 1, 10_000e18, 10_000_000_000e18));
        configurator.setDepth(ETH, 10_000_000_000e18 + 1);
    }

    function test_SetHaircut() public {
        vm.expectEmit(address(configurator));
        emit IRiskConfigurator.HaircutSet(WETH, 20_00, 5_00);
        configurator.setHaircut(WETH, 5_00);
        configurator.setHaircut(WETH, 95_00);
        vm.expectRevert(outOfBounds("haircut", 5_00 - 1, 5_00, 95_00));
        configurator.setHaircut(WETH, 5_00 - 1);
        vm.expectRevert(outOfBounds("haircut", 95_00 + 1, 5_00, 95_00));
        configurator.setHaircut(WETH, 95_00 + 1);
    }

    function test_SetLimits() public {
        vm.expectEmit(address(configurator));
        emit IRiskConfigurator.LimitsSet(ETH, limits(1e27, 1e18), AssetLimits(7e28, 0, 0.001e18));
        configurator.setLimits(ETH, AssetLimits(7e28, 0, 0.001e18));
        configurator.setLimits(WETH, limits(0, 1e18));
        (, AssetLimits memory set_) = house.configOf(WETH);
        assertEq(set_.total, 0);
        assertEq(set_.perAccount, 1e18);
        vm.expectRevert(outOfBounds("totalLimit", 7e28 + 1, 0, 7e28));
        configurator.setLimits(ETH, limits(7e28 + 1, 1e18));
        vm.expectRevert(outOfBounds("crowdedFrom", 11, 0, 10));
        configurator.setLimits(ETH, AssetLimits(10, 11, 1e18));
        vm.expectRevert(outOfBounds("sizeLimit", 1e18 + 1, 0.001e18, 1e18));
        configurator.setLimits(ETH, limits(0, 1e18 + 1));
        vm.expectRevert(outOfBounds("sizeLimit", 0.001e18 - 1, 0.001e18, 1e18));
        configurator.setLimits(ETH, limits(0, 0.001e18 - 1));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, UNKNOWN));
        configurator.setLimits(UNKNOWN, limits(0, 1e18));
    }

    function test_SetHouseTerms() public {
        addFeed(QUOTE, 1e8);
        HouseTerms memory least = HouseTerms(0, 0, 0, 0, 0, 0, 5_00, 0);
        HouseTerms memory most = HouseTerms(10_000e18, 1e18, 80_00, 20_00, 0, 7, 100_00, 65_535);
        HouseTerms memory stored = HouseTerms(10_000e18, 1e18, 80_00, 20_00, 0, 2, 100_00, 65_535);
        vm.expectEmit(address(house));
        emit IClearingHouse.HouseTermsSet(stored);
        vm.expectEmit(address(configurator));
        emit IRiskConfigurator.HouseTermsSet(HouseTerms(0, 0, 0, 0, 0, 2, 10_000, 0), stored);
        configurator.setHouseTerms(most);
        assertEq(house.houseTerms().leastMargin, 10_000e18);
        assertEq(house.houseTerms().listed, 2, "is not a term");
        configurator.setHouseTerms(least);
        assertEq(house.houseTerms().outflow, 5_00);
        refusedTerms(
            HouseTerms(10_000e18 + 1, 0, 0, 0, 0, 0, 10_000, 0),
            outOfBounds("leastMargin", 10_000e18 + 1, 0, 10_000e18)
        );
        refusedTerms(HouseTerms(0, 1e18 + 1, 0, 0, 0, 0, 10_000, 0), outOfBounds("debtRate", 1e18 + 1, 0, 1e18));
        refusedTerms(HouseTerms(0, 0, 80_01, 0, 0, 0, 10_000, 0), outOfBounds("debtCap", 80_01, 0, 80_00));
        refusedTerms(HouseTerms(0, 0, 0, 49, 0, 0, 10_000, 0), outOfBounds("pegBound", 49, 50, 20_00));
        refusedTerms(HouseTerms(0, 0, 0, 20_01, 0, 0, 10_000, 0), outOfBounds("pegBound", 20_01, 50, 20_00));
        refusedTerms(HouseTerms(0, 0, 0, 0, 0, 0, 4_99, 0), outOfBounds("outflow", 4_99, 5_00, 100_00));
        refusedTerms(HouseTerms(0, 0, 0, 0, 0, 0, 100_01, 0), outOfBounds("outflow", 100_01, 5_00, 100_00));
    }

    function test_SetHouseTerms_RevertsWhen_QuoteHasNoPrice() public {
        refusedTerms(
            HouseTerms(0, 0, 0, 3_00, 0, 0, 10_000, 0),
            abi.encodeWithSelector(IOracleRouter.NoPrice.selector, QUOTE)
        );
    }

    function test_SetPool() public {
        vm.expectEmit(address(configurator));
        emit IRiskConfigurator.PoolSet(ETH, Pool(address(0), 0, 0, 0, 0, 0, 0), poolTerms(alice));
        configurator.setPool(ETH, poolTerms(alice));
        assertEq(abi.encode(house.poolOf(ETH)), abi.encode(poolTerms(alice)));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, WETH));
        configurator.setPool(WETH, poolTerms(alice));
    }

    function test_SetPool_RevertsWhen_OutOfBounds() public {
        refusedPool(Pool(alice, 10_001, 0, 0, 0, 0, 0), outside("halfSpread", 10_001, 0, 10_000));
        refusedPool(Pool(alice, 0, 10_01, 0, 0, 0, 0), outside("ageFactor", 10_01, 0, 10_00));
        refusedPool(Pool(alice, 0, 0, 5_01, 0, 0, 0), outside("deviation", 5_01, 0, 5_00));
        refusedPool(Pool(alice, 0, 0, 0, 20_01, 0, 0), outside("inventoryLimit", 20_01, 0, 20_00));
        refusedPool(Pool(alice, 0, 0, 0, 0, 0, 5_01), outside("leverageLimit", 5_01, 0, 5_00));
        refusedPool(Pool(alice, 0, 0, 0, 0, 3_01, 3_00), outside("oneSided", 3_01, 0, 3_00));
    }

    function test_SetFunding() public {
        IRiskConfigurator.FundingTerms memory before = IRiskConfigurator.FundingTerms(10_00, 50);
        IRiskConfigurator.FundingTerms memory most = IRiskConfigurator.FundingTerms(1_00_00, 5_00);
        vm.expectEmit(address(configurator));
        emit IRiskConfigurator.FundingSet(ETH, before, most);
        configurator.setFunding(ETH, most);
        (AssetConfig memory config, ) = house.configOf(ETH);
        assertEq(config.fundingSlope, 1_00_00);
        assertEq(config.fundingCap, 5_00);
        assertEq(config.horizon, 30 minutes, "and nothing else");
        vm.expectRevert(outOfBounds("fundingSlope", 1_00_01, 0, 1_00_00));
        configurator.setFunding(ETH, IRiskConfigurator.FundingTerms(1_00_01, 0));
        vm.expectRevert(outOfBounds("fundingCap", 5_01, 0, 5_00));
        configurator.setFunding(ETH, IRiskConfigurator.FundingTerms(0, 5_01));
    }

    function test_Setters_RevertWhen_WrongKind() public {
        AssetId[2] memory others = [WETH, UNKNOWN];
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory reason = abi.encodeWithSelector(IClearingHouse.WrongKind.selector, others[i]);
            vm.expectRevert(reason);
            configurator.setMargin(others[i], marginTerms(0.05e18, 0.12e18, 0.1e18));
            vm.expectRevert(reason);
            configurator.setFunding(others[i], IRiskConfigurator.FundingTerms(0, 0));
        }
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, UNKNOWN));
        configurator.setDepth(UNKNOWN, 1_000_000e18);
        // The promise positions were opened under.
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, ETH));
        configurator.setHaircut(ETH, 20_00);
    }

    // ---- listing

    function test_ListPerp_BoundsAndEvent() public {
        IRiskConfigurator.PerpTerms memory terms = perpTerms(0.05e18, 0.1e18);
        (terms.maxHaircut, terms.funding) = (50_00, IRiskConfigurator.FundingTerms(0, 5_00));
        vm.expectEmit(address(configurator));
        emit IRiskConfigurator.PerpListed(NEW, terms);
        configurator.listPerp(NEW, terms);
        (AssetConfig memory config, AssetLimits memory limits) = house.configOf(NEW);
        assertEq(uint8(config.kind), uint8(AssetKind.Perp));
        assertEq(config.haircut, 50_00);
        assertEq(limits.total, 1e27);
        assertEq(config.fundingSlope, 0);
        assertEq(config.fundingCap, 5_00);
    }

    function test_ListPerp_RevertsWhen_OutOfBounds() public {
        IRiskConfigurator.PerpTerms memory terms = perpTerms(0.05e18, 0.1e18);
        terms.margin.floorRate = 49;
        refusedPerp(terms, outside("floorRate", 49, 50, 5_00));
        terms = perpTerms(0.05e18, 0.1e18);
        terms.margin.initialCap = 4_99;
        refusedPerp(terms, outside("initialCap", 4_99, 5_00, 50_00));
        terms = perpTerms(0.05e18, 0.1e18);
        terms.depth = 10_000e18 - 1;
        refusedPerp(terms, outOfBounds("depth", 10_000e18 - 1, 10_000e18, 10_000_000_000e18));
        terms = perpTerms(0.05e18, 0.1e18);
        terms.maxHaircut = 99;
        refusedPerp(terms, outOfBounds("maxHaircut", 99, 100, 50_00));
        terms.maxHaircut = 50_01;
        refusedPerp(terms, outOfBounds("maxHaircut", 50_01, 100, 50_00));
        terms = perpTerms(0.05e18, 0.1e18);
        terms.openInterestLimit = 7e28 + 1;
        refusedPerp(terms, outOfBounds("totalLimit", 7e28 + 1, 0, 7e28));
        terms = perpTerms(0.05e18, 0.1e18);
        terms.crowdedFrom = 1e27 + 1;
        refusedPerp(terms, outOfBounds("crowdedFrom", 1e27 + 1, 0, 1e27));
        terms = perpTerms(0.05e18, 0.1e18);
        terms.sizeLimit = 1e18 + 1;
        refusedPerp(terms, outOfBounds("sizeLimit", 1e18 + 1, 0.001e18, 1e18));
        terms = perpTerms(0.05e18, 0.1e18);
        terms.funding.cap = 5_01;
        refusedPerp(terms, outOfBounds("fundingCap", 5_01, 0, 5_00));
    }

    function test_ListSpot_BoundsAndEvent() public {
        address token = address(new TestToken("Other", "OTHER", 8));
        IRiskConfigurator.SpotTerms memory terms = IRiskConfigurator.SpotTerms(5_00 - 1, 1e26, 1e18, 50_000_000e18);
        vm.expectRevert(outOfBounds("haircut", 5_00 - 1, 5_00, 95_00));
        configurator.listSpot(NEW, token, terms);
        terms.haircut = 95_00 + 1;
        vm.expectRevert(outOfBounds("haircut", 95_00 + 1, 5_00, 95_00));
        configurator.listSpot(NEW, token, terms);
        terms = IRiskConfigurator.SpotTerms(5_00, 7e28 + 1, 1e18, 50_000_000e18);
        vm.expectRevert(outOfBounds("totalLimit", 7e28 + 1, 0, 7e28));
        configurator.listSpot(NEW, token, terms);
        terms = IRiskConfigurator.SpotTerms(5_00, 7e28, 1e18 + 1, 50_000_000e18);
        vm.expectRevert(outOfBounds("sizeLimit", 1e18 + 1, 0.001e18, 1e18));
        configurator.listSpot(NEW, token, terms);
        terms.sizeLimit = 1e18;
        vm.expectEmit(address(configurator));
        emit IRiskConfigurator.SpotListed(NEW, token, terms);
        configurator.listSpot(NEW, token, terms);
        assertEq(house.reserveOf(NEW).token, token);
        assertEq(house.reserveOf(NEW).decimals, 8);
    }

    // ---- states

    /// @dev The whole table: the guardian tightens up to halted, the authority goes anywhere but back from settling, where no
    /// spot gets.
    function testFuzz_States(uint8 from, uint8 to, bool spot) public {
        AssetId asset = spot ? WETH : ETH;
        AssetState before = AssetState(from % (spot ? 3 : 4));
        AssetState next = AssetState(to % 4);
        hold();
        if (before != AssetState.Active) setState(asset, before);
        bool tighter = next > before && next <= AssetState.Halted;
        if (tighter) {
            vm.expectEmit(address(configurator));
            emit IRiskConfigurator.StateSet(asset, before, next);
        } else vm.expectRevert(abi.encodeWithSelector(IRiskConfigurator.NotTighter.selector, asset, before, next));
        configurator.tighten(asset, next);
        if (tighter) assertEq(uint8(stateOf(asset)), uint8(next));
    }

    function testFuzz_SetState_RevertsWhen_ASpotWouldSettle(uint8 first) public {
        setState(WETH, AssetState(first % 3));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, WETH));
        configurator.setState(WETH, AssetState.Settling);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.WrongKind.selector, WETH));
        configurator.windDown(WETH);
        assertEq(uint8(stateOf(WETH)), first % 3);
    }

    /// @dev Settling needs a price that is fixed, whoever asks for it.
    function testFuzz_SetState_RevertsWhen_ThePriceIsNotFixed(uint8 first) public {
        setState(ETH, AssetState(first % 3));
        vm.mockCall(address(router), abi.encodeCall(router.isFixed, (ETH)), abi.encode(false));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.PriceNotFixed.selector, ETH));
        configurator.setState(ETH, AssetState.Settling);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.PriceNotFixed.selector, ETH));
        configurator.windDown(ETH);
        assertEq(uint8(stateOf(ETH)), first % 3);
    }

    function testFuzz_SetState_SettlingIsFinal(uint8 first, uint8 then) public {
        hold();
        AssetState a = AssetState(first % 3);
        vm.expectEmit(address(configurator));
        emit IRiskConfigurator.StateSet(ETH, AssetState.Active, a);
        configurator.setState(ETH, a);
        if (!router.isFixed(ETH)) router.fix(ETH);
        vm.expectEmit(address(configurator));
        emit IRiskConfigurator.StateSet(ETH, a, AssetState.Settling);
        configurator.setState(ETH, AssetState.Settling);
        vm.expectRevert(abi.encodeWithSelector(IRiskConfigurator.SettlingIsFinal.selector, ETH));
        configurator.setState(ETH, AssetState(then % 4));
        configurator.setMargin(ETH, marginTerms(0.1e18, 0.1e18, 0.2e18));
        assertEq(uint8(stateOf(ETH)), uint8(AssetState.Settling), "no other setter moves it");
    }

    function test_States_RevertWhen_UnknownAsset() public {
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, UNKNOWN));
        configurator.setState(UNKNOWN, AssetState.Halted);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAsset.selector, UNKNOWN));
        configurator.tighten(UNKNOWN, AssetState.Halted);
    }

    // ---- numbers

    function grantRoles() internal {
        bytes4[] memory waiting = new bytes4[](3);
        waiting[0] = configurator.setMargin.selector;
        waiting[1] = configurator.setState.selector;
        waiting[2] = configurator.setCapability.selector;
        manager.setTargetFunctionRole(address(configurator), waiting, RISK);
        bytes4[] memory atOnce = new bytes4[](2);
        atOnce[0] = configurator.tighten.selector;
        atOnce[1] = configurator.revokeCapability.selector;
        manager.setTargetFunctionRole(address(configurator), atOnce, GUARDIAN);
        manager.setRoleGuardian(RISK, GUARDIAN);
        manager.grantRole(RISK, risk, 2 days);
        manager.grantRole(GUARDIAN, guardian, 0);
    }

    function everySetter() internal view returns (bytes[] memory calls) {
        calls = new bytes[](14);
        calls[12] = abi.encodeCall(configurator.setPool, (ETH, poolTerms(alice)));
        calls[13] = abi.encodeCall(configurator.setHouseTerms, (HouseTerms(0, 0, 0, 0, 0, 0, 10_000, 0)));
        calls[0] = abi.encodeCall(configurator.listPerp, (NEW, perpTerms(0.05e18, 0.1e18)));
        calls[1] = abi.encodeCall(
            configurator.listSpot,
            (NEW, address(quote), IRiskConfigurator.SpotTerms(20_00, 1, 1e18, 50_000_000e18))
        );
        calls[2] = abi.encodeCall(configurator.setMargin, (ETH, marginTerms(0.06e18, 0.06e18, 0.12e18)));
        calls[3] = abi.encodeCall(configurator.setDepth, (ETH, 1_000_000e18));
        calls[4] = abi.encodeCall(configurator.setHaircut, (WETH, 30_00));
        calls[5] = abi.encodeCall(configurator.setLimits, (ETH, limits(1, 1e18)));
        calls[6] = abi.encodeCall(configurator.setFunding, (ETH, IRiskConfigurator.FundingTerms(1, 1)));
        calls[7] = abi.encodeCall(configurator.setState, (ETH, AssetState.Halted));
        calls[8] = abi.encodeCall(configurator.tighten, (ETH, AssetState.Halted));
        calls[9] = abi.encodeCall(configurator.setCapability, (alice, Capability.Trade, true));
        calls[10] = abi.encodeCall(configurator.revokeCapability, (stage, Capability.Trade));
        calls[11] = abi.encodeCall(configurator.withdrawTreasury, (QUOTE, 1, alice));
    }

    function refused(address caller, bytes memory data) internal {
        vm.prank(caller);
        (bool ok, bytes memory reason) = address(configurator).call(data);
        assertFalse(ok);
        assertEq(reason, abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
    }

    function refusedPerp(IRiskConfigurator.PerpTerms memory terms, bytes memory reason) internal {
        vm.expectRevert(reason);
        configurator.listPerp(NEW, terms);
    }

    function refusedPool(Pool memory pool, bytes memory reason) internal {
        vm.expectRevert(reason);
        configurator.setPool(ETH, pool);
    }

    function refusedTerms(HouseTerms memory terms, bytes memory reason) internal {
        vm.expectRevert(reason);
        configurator.setHouseTerms(terms);
    }

    function outside(bytes32 name, uint256 value, uint256 lower, uint256 upper) internal pure returns (bytes memory) {
        return outOfBounds(name, int256(value), int256(lower), int256(upper));
    }

    function outOfBounds(bytes32 name, int256 value, int256 lower, int256 upper) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRiskConfigurator.OutOfBounds.selector, name, value, lower, upper);
    }

    function stateOf(AssetId asset) internal view returns (AssetState) {
        (AssetConfig memory config, ) = house.configOf(asset);
        return config.state;
    }

    /// @dev A market that nobody holds ends at once.
    function hold() internal {
        fund(alice, aliceId, 10_000e6);
        fund(bob, bobId, 10_000e6);
        openLeg(ETH, aliceId, bobId, 1e18);
    }
}
