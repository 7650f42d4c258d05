// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {OrderTest} from "../support/OrderTest.sol";

/// @notice What a trader does with one wallet and one call.
contract ExchangeMulticallTest is OrderTest {
    address internal dora;
    AccountId internal doraId;

    function setUp() public override {
        super.setUp();
        dora = key("dora");
        doraId = accountId(dora, 0);
    }

    // ---- deposits

    function test_Multicall_DepositsAndTrades() public {
        give(dora, 1_000e6);
        bytes[] memory calls = two(depositCall(doraId, 1_000e6), tradeCall(doraId, 2e18, false));
        vm.prank(dora);
        bytes[] memory results = exchange.multicall(calls);
        (int256 size, uint256 price) = abi.decode(results[1], (int256, uint256));
        assertEq(size, 2e18);
        assertEq(sizeOf(doraId, ETH), 2e18);
        assertEq(house.cashOf(doraId), 1_000e18 - int256(2 * price + feeOn(2e18, price, TAKER)));
        assertEq(quote.balanceOf(address(exchange)), 0);
        assertEq(quote.allowance(address(exchange), address(house)), 0);
    }

    function test_Multicall_UsesAPermit() public {
        quote.mint(dora, 1_000e6);
        bytes memory permit = permitCall(1_000e6);
        bytes[] memory calls = three(permit, depositCall(doraId, 1_000e6), tradeCall(doraId, 2e18, false));
        vm.prank(dora);
        exchange.multicall(calls);
        assertEq(sizeOf(doraId, ETH), 2e18);
        assertEq(quote.allowance(dora, address(exchange)), 0);
    }

    function test_Multicall_APermitUsedBySomebodyElseIsEnough() public {
        quote.mint(dora, 1_000e6);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(1_000e6);
        bytes memory call = abi.encodeCall(IExchange.permit, (address(quote), 1_000e6, block.timestamp, v, r, s));
        vm.prank(bob);
        quote.permit(dora, address(exchange), 1_000e6, block.timestamp, v, r, s);
        bytes[] memory calls = two(call, depositCall(doraId, 1_000e6));
        vm.prank(dora);
        exchange.multicall(calls);
        assertEq(house.cashOf(doraId), 1_000e18);
    }

    function test_Multicall_AllOrNothing() public {
        give(dora, 100e6);
        bytes[] memory calls = two(depositCall(doraId, 100e6), tradeCall(doraId, 2e18, false));
        vm.prank(dora);
        vm.expectPartialRevert(IClearingHouse.InsufficientMargin.selector);
        exchange.multicall(calls);
        assertEq(quote.balanceOf(dora), 100e6);
        assertEq(house.cashOf(doraId), 0);
    }

    function test_Deposit_RevertsWhen_NotApproved() public {
        quote.mint(dora, 100e6);
        vm.prank(dora);
        vm.expectRevert(
            abi.encodeWithSignature("ERC20InsufficientAllowance(address,uint256,uint256)", address(exchange), 0, 100e6)
        );
        exchange.deposit(doraId, QUOTE, 100e6);
    }

    function test_Deposit_RevertsWhen_Zero() public {
        vm.prank(dora);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ZeroAmount.selector));
        exchange.deposit(doraId, QUOTE, 0);
    }

    function test_Deposit_AnyoneGivesQuote() public {
        give(dora, 100e6);
        vm.prank(dora);
        exchange.deposit(aliceId, QUOTE, 100e6);
        assertEq(house.cashOf(aliceId), 10_100e18);
    }

    /// @dev Neither a new leg nor one that is held: the ledger sees the exchange's right, not the payer's.
    function test_Deposit_RevertsWhen_SpotOfAStranger() public {
        setOperator(alice, address(exchange), true);
        giveSpot(bob, 2e18);
        refuseSpot(bob);
        fundSpot(alice, aliceId, 1e18);
        refuseSpot(bob);
        setOperator(alice, bob, true);
        vm.prank(bob);
        exchange.deposit(aliceId, WETH, 1e18);
        assertEq(sizeOf(aliceId, WETH), 2e18);
    }

    function test_Deposit_OpensASpotLegForTheOwner() public {
        giveSpot(alice, 2e18);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.NewLegNeedsOwner.selector, aliceId, WETH));
        exchange.deposit(aliceId, WETH, 1e18);
        setOperator(alice, address(exchange), true);
        vm.startPrank(alice);
        exchange.deposit(aliceId, WETH, 1e18);
        vm.stopPrank();
        setOperator(alice, address(exchange), false);
        vm.prank(alice);
        exchange.deposit(aliceId, WETH, 1e18);
        assertEq(sizeOf(aliceId, WETH), 2e18, "a leg that is held needs no operator");
    }

    // ---- rescue

    function test_Multicall_RescuesADistressedAccount() public {
        fund(dora, doraId, 250e6);
        poolTrade(doraId, ETH, 1e18);
        // Below bankruptcy: without money it does not even reduce.
        setPrice(ETH, 1_740e18);
        assertTrue(house.isLiquidatable(doraId));
        IExchange.PoolTrade memory terms = poolTerms(doraId, -type(int64).max);
        terms.reduceOnly = true;
        vm.prank(dora);
        vm.expectPartialRevert(IClearingHouse.HealthLowered.selector);
        exchange.trade(terms);
        give(dora, 20e6);
        bytes[] memory calls = two(depositCall(doraId, 20e6), tradeCall(doraId, -100e18, true));
        vm.prank(dora);
        exchange.multicall(calls);
        assertEq(sizeOf(doraId, ETH), 0);
        assertGe(house.cashOf(doraId), 0);
        assertFalse(house.isLiquidatable(doraId));
    }

    function test_Multicall_AStrangerRescuesWithQuoteOnly() public {
        give(bob, 100e6);
        poolTrade(aliceId, ETH, 1e18);
        bytes[] memory calls = two(depositCall(aliceId, 100e6), tradeCall(aliceId, -1e18, true));
        vm.prank(bob);
        expectRefused(IExchange.NotOwnerOrOperator.selector, aliceId, bob);
        exchange.multicall(calls);
    }

    // ---- withdrawals

    function testFuzz_Multicall_ClosesAndTakesAll(int256 size, uint256 mark) public {
        size = bound(size, -20e18, 20e18);
        if (size == 0) size = 1e18;
        poolTrade(aliceId, ETH, size);
        setPrice(ETH, bound(mark, 1_800e18, 2_200e18));
        setOperator(alice, address(exchange), true);
        bytes[] memory calls = two(
            tradeCall(aliceId, size > 0 ? -100e18 : int256(100e18), true),
            withdrawCall(aliceId, type(uint256).max)
        );
        vm.prank(alice);
        uint256 paid = abi.decode(exchange.multicall(calls)[1], (uint256));
        assertEq(quote.balanceOf(alice), paid);
        assertGt(paid, 0);
        assertLt(house.cashOf(aliceId), 1e12, "less than a token unit is left");
        assertGe(house.cashOf(aliceId), 0);
        assertEq(house.legsOf(aliceId).length, 0);
    }

    function test_Withdraw_MaxIsWhatIsFree() public {
        setOperator(alice, address(exchange), true);
        poolTrade(aliceId, ETH, 10e18);
        uint256 free = lens.withdrawable(aliceId, QUOTE).amount;
        vm.prank(alice);
        assertEq(exchange.withdraw(aliceId, QUOTE, type(uint256).max), free);
        assertEq(quote.balanceOf(alice), free);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IClearingHouse.ZeroAmount.selector));
        exchange.withdraw(aliceId, QUOTE, type(uint256).max);
    }

    function test_Withdraw_AnOperatorPaysTheOwner() public {
        setOperator(alice, address(exchange), true);
        setOperator(alice, bob, true);
        vm.prank(bob);
        exchange.withdraw(aliceId, QUOTE, 100e6);
        assertEq(quote.balanceOf(alice), 100e6);
        assertEq(quote.balanceOf(bob), 0);
    }

    function test_Withdraw_PaysSpotToTheOwner() public {
        setOperator(alice, address(exchange), true);
        fundSpot(alice, aliceId, 1e18);
        vm.prank(alice);
        assertEq(exchange.withdraw(aliceId, WETH, type(uint256).max), 1e18);
        assertEq(weth.balanceOf(alice), 1e18);
    }

    function test_Withdraw_RevertsWhen_ExchangeIsNoOperator() public {
        vm.prank(alice);
        expectRefused(IClearingHouse.NotOwnerOrOperator.selector, aliceId, address(exchange));
        exchange.withdraw(aliceId, QUOTE, 100e6);
        vm.prank(alice);
        expectRefused(IClearingHouse.NotOwnerOrOperator.selector, aliceId, address(exchange));
        exchange.transferCash(aliceId, accountId(alice, 1), 1e18);
    }

    /// @dev The exchange is an operator of many: none of its calls serves anybody else.
    function test_Multicall_RevertsWhen_StrangerUsesTheRightOfTheExchange() public {
        setOperator(alice, address(exchange), true);
        bytes[5] memory calls = [
            tradeCall(aliceId, 1e18, false),
            withdrawCall(aliceId, 1e6),
            abi.encodeCall(IExchange.transferCash, (aliceId, accountId(alice, 1), 1e18)),
            abi.encodeCall(IExchange.cancel, (aliceId, 0, 1)),
            abi.encodeCall(IExchange.cancelBelow, (aliceId, 1))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            bytes[] memory one = new bytes[](1);
            one[0] = calls[i];
            vm.prank(bob);
            expectRefused(IExchange.NotOwnerOrOperator.selector, aliceId, bob);
            exchange.multicall(one);
        }
    }

    // ---- isolated accounts

    function test_Multicall_FundsAnIsolatedAccountAndTrades() public {
        AccountId isolated = accountId(alice, 7);
        setOperator(alice, address(exchange), true);
        bytes[] memory calls = two(
            abi.encodeCall(IExchange.transferCash, (aliceId, isolated, 500e18)),
            tradeCall(isolated, 1e18, false)
        );
        vm.prank(alice);
        exchange.multicall(calls);
        assertEq(house.cashOf(aliceId), 9_500e18);
        assertEq(sizeOf(isolated, ETH), 1e18);
        assertEq(sizeOf(aliceId, ETH), 0);
    }

    function test_TransferCash_RevertsWhen_OtherOwner() public {
        setOperator(alice, address(exchange), true);
        vm.prank(alice);
        expectRefused(IClearingHouse.RecipientNotOwner.selector, aliceId, bob);
        exchange.transferCash(aliceId, bobId, 1e18);
    }

    // ---- helpers

    function refuseSpot(address payer) internal {
        vm.prank(payer);
        expectRefused(IExchange.NotOwnerOrOperator.selector, aliceId, payer);
        exchange.deposit(aliceId, WETH, 1e18);
    }

    function giveSpot(address payer, uint256 amount) internal {
        weth.mint(payer, amount);
        vm.prank(payer);
        weth.approve(address(exchange), amount);
    }

    function depositCall(AccountId account, uint256 amount) internal pure returns (bytes memory) {
        return abi.encodeCall(IExchange.deposit, (account, QUOTE, amount));
    }

    function withdrawCall(AccountId account, uint256 amount) internal pure returns (bytes memory) {
        return abi.encodeCall(IExchange.withdraw, (account, QUOTE, amount));
    }

    function tradeCall(AccountId account, int256 size, bool reduceOnly) internal view returns (bytes memory) {
        IExchange.PoolTrade memory terms = poolTerms(account, size);
        terms.reduceOnly = reduceOnly;
        return abi.encodeCall(IExchange.trade, (terms));
    }

    function permitCall(uint256 amount) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = signPermit(amount);
        return abi.encodeCall(IExchange.permit, (address(quote), amount, block.timestamp, v, r, s));
    }

    function signPermit(uint256 amount) internal view returns (uint8, bytes32, bytes32) {
        bytes32 typeHash = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        );
        bytes memory message = abi.encode(typeHash, dora, exchange, amount, quote.nonces(dora), block.timestamp);
        bytes32 domain = quote.DOMAIN_SEPARATOR();
        return vm.sign(keys[dora], keccak256(abi.encodePacked(hex"1901", domain, keccak256(message))));
    }

    function two(bytes memory a, bytes memory b) internal pure returns (bytes[] memory calls) {
        calls = new bytes[](2);
        (calls[0], calls[1]) = (a, b);
    }

    function three(bytes memory a, bytes memory b, bytes memory c) internal pure returns (bytes[] memory calls) {
        calls = new bytes[](3);
        (calls[0], calls[1], calls[2]) = (a, b, c);
    }
}
