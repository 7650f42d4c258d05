// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AttackTest} from "./AttackTest.sol";

/// @dev A wallet that answers as badly as it can.
contract HostileWallet is IERC1271 {
    enum Way {
        Burn,
        HugeAnswer,
        HugeRevert,
        Nothing,
        Late
    }

    error NoAnswer();

    Way private immutable way;

    constructor(Way way_) {
        way = way_;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        if (way == Way.Burn) while (true) {}
        if (way == Way.HugeAnswer) answer(true);
        if (way == Way.HugeRevert) answer(false);
        if (way == Way.Nothing) revert NoAnswer();
        // The right answer with all but its last gas.
        while (gasleft() > 1_000) {}
        return IERC1271.isValidSignature.selector;
    }

    /// @dev As much memory as the gas allows.
    function answer(bool returns_) private pure {
        assembly ("memory-safe") {
            switch returns_
            case 1 {
                return(0, 200000)
            }
            default {
                revert(0, 200000)
            }
        }
    }
}

/// @notice Signers who are contracts burn gas, return megabytes or revert inside a batch.
contract GasBurningTest is AttackTest {
    /// @dev What a bad entry costs a batch at most: two signatures of 200,000 and what comes before and between them.
    uint256 private constant BOUND = 450_000;

    uint256 private makerKey;
    uint256 private takerKey;
    AccountId private makerId;
    AccountId private takerId;

    function setUp() public override {
        super.setUp();
        address maker;
        address taker;
        (maker, makerKey) = makeAddrAndKey("maker");
        (taker, takerKey) = makeAddrAndKey("taker");
        (makerId, takerId) = (accountId(maker, 0), accountId(taker, 0));
        fund(maker, makerId, 1_000_000e6);
        fund(taker, takerId, 1_000_000e6);
        openPool(ETH, bob, 10_000_000e6);
        calm(ETH, 1);
    }

    // ---- matchBatch

    function test_GasBurning_EveryWayInABatchOfMatches() public {
        uint256 plain = gasOfMatches(new IExchange.Match[](0));
        for (uint8 way = 0; way < 4; ++way) {
            IExchange.Match[] memory bad = new IExchange.Match[](3);
            for (uint64 i = 0; i < 3; ++i) {
                bad[i] = goodMatch(10 + i);
                address wallet = address(new HostileWallet(HostileWallet.Way(way)));
                bad[i].maker = signedByWallet(wallet, orderOf(accountId(wallet, 0), 1e18, 2_000e18, i));
            }
            uint256 used = (gasOfMatches(bad) - plain) / 3;
            assertLe(used, 230_000, "one signature");
        }
    }

    /// @dev The maker's wallet answers right and late, the taker's burns what is left.
    function test_GasBurning_BothSides() public {
        uint256 plain = gasOfMatches(new IExchange.Match[](0));
        IExchange.Match[] memory bad = new IExchange.Match[](3);
        for (uint64 i = 0; i < 3; ++i) {
            address late = address(new HostileWallet(HostileWallet.Way.Late));
            address burner = address(new HostileWallet(HostileWallet.Way.Burn));
            bad[i].maker = signedByWallet(late, orderOf(accountId(late, 0), 1e18, 2_000e18, i));
            bad[i].taker = signedByWallet(burner, orderOf(accountId(burner, 0), -1e18, 2_000e18, i));
            bad[i].size = 1e18;
        }
        uint256 used = (gasOfMatches(bad) - plain) / 3;
        assertLe(used, BOUND);
    }

    /// @dev Both answer late, and then neither has any margin: the dearest failure there is.
    function test_GasBurning_LateAndWithoutMargin() public {
        uint256 plain = gasOfMatches(new IExchange.Match[](0));
        IExchange.Match[] memory bad = new IExchange.Match[](3);
        for (uint64 i = 0; i < 3; ++i) {
            address late = address(new HostileWallet(HostileWallet.Way.Late));
            address other = address(new HostileWallet(HostileWallet.Way.Late));
            bad[i].maker = signedByWallet(late, orderOf(accountId(late, 0), 1e18, 2_000e18, i));
            bad[i].taker = signedByWallet(other, orderOf(accountId(other, 0), -1e18, 2_000e18, i));
            bad[i].size = 1e18;
        }
        uint256 used = (gasOfMatches(bad) - plain) / 3;
        assertLe(used, 620_000);
    }

    // ---- executeBatch

    function test_GasBurning_EveryWayInABatchOfExecutions() public {
        uint256 plain = gasOfExecutions(new IExchange.SignedOrder[](0));
        for (uint8 way = 0; way < 5; ++way) {
            IExchange.SignedOrder[] memory bad = new IExchange.SignedOrder[](3);
            for (uint64 i = 0; i < 3; ++i) {
                address wallet = address(new HostileWallet(HostileWallet.Way(way)));
                bad[i] = signedByWallet(wallet, orderOf(accountId(wallet, 0), 1e18, 2_100e18, i));
            }
            uint256 used = (gasOfExecutions(bad) - plain) / 3;
            assertLe(used, way == 4 ? 480_000 : 230_000);
        }
    }

    /// @dev With so little gas that a wallet could not answer, no entry is filled that was not signed for, and none of them
    /// is lost: the same batch fills all of them later.
    function testFuzz_GasBurning_ShortOfGas(uint256 gasGiven) public {
        gasGiven = bound(gasGiven, 100_000, 4_000_000);
        address late = address(new HostileWallet(HostileWallet.Way.Late));
        fund(address(this), accountId(late, 0), 10_000e6);
        IExchange.SignedOrder[] memory orders = new IExchange.SignedOrder[](2);
        orders[0] = signedByWallet(late, orderOf(accountId(late, 0), 1e18, 2_100e18, 1));
        orders[1] = signedBy(makerKey, orderOf(makerId, 1e18, 2_100e18, 1));
        try exchange.executeBatch{gas: gasGiven}(orders, keeperId) returns (bytes[] memory reasons) {
            if (reasons[0].length != 0) assertEq(sizeOf(accountId(late, 0), ETH), 0);
            if (reasons[1].length != 0) assertEq(sizeOf(makerId, ETH), 0);
        } catch {
            assertEq(sizeOf(makerId, ETH), 0);
        }
        exchange.executeBatch(orders, keeperId);
        assertEq(sizeOf(accountId(late, 0), ETH), 1e18);
        assertEq(sizeOf(makerId, ETH), 1e18);
    }

    // ---- helpers

    /// @dev A good match, the bad ones, a good one. The bad ones say why, the good ones are filled.
    function gasOfMatches(IExchange.Match[] memory bad) private returns (uint256 used) {
        uint256 state = vm.snapshotState();
        uint256 n = bad.length + 2;
        IExchange.Match[] memory pairs = new IExchange.Match[](n);
        (pairs[0], pairs[n - 1]) = (goodMatch(1), goodMatch(2));
        for (uint256 i = 0; i < bad.length; ++i) pairs[i + 1] = bad[i];
        used = gasleft();
        bytes[] memory reasons = exchange.matchBatch(pairs, keeperId);
        used -= gasleft();
        assertEq(sizeOf(makerId, ETH), 2e18, "the others are filled");
        assertReasons(reasons);
        vm.revertToState(state);
    }

    function gasOfExecutions(IExchange.SignedOrder[] memory bad) private returns (uint256 used) {
        uint256 state = vm.snapshotState();
        uint256 n = bad.length + 2;
        IExchange.SignedOrder[] memory orders = new IExchange.SignedOrder[](n);
        orders[0] = signedBy(makerKey, orderOf(makerId, 1e18, 2_100e18, 1));
        orders[n - 1] = signedBy(takerKey, orderOf(takerId, -1e18, 1_900e18, 2));
        for (uint256 i = 0; i < bad.length; ++i) orders[i + 1] = bad[i];
        used = gasleft();
        bytes[] memory reasons = exchange.executeBatch(orders, keeperId);
        used -= gasleft();
        assertEq(sizeOf(makerId, ETH), 1e18, "the others are filled");
        assertEq(sizeOf(takerId, ETH), -1e18, "the others are filled");
        assertReasons(reasons);
        vm.revertToState(state);
    }

    function assertReasons(bytes[] memory reasons) private pure {
        uint256 last = reasons.length - 1;
        assertEq(reasons[0].length + reasons[last].length, 0);
        for (uint256 i = 1; i < last; ++i) {
            bytes4 selector = bytes4(reasons[i]);
            assertTrue(
                selector == IExchange.BadSignature.selector || selector == IClearingHouse.InsufficientMargin.selector
            );
            assertLe(reasons[i].length, 100, "nothing of the wallet's");
        }
    }

    function goodMatch(uint64 nonce) private view returns (IExchange.Match memory) {
        return
            IExchange.Match(
                signedBy(makerKey, orderOf(makerId, 1e18, 2_000e18, nonce)),
                signedBy(takerKey, orderOf(takerId, -1e18, 2_000e18, nonce)),
                1e18
            );
    }

    function signedByWallet(
        address wallet,
        IExchange.Order memory order
    ) private pure returns (IExchange.SignedOrder memory) {
        return IExchange.SignedOrder(order, wallet, "");
    }
}
