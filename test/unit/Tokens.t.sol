// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IRiskConfigurator} from "../../contracts/interfaces/IRiskConfigurator.sol";
import {FalseReturningToken} from "../../contracts/mocks/FalseReturningToken.sol";
import {FeeOnTransferToken} from "../../contracts/mocks/FeeOnTransferToken.sol";
import {HookToken} from "../../contracts/mocks/HookToken.sol";
import {RebasingToken} from "../../contracts/mocks/RebasingToken.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice The token zoo, as spot collateral: each is either served to the last unit or refused with a typed error.
contract TokensTest is BallastTest {
    AssetId internal constant ZOO = AssetId.wrap(77);

    function list(TestToken token) internal {
        addFeed(ZOO, 10e8);
        configurator.listSpot(ZOO, address(token), IRiskConfigurator.SpotTerms(20_00, 7e28, 1e18, 50_000_000e18));
        token.mint(alice, 1_000_000);
        vm.prank(alice);
        token.approve(address(house), type(uint256).max);
    }

    function deposit(uint256 amount) internal {
        vm.prank(alice);
        house.deposit(aliceId, ZOO, amount);
    }

    function withdraw(uint256 amount) internal {
        vm.prank(alice);
        house.withdraw(aliceId, ZOO, amount, alice);
    }

    function test_Tokens_Decimals() public {
        uint8[4] memory decimals = [0, 6, 8, 18];
        for (uint256 i = 0; i < decimals.length; ++i) {
            AssetId asset = AssetId.wrap(uint16(60 + i));
            TestToken token = new TestToken("T", "T", decimals[i]);
            addFeed(asset, 10e8);
            configurator.listSpot(asset, address(token), IRiskConfigurator.SpotTerms(20_00, 7e28, 1e18, 50_000_000e18));
            uint256 unit = 10 ** decimals[i];
            token.mint(alice, 3 * unit);
            vm.startPrank(alice);
            token.approve(address(house), 3 * unit);
            house.deposit(aliceId, asset, 3 * unit);
            assertEq(house.positionOf(aliceId, asset).size, 3e18, "one scale inside");
            house.withdraw(aliceId, asset, unit, alice);
            vm.stopPrank();
            assertEq(token.balanceOf(alice), unit);
            assertEq(house.reserveOf(asset).held, 2e18);
        }
    }

    function test_Tokens_RevertsWhen_TooManyDecimals() public {
        TestToken token = new TestToken("T", "T", 19);
        addFeed(ZOO, 10e8);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.TooManyDecimals.selector, 19, 18));
        configurator.listSpot(ZOO, address(token), IRiskConfigurator.SpotTerms(20_00, 7e28, 1e18, 50_000_000e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.TooManyDecimals.selector, 19, 18));
        new ClearingHouse(address(token), address(router), address(configurator));
    }

    function test_Tokens_RevertsWhen_ListedTwice() public {
        addFeed(ZOO, 10e8);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.TokenInUse.selector, address(quote)));
        configurator.listSpot(ZOO, address(quote), IRiskConfigurator.SpotTerms(20_00, 7e28, 1e18, 50_000_000e18));
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.TokenInUse.selector, address(weth)));
        configurator.listSpot(ZOO, address(weth), IRiskConfigurator.SpotTerms(20_00, 7e28, 1e18, 50_000_000e18));
    }

    function test_Tokens_FeeOnTransferIsRefused() public {
        FeeOnTransferToken token = new FeeOnTransferToken("Fee", "FEE", 6, 0);
        list(token);
        deposit(1_000);
        token.setFee(100);
        vm.expectRevert(
            abi.encodeWithSelector(IClearingHouse.TokenAmountMismatch.selector, address(token), 10_000, 9_900)
        );
        deposit(10_000);
        assertEq(house.reserveOf(ZOO).held, 1_000e12);
    }

    function test_Tokens_RebaseNeverReachesTheLedger() public {
        RebasingToken token = new RebasingToken("Rebase", "REB", 6);
        list(token);
        deposit(1_000_000);
        token.rebase(2e18);
        assertEq(house.positionOf(aliceId, ZOO).size, 1e18, "a gain is a donation");
        assertEq(house.skim(ZOO), 1e18);
        token.rebase(1e18);
        // Half is gone again: what is left is paid to whoever comes first, and the token refuses the rest.
        withdraw(500_000);
        withdraw(500_000);
        vm.expectRevert();
        configurator.withdrawTreasury(ZOO, 500_000, carol);
    }

    function test_Tokens_FalseIsAFailure() public {
        FalseReturningToken token = new FalseReturningToken("False", "FALSE", 6);
        list(token);
        deposit(10);
        token.setAnswer(FalseReturningToken.Answer.FalseOnFailure);
        // The ledger's own tokens leave it behind its back.
        bytes memory refusal = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token));
        vm.expectRevert(refusal);
        deposit(10_000_000);
        vm.prank(address(house));
        token.transfer(carol, 10);
        vm.expectRevert(refusal);
        withdraw(10);
    }

    function test_Tokens_NothingReturnedIsASuccess() public {
        FalseReturningToken token = new FalseReturningToken("Nothing", "NOT", 6);
        list(token);
        token.setAnswer(FalseReturningToken.Answer.Nothing);
        deposit(1_000);
        withdraw(400);
        assertEq(house.reserveOf(ZOO).held, 600e12);
    }

    /// @dev A hook in the middle of a transfer can enter nothing that changes a balance, and sees no credit before the
    /// tokens are there.
    function test_Tokens_HooksCannotReenter() public {
        HookToken token = new HookToken("Hook", "HOOK", 6);
        list(token);
        deposit(1_000);
        AccountId[] memory accounts = new AccountId[](1);
        accounts[0] = aliceId;
        AccountId own = accountId(address(token), 0);
        bytes[] memory entries = new bytes[](1);
        entries[0] = abi.encodeCall(house.settle, (accounts));
        bytes[6] memory attempts = [
            abi.encodeCall(house.deposit, (own, ZOO, 1)),
            abi.encodeCall(house.withdraw, (own, QUOTE, 1, address(token))),
            abi.encodeCall(house.transferCash, (own, aliceId, 1)),
            abi.encodeCall(house.settle, (accounts)),
            abi.encodeCall(house.skim, (ZOO)),
            abi.encodeCall(house.accrue, (new AssetId[](0)))
        ];
        for (uint256 i = 0; i < attempts.length; ++i) {
            token.setHooks(address(house), attempts[i], attempts[i]);
            deposit(10);
            checkRefused(token);
            withdraw(10);
            checkRefused(token);
        }
        // Through a batch the entry is skipped with the same reason.
        token.setHooks(address(house), abi.encodeCall(house.batch, (entries)), "");
        deposit(10);
        (, , bytes memory answer) = token.beforeOutcome();
        bytes[] memory reasons = abi.decode(answer, (bytes[]));
        assertEq(bytes4(reasons[0]), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        assertEq(house.reserveOf(ZOO).held, 1_010e12);
    }

    function checkRefused(HookToken token) internal view {
        (, bool ok, bytes memory answer) = token.beforeOutcome();
        assertFalse(ok);
        assertEq(bytes4(answer), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        (, ok, answer) = token.afterOutcome();
        assertFalse(ok);
        assertEq(bytes4(answer), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
    }
}
