// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ClearingHouse} from "../../contracts/core/ClearingHouse.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {HookToken} from "../../contracts/mocks/HookToken.sol";
import {RowVault} from "../../contracts/mocks/RowVault.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {VaultTest} from "../support/VaultTest.sol";

contract ShareVaultDepositTest is VaultTest {
    function test_Deposit_FirstSharesAreWorthOneQuoteEach() public {
        give(alice, 1_000e6);
        vm.expectEmit(address(vault));
        emit IERC4626.Deposit(alice, bob, 1_000e6, 1_000e18);
        vm.prank(alice);
        assertEq(vault.deposit(1_000e6, bob), 1_000e18);
        assertEq(vault.balanceOf(bob), 1_000e18);
        assertEq(vault.totalSupply(), 1_000e18);
        assertEq(house.cashOf(row), 1_000e18);
        assertEq(vault.totalAssets(), 1_000e6);
        assertEq(quote.balanceOf(address(vault)), 0);
        assertEq(vault.interactions(), 1);
    }

    function test_Deposit_PaysForLockedGains() public {
        pay(alice, 1_000e6);
        earn(1_000e6);
        assertApproxEqAbs(pay(bob, 1_000e6), 500e18, 1e12);
        assertEq(locked(), 1_000e18);
    }

    function test_Deposit_RevertsWhen_Nothing() public {
        expect(IShareVault.ZeroAmount.selector);
        vault.deposit(0, alice);
        expect(IShareVault.ZeroAmount.selector);
        vault.mint(0, alice);
        give(alice, 1e6);
        vm.startPrank(alice);
        expect(IShareVault.ZeroAddress.selector);
        vault.deposit(1e6, address(0));
        expect(IShareVault.ZeroAddress.selector);
        vault.mint(1e18, address(0));
        vm.stopPrank();
    }

    function test_Deposit_RevertsWhen_RoundsToNothing() public {
        // Ten trillion quote belong to the virtual shares: one unit buys less than a share.
        earn(10_000_000_000_000e6);
        give(alice, 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.WorthNothing.selector, 1));
        vault.deposit(1, alice);
    }

    function test_Deposit_RevertsWhen_AboveLimit() public {
        vault.setLimit(100e18 + 1);
        assertEq(vault.maxDeposit(alice), 100e6);
        assertEq(vault.maxMint(alice), 100e18);
        give(alice, 200e6);
        vm.startPrank(alice);
        expectAbove(100e6 + 1, 100e6);
        vault.deposit(100e6 + 1, alice);
        expectAbove(100e18 + 1, 100e18);
        vault.mint(100e18 + 1, alice);
        expectAbove(type(uint256).max, 100e18);
        vault.mint(type(uint256).max, alice);
        vault.deposit(100e6, alice);
        vm.stopPrank();
    }

    function test_Deposit_RevertsWhen_BelowLimitOfCaller() public {
        give(alice, 10e6);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IShareVault.BelowLimit.selector, 10e18, 10e18 + 1));
        vault.deposit(10e6, alice, 10e18 + 1, block.timestamp);
        assertEq(vault.deposit(10e6, alice, 10e18, block.timestamp), 10e18);
        vm.stopPrank();
    }

    function test_Deposit_RevertsWhen_DeadlinePassed() public {
        give(alice, 10e6);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IShareVault.DeadlinePassed.selector, block.timestamp - 1, block.timestamp)
        );
        vault.deposit(10e6, alice, 0, block.timestamp - 1);
    }

    function test_Deposit_RevertsWhen_NoAllowance() public {
        quote.mint(alice, 1e6);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(vault), 0, 1e6)
        );
        vault.deposit(1e6, alice);
    }

    function test_DepositWithPermit_UsedPermitDoesNotRevert() public {
        (address owner, uint256 key) = makeAddrAndKey("signer");
        quote.mint(owner, 20e6);
        (uint8 v, bytes32 r, bytes32 s) = sign(address(quote), quote.DOMAIN_SEPARATOR(), key, owner, 20e6);
        assertGt(v, 0);
        vm.prank(owner);
        vault.depositWithPermit(20e6, owner, 20e18, block.timestamp, v, r, s);
        quote.mint(owner, 20e6);
        vm.startPrank(owner);
        quote.approve(address(vault), 20e6);
        vault.depositWithPermit(20e6, owner, 0, block.timestamp, v, r, s);
        vm.stopPrank();
        assertEq(vault.balanceOf(owner), 40e18);
    }

    function test_Permit_OfShares() public {
        (address owner, uint256 key) = makeAddrAndKey("signer");
        pay(owner, 10e6);
        (uint8 v, bytes32 r, bytes32 s) = sign(address(vault), vault.DOMAIN_SEPARATOR(), key, owner, 5e18);
        vault.permit(owner, address(vault), 5e18, block.timestamp, v, r, s);
        assertEq(vault.allowance(owner, address(vault)), 5e18);
    }

    function test_Shares_AreAToken() public {
        pay(alice, 10e6);
        assertEq(vault.decimals(), 18);
        assertEq(vault.asset(), address(quote));
        vm.startPrank(alice);
        vault.transfer(bob, 4e18);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 6e18, 7e18));
        vault.transfer(bob, 7e18);
        vault.approve(carol, 6e18);
        vm.stopPrank();
        vm.prank(carol);
        vault.transferFrom(alice, carol, 6e18);
        assertEq(vault.balanceOf(carol), 6e18);
        assertEq(vault.balanceOf(alice), 0);
        assertEq(vault.totalSupply(), 10e18);
    }

    function test_Interfaces_AreTold() public view {
        bytes4 operators = pick("setOperator(address,bool)") ^ pick("isOperator(address,address)");
        bytes4 redemption =
            pick("requestRedeem(uint256,address,address)") ^
                pick("pendingRedeemRequest(uint256,address)") ^
                pick("claimableRedeemRequest(uint256,address)");
        assertEq(operators, bytes4(0xe3bc4e65));
        assertEq(redemption, bytes4(0x620ee8e4));
        assertTrue(vault.supportsInterface(operators));
        assertTrue(vault.supportsInterface(redemption));
        assertTrue(vault.supportsInterface(pick("supportsInterface(bytes4)")));
        assertTrue(vault.supportsInterface(vaultInterface()));
        assertFalse(vault.supportsInterface(0xffffffff));
        assertEq(vault.share(), address(vault));
    }

    function test_Constructor_RevertsWhen_TokenDoesNotFit() public {
        address wide = address(new TestToken("Wide", "W", 19));
        vm.expectRevert(abi.encodeWithSelector(IShareVault.TooManyDecimals.selector, 19, 18));
        new RowVault(house, wide);
        expect(IShareVault.ZeroAddress.selector);
        new RowVault(house, address(0));
    }

    function testFuzz_Deposit_QuotesAreWhatIsExecuted(
        uint256 assets,
        uint256 gain,
        uint256 spread,
        uint256 wait
    ) public {
        unsettle(gain, spread, wait);
        assets = bound(assets, 1, 1e15);
        uint256 quoted = vault.previewDeposit(assets);
        assertEq(pay(alice, assets), quoted, "QUOTE-1");
    }

    function testFuzz_Mint_QuotesAreWhatIsExecuted(uint256 shares, uint256 gain, uint256 spread, uint256 wait) public {
        unsettle(gain, spread, wait);
        shares = bound(shares, 1, 1e25);
        uint256 quoted = vault.previewMint(shares);
        give(alice, quoted);
        vm.prank(alice);
        assertEq(vault.mint(shares, alice), quoted, "QUOTE-1");
        assertEq(quote.balanceOf(alice), 0);
        assertEq(vault.balanceOf(alice), shares);
    }

    function testFuzz_Mint_NoCheaperThanDeposit(uint256 assets, uint256 gain, uint256 spread) public {
        unsettle(gain, spread, 0);
        assets = bound(assets, 1, 1e15);
        assertLe(vault.previewDeposit(vault.previewMint(assets * 1e12)) - assets * 1e12, vault.previewDeposit(1) + 1);
        assertGe(vault.previewDeposit(vault.previewMint(assets * 1e12)), assets * 1e12);
        assertLe(vault.previewMint(vault.previewDeposit(assets)), assets);
    }

    function testFuzz_Max_IsAccepted(uint256 limit, uint256 gain, uint256 spread, bool byShares) public {
        unsettle(gain, spread, 0);
        vault.setLimit(bound(limit, 1e18, type(uint256).max));
        // What the ledger itself can hold is less than what there can be shares for.
        if (vault.maxDeposit(alice) > 1e25) vault.setLimit(1e37);
        give(alice, type(uint128).max);
        uint256 most = byShares ? vault.maxMint(alice) : vault.maxDeposit(alice);
        vm.prank(alice);
        if (byShares) vault.mint(most, alice);
        else vault.deposit(most, alice);
        assertLe(vault.totalSupply(), type(uint128).max);
    }

    function testFuzz_Convert_RoundsDownBothWays(uint256 assets, uint256 gain, uint256 spread) public {
        unsettle(gain, spread, 6 hours);
        assets = bound(assets, 1, 1e15);
        assertLe(vault.convertToAssets(vault.convertToShares(assets)), assets);
        assertGe(vault.convertToShares(assets), vault.previewDeposit(assets));
    }

    /// @dev One unit, then a donation, then a victim: the attacker is poorer, the victim whole but for a millionth.
    function testFuzz_Inflation_CostsTheAttacker(uint256 donation, uint256 deposit) public {
        donation = bound(donation, 1, 1_000_000e6);
        deposit = bound(deposit, 1e6 + donation / 1_000_000, 10_000_000e6);
        pay(alice, 1);
        earn(donation);
        pass();
        vault.sync();
        pass();
        pay(bob, deposit);
        uint256 attacked = exitAll(alice);
        uint256 returned = exitAll(bob);
        assertLe(attacked, 1 + donation / 2 + 1, "half is lost");
        assertLe(attacked, donation);
        assertGe(returned + (2 * deposit) / 1_000_000 + 1, deposit);
        assertLe(returned, deposit);
        if (donation <= deposit / 10) assertGe(returned + deposit / 1_000_000 + 1, deposit);
    }

    function testFuzz_Donation_IsNotTheNextDepositors(uint256 donation, uint256 deposit) public {
        pay(alice, 1_000e6);
        earn(bound(donation, 1, 1e15));
        deposit = bound(deposit, 1, 1e15);
        if (vault.previewDeposit(deposit) == 0) return;
        pay(bob, deposit);
        pass();
        pass();
        assertLe(vault.convertToAssets(vault.balanceOf(bob)), deposit);
    }

    function test_Deposit_IsNotReentered() public {
        HookToken hooked = new HookToken("Hook", "HOOK", 6);
        ClearingHouse other = new ClearingHouse(address(hooked), address(router), address(configurator));
        RowVault open = new RowVault(IClearingHouse(address(other)), address(hooked));
        hooked.mint(alice, 10e6);
        hooked.setHooks(address(open), abi.encodeCall(IShareVault.sync, ()), abi.encodeCall(IShareVault.sync, ()));
        vm.startPrank(alice);
        hooked.approve(address(open), 10e6);
        open.deposit(10e6, alice);
        (uint256 count, bool succeeded, bytes memory returned) = hooked.beforeOutcome();
        assertEq(count, 2);
        assertFalse(succeeded);
        assertEq(bytes4(returned), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        open.requestRedeem(10e18, alice, alice);
        vm.warp(block.timestamp + 1 days);
        hooked.setHooks(address(open), "", "");
        hooked.mint(alice, 3e6);
        hooked.approve(address(other), 3e6);
        other.deposit(open.account(), QUOTE, 3e6);
        open.sync();
        hooked.setHooks(address(open), "", abi.encodeCall(IERC4626.totalAssets, ()));
        open.redeem(5e18, alice, alice);
        (, succeeded, returned) = hooked.afterOutcome();
        assertTrue(succeeded);
        assertEq(abi.decode(returned, (uint256)), open.totalAssets(), "a flow is not seen as a loss");
        vm.stopPrank();
    }

    function unsettle(uint256 gain, uint256 spread, uint256 wait) internal {
        pay(bob, 1_000e6);
        earn(bound(gain, 1, 1_000_000e6));
        vault.sync();
        vault.setSpread(int256(bound(spread, 0, 500e18)));
        earn(7e6);
        vm.warp(block.timestamp + bound(wait, 0, 2 days));
        refresh();
    }

    function sign(
        address token,
        bytes32 domain,
        uint256 key,
        address owner,
        uint256 amount
    ) internal view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        uint256 nonce = TestToken(token).nonces(owner);
        bytes32 terms = keccak256(abi.encode(kind, owner, address(vault), amount, nonce, block.timestamp));
        return vm.sign(key, keccak256(abi.encodePacked("\x19\x01", domain, terms)));
    }

    function pick(string memory signature) internal pure returns (bytes4) {
        return bytes4(keccak256(bytes(signature)));
    }

    function vaultInterface() internal pure returns (bytes4 id) {
        string[17] memory signatures = [
            "asset()",
            "convertToAssets(uint256)",
            "convertToShares(uint256)",
            "deposit(uint256,address)",
            "maxDeposit(address)",
            "maxMint(address)",
            "maxRedeem(address)",
            "maxWithdraw(address)",
            "mint(uint256,address)",
            "previewDeposit(uint256)",
            "previewMint(uint256)",
            "previewRedeem(uint256)",
            "previewWithdraw(uint256)",
            "redeem(uint256,address,address)",
            "share()",
            "totalAssets()",
            "withdraw(uint256,address,address)"
        ];
        for (uint256 i = 0; i < signatures.length; ++i) id ^= pick(signatures[i]);
    }
}
