// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetKind, AssetState, HouseTerms} from "../../contracts/core/Ledger.sol";
import {HostileSource} from "../../contracts/mocks/HostileSource.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {Price, PriceStatus} from "../../contracts/types/Price.sol";
import {AttackHandler} from "./AttackHandler.sol";
import {Action} from "./Watcher.sol";

/// @notice The guardian, who only tightens; the timelock, who loosens after its delay; and sources of prices that fail.
contract GuardHandler is AttackHandler {
    uint64 internal constant GUARDIAN = 1;
    uint64 internal constant TIMELOCK = 2;
    uint32 internal constant DELAY = 1 hours;

    address internal guardian = makeAddr("guardian");
    address internal timelock = makeAddr("timelock");
    /// @dev What the timelock has announced, and when it may be done.
    bytes internal announced;
    uint256 internal ready;

    function setUp() public virtual override {
        super.setUp();
        allow(GUARDIAN, configurator.tighten.selector);
        allow(GUARDIAN, configurator.revokeCapability.selector);
        allow(TIMELOCK, configurator.setState.selector);
        manager.grantRole(GUARDIAN, guardian, 0);
        manager.grantRole(TIMELOCK, timelock, DELAY);
        manager.grantRole(TIMELOCK, address(this), 0);
    }

    function allow(uint64 role, bytes4 selector) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(address(configurator), selectors, role);
    }

    // ---- actions

    /// @dev GUARD-1: the guardian closes what is open, at once, and opens nothing.
    function guard(uint256 pick, uint256 seed) external {
        AssetId asset = assetAt(pick % MARKETS);
        AssetState before = stateOf(asset);
        AssetState to = AssetState(seed % 4);
        bool listed = kindOf(asset) != AssetKind.None;
        bool tightens = listed && to > before && to <= AssetState.Halted;
        (bool ok, ) = sendTo(
            Action.Guard,
            guardian,
            address(configurator),
            abi.encodeCall(configurator.tighten, (asset, to))
        );
        if (ok != tightens || (listed && stateOf(asset) != (ok ? to : before))) fail_("GUARD-1");
        refused(abi.encodeCall(configurator.tighten, (asset, AssetState.Active)));
        refused(loosening(asset, seed >> 8));
    }

    /// @dev GUARD-1: what loosens waits for as long as everybody was told.
    function loosen(uint256 pick, uint256 seed) external {
        if (announced.length == 0) {
            announced = abi.encodeCall(configurator.setState, (assetAt(pick % MARKETS), AssetState.Active));
            ready = block.timestamp + DELAY;
            vm.prank(timelock);
            manager.schedule(address(configurator), announced, 0);
        }
        if (seed % 4 != 0 && block.timestamp < ready) {
            vm.warp(ready);
            refresh();
        }
        (bool ok, ) = sendTo(Action.Loosen, timelock, address(configurator), announced);
        if (ok && block.timestamp < ready) fail_("GUARD-1");
        if (ok) delete announced;
        else if (block.timestamp >= ready) drop();
    }

    /// @dev How much may leave within an hour. QUOTE-1: whatever it is, what views promise of it can be had.
    function ration(uint256 who, uint256 seed) external {
        HouseTerms memory terms = house.houseTerms();
        terms.outflow = seed % 4 == 0 ? 100_00 : uint16(bound(seed >> 2, 5_00, 99_99));
        terms.outflowFloor = uint16((seed >> 16) % 3);
        bytes memory data = abi.encodeCall(configurator.setHouseTerms, (terms));
        sendTo(Action.Ration, address(this), address(configurator), data);
        who %= POOL;
        uint256 room = lens.withdrawable(ids[who], QUOTE).amount;
        if (room == 0) return;
        (bool ok, ) = watchedWithdrawal(Action.Ration, who, room);
        if (!ok) fail_("QUOTE-1");
    }

    /// @dev PRICE-1: the mark is the median of what is fresh, whatever other sources do; without one it stays what it was.
    function fault(uint256 pick, uint256 seed) external {
        AssetId asset = assetAt(pick % MARKETS);
        if (router.isFixed(asset) || kindOf(asset) == AssetKind.None) return count(Action.Fault, false);
        refresh();
        vm.warp(block.timestamp + 1);
        uint256 honest = uint256(feeds[asset].latestAnswer()) * 1e10;
        uint256 lie = (honest * bound(seed >> 8, 9_700, 10_300)) / 10_000;
        HostileSource.Mode mode = HostileSource.Mode(seed % 9);
        witnesses[asset].set(mode, lie);
        witnesses[asset].setAge(seed % 16 == 0 ? 1 hours + 1 : 0);
        bool speaks = mode == HostileSource.Mode.Honest && seed % 16 != 0;
        uint256 last = markAtLatch(asset);
        bool silent = (seed >> 4) % 4 == 0;
        if (silent) failFeed(asset, seed);
        checkPrice(asset, silent ? 0 : honest, speaks ? lie : 0, last);
        count(Action.Fault, true);
        tryToGrow(asset, seed);
        feeds[asset].updateAnswer(int256(honest / 1e10));
        if (seed % 3 != 0) agree();
        witnesses[asset].setAge(0);
    }

    // ---- authority

    function refused(bytes memory data) internal {
        (bool ok, ) = sendTo(Action.Guard, guardian, address(configurator), data);
        if (ok) fail_("GUARD-1");
    }

    function loosening(AssetId asset, uint256 seed) internal view returns (bytes memory) {
        uint256 kind = seed % 7;
        if (kind == 0) return abi.encodeCall(configurator.setState, (asset, AssetState.Active));
        if (kind == 1) return abi.encodeCall(configurator.setCapability, (mallory, Capability(seed % 4), true));
        if (kind == 2) return abi.encodeCall(configurator.setMargin, (asset, marginTerms(0.01e18, 0.02e18, 0.02e18)));
        if (kind == 3) return abi.encodeCall(configurator.setDepth, (asset, 1e27));
        if (kind == 4) return abi.encodeCall(configurator.withdrawTreasury, (asset, 1, mallory));
        if (kind == 5) return abi.encodeCall(configurator.setHouseTerms, (HouseTerms(0, 0, 0, 0, 0, 0, 100_00, 0)));
        return abi.encodeCall(configurator.tighten, (asset, AssetState.Settling));
    }

    /// @dev It cannot be done any more, as of a market that has come to its end.
    function drop() internal {
        vm.prank(timelock);
        manager.cancel(timelock, address(configurator), announced);
        delete announced;
    }

    // ---- prices

    function markAtLatch(AssetId asset) internal view returns (uint256) {
        (Price memory price, ) = router.latched(asset);
        return price.mark;
    }

    /// @dev An old round with another price, none at all, or one that is late.
    function failFeed(AssetId asset, uint256 seed) internal {
        int256 answer = feeds[asset].latestAnswer();
        uint256 time = block.timestamp;
        uint80 round = uint80(feeds[asset].latestRound());
        uint256 kind = (seed >> 6) % 3;
        if (kind == 0) feeds[asset].updateRoundData(round - 1, answer * 2, time - 1 hours - 1, time - 1 hours - 1);
        else if (kind == 1) feeds[asset].updateAnswer(0);
        else feeds[asset].updateRoundData(round, answer * 2, time + 1, time + 1);
    }

    function checkPrice(AssetId asset, uint256 honest, uint256 lie, uint256 last) internal {
        Price memory price = peekPrice(asset);
        if (honest == 0 && lie == 0) {
            if (price.status != PriceStatus.Stale || price.mark != last) fail_("PRICE-1");
            return;
        }
        if (honest == 0 || lie == 0) (honest, lie) = (max(honest, lie), max(honest, lie));
        uint256 mark = (honest + lie) / 2;
        uint256 apart = honest > lie ? honest - lie : lie - honest;
        bool diverged = apart * 10_000 > mark * MAX_DIVERGENCE;
        if (price.mark != mark || (price.status == PriceStatus.Diverged) != diverged) fail_("PRICE-1");
        if (price.status == PriceStatus.Stale) fail_("PRICE-1");
    }

    /// @dev Between two who could, at what the price is said to be.
    function tryToGrow(AssetId asset, uint256 seed) internal {
        if (asset == WETH) return;
        (AccountId buyer, AccountId seller) = seed % 2 == 0 ? (ids[1], ids[2]) : (ids[2], ids[1]);
        uint256 mark = markOf(asset);
        watchedTrade(Action.Fault, tradeTerms(asset, buyer, seller, (500e18 * 1e18) / mark + 1, mark));
    }
}
