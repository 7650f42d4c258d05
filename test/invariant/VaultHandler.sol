// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetState} from "../../contracts/core/Ledger.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {IShareVault} from "../../contracts/interfaces/IShareVault.sol";
import {ClearingHouseHarness} from "../../contracts/mocks/ClearingHouseHarness.sol";
import {AssetId, QUOTE} from "../../contracts/types/AssetId.sol";
import {INSURANCE} from "../../contracts/types/Rows.sol";
import {PayingHandler} from "./PayingHandler.sol";
import {Action} from "./Watcher.sol";

/// @notice Those who provide for the pool, for the backstop and for insurance, and those who buy what the two take over.
contract VaultHandler is PayingHandler {
    /// @dev What one token unit of quote is in 1e18.
    uint256 internal constant UNIT = 1e12;
    /// @dev Shares that nobody holds.
    uint256 internal constant VIRTUAL = 1e12;

    /// @dev A vault to those who leave it, in 1e18.
    struct Books {
        uint256 generation;
        uint256 shares;
        uint256 value;
    }

    /// @dev Tokens that lie in a vault and belong to nobody.
    mapping(IShareVault => uint256) internal donated;

    // ---- actions

    function enterPool(uint256 who, uint256 amount) external {
        enter(Action.Enter, pool, owners[trader(who)], bound(amount, 1, 100_000e6));
    }

    function exitPool(uint256 who, uint256 amount) external {
        leave(Action.Exit, pool, holderOf(pool, who), amount);
    }

    function stake(uint256 who, uint256 amount) external {
        enter(Action.Stake, vault, owners[trader(who)], bound(amount, 1, 5_000e6));
    }

    function unstake(uint256 who, uint256 amount) external {
        leave(Action.Unstake, vault, holderOf(vault, who), amount);
    }

    function provideBackstop(uint256 who, uint256 amount) external {
        enter(Action.Provide, backstop, owners[trader(who)], bound(amount, 1, 20_000e6));
    }

    function recede(uint256 who, uint256 amount) external {
        leave(Action.Recede, backstop, holderOf(backstop, who), amount);
    }

    /// @dev What the backstop holds goes to the pool or into an order, spot of either vault to who pays for it.
    function unwind(uint256 who, uint256 most, uint256 seed) external {
        refresh();
        uint256 kind = seed % 4;
        if (kind == 0 && sizeOf(INSURANCE, WETH) == 0) stockInsurance(1 + (seed % 1e18));
        if (kind < 2) return buySpot(kind == 0, owners[trader(who)], bound(most, 1, 2e18));
        AssetId asset = sizeOf(ids[BACKSTOP], BTC) != 0 ? BTC : ETH;
        int256 held = sizeOf(ids[BACKSTOP], asset);
        uint256 room = backstop.unwindable(asset);
        bytes memory call = abi.encodeCall(backstop.unwind, (asset, bound(most, 1, 1e24), block.timestamp));
        if (asset == BTC || kind == 2) {
            uint256 mark = markOf(asset);
            IExchange.SignedOrder memory order = offer(who, asset, held == 0 ? int256(1e15) : held, mark, seed | 1);
            call = abi.encodeCall(backstop.unwindInto, (order, bound(most, 1, 1e24), block.timestamp));
        }
        (bool ok, ) = sendTo(Action.Unwind, alice, address(backstop), call);
        if (!ok) return;
        int256 left = sizeOf(ids[BACKSTOP], asset);
        if (held > 0 ? left >= held || left < 0 : left <= held || left > 0) fail_("LIQ-2");
        if (magnitude(held - left) > room) fail_("QUOTE-1");
    }

    /// @dev Tokens that nobody asked for change nothing of what anybody has.
    function donate(uint256 amount) external {
        amount = bound(amount, 1, 1_000e6);
        IShareVault to = vaultAt(amount);
        Books memory before = booksOf(to);
        quote.mint(address(house), amount);
        weth.mint(address(house), amount);
        quote.mint(address(to), amount);
        donated[to] += amount;
        if (amount % 2 == 0) {
            send(Action.Donate, alice, abi.encodeCall(house.skim, (QUOTE)));
            send(Action.Donate, alice, abi.encodeCall(house.skim, (WETH)));
        } else count(Action.Donate, true);
        Books memory now_ = booksOf(to);
        if (now_.value != before.value || now_.shares != before.shares) fail_("VAULT-1");
    }

    function vaultAt(uint256 seed) internal view returns (IShareVault) {
        if (seed % 3 == 0) return pool;
        return seed % 3 == 1 ? IShareVault(vault) : IShareVault(backstop);
    }

    /// @dev As if it had been bought from somebody bankrupt.
    function stockInsurance(uint256 size) internal {
        if (stateOf(WETH) != AssetState.Active) return;
        fundSpot(owners[0], ids[0], size);
        vm.prank(owners[0]);
        ClearingHouseHarness(address(house)).giveInsurance(WETH, size);
    }

    function buySpot(bool insured, address buyer, uint256 amount) internal {
        IShareVault from = insured ? IShareVault(vault) : IShareVault(backstop);
        quote.mint(buyer, 1_000_000e6);
        vm.prank(buyer);
        quote.approve(address(from), type(uint256).max);
        uint256 room = insured ? vault.forSale(WETH) : backstop.unwindable(WETH);
        uint256 owned_ = weth.balanceOf(buyer);
        bytes memory call = abi.encodeCall(vault.buySpot, (WETH, amount, type(uint128).max, block.timestamp));
        (bool ok, bytes memory result) = sendTo(Action.Unwind, buyer, address(from), call);
        // A backstop whose margin does not suffice sells nothing, though there is something to be sold.
        bool lacks = !insured && bytes4(result) == IClearingHouse.InsufficientMargin.selector;
        if (!ok && room != 0 && !lacks) fail_("QUOTE-1", string.concat("spot: ", vm.toString(result)));
        if (!ok) return;
        (uint256 bought, uint256 paid) = abi.decode(result, (uint256, uint256));
        if (bought > room || bought != weth.balanceOf(buyer) - owned_) fail_("QUOTE-1");
        if (paid * UNIT < ((bought * markOf(WETH)) / 1e18 / 100) * 95) fail_("VAULT-1");
    }

    // ---- in and out under watch

    function enter(Action action, IShareVault to, address owner, uint256 amount) internal returns (bool ok) {
        quote.mint(owner, amount);
        vm.prank(owner);
        quote.approve(address(to), type(uint256).max);
        uint256 promised;
        try to.previewDeposit(amount) returns (uint256 shares) {
            promised = shares;
        } catch (bytes memory reason) {
            // A bankrupt row takes nobody in; its generation ends.
            checkTyped(action, reason);
            sendTo(action, owner, address(to), abi.encodeWithSignature("sync()"));
            return false;
        }
        Books memory before = booksOf(to);
        bytes memory result;
        (ok, result) = sendTo(
            action,
            owner,
            address(to),
            abi.encodeWithSignature("deposit(uint256,address)", amount, owner)
        );
        if (!ok) return false;
        uint256 got = abi.decode(result, (uint256));
        if (got != promised) fail_("QUOTE-1");
        checkEntry(before, booksOf(to), got, amount * UNIT);
    }

    /// @dev Asks to leave, or takes what has become due.
    function leave(Action action, IShareVault from, address owner, uint256 amount) internal {
        (, , uint256 claimableAt) = from.requestOf(owner);
        if (amount % 2 == 0 && claimableAt > block.timestamp) {
            vm.warp(claimableAt);
            refresh();
        }
        uint256 due = from.maxRedeem(owner);
        if (due == 0) ask(action, from, owner, bound(amount, 1, from.balanceOf(owner) + 1));
        else claim(action, from, owner, due);
    }

    function ask(Action action, IShareVault from, address owner, uint256 shares) internal returns (bool ok) {
        Books memory before = booksOf(from);
        (, uint256 asked, ) = from.requestOf(owner);
        bytes memory data = abi.encodeWithSignature("requestRedeem(uint256,address,address)", shares, owner, owner);
        (ok, ) = sendTo(action, owner, address(from), data);
        if (!ok) return false;
        (, uint256 value, ) = from.requestOf(owner);
        if (value > asked + valueOf(before, shares)) fail_("VAULT-1");
        Books memory now_ = booksOf(from);
        if (now_.shares != before.shares || now_.value != before.value) fail_("VAULT-1");
    }

    function claim(Action action, IShareVault from, address owner, uint256 due) internal returns (uint256 paid) {
        uint256 promised = from.maxWithdraw(owner);
        bool whole = house.totalDeficit() == 0;
        Books memory before = booksOf(from);
        (bool ok, bytes memory result) = sendTo(
            action,
            owner,
            address(from),
            abi.encodeWithSignature("redeem(uint256,address,address)", due, owner, owner)
        );
        if (!ok) {
            fail_("QUOTE-1", string.concat("redemption: ", vm.toString(result)));
            return 0;
        }
        paid = abi.decode(result, (uint256));
        // A token unit less where the margin of the inventory binds and shares are rounded.
        if (paid > promised || (whole && paid + 1 < promised)) fail_("QUOTE-1");
        checkClaim(before, booksOf(from), due, paid * UNIT);
    }

    /// @dev VAULT-1: who enters has at once no more than he brought, and the others no less than they had, and nothing that
    /// he did not bring.
    function checkEntry(Books memory before, Books memory now_, uint256 shares, uint256 brought) internal {
        if (now_.shares != before.shares + shares || now_.generation != before.generation) fail_("VAULT-1");
        if (valueOf(now_, shares) > brought + 1) fail_("VAULT-1");
        if (lessPerShare(before, now_) || now_.value > before.value + brought + 1) fail_("VAULT-1");
    }

    /// @dev VAULT-1: who leaves takes no more than his shares were worth; the others have no less, and nothing that he did not
    /// leave.
    function checkClaim(Books memory before, Books memory now_, uint256 shares, uint256 paid) internal {
        if (now_.shares + shares != before.shares || now_.generation != before.generation) fail_("VAULT-1");
        if (paid > valueOf(before, shares)) fail_("VAULT-1");
        // When nobody is left, nothing is locked any more.
        bool more = now_.shares != 0 && now_.value + paid > before.value + 1;
        if (more || lessPerShare(before, now_)) fail_("VAULT-1");
    }

    /// @dev By more than a wei of the whole.
    function lessPerShare(Books memory before, Books memory now_) internal pure returns (bool) {
        return (now_.value + 2) * (before.shares + VIRTUAL) < before.value * (now_.shares + VIRTUAL);
    }

    // ---- between actions

    /// @dev INS-1: what insurance has is what its row has, and no vault keeps tokens of its own.
    function checkVaults() internal {
        uint256 spot = uint256(int256(house.positionOf(INSURANCE, WETH).size));
        int256 worth = house.cashOf(INSURANCE) + int256((spot * markOf(WETH)) / 1e18);
        IShareVault.Status memory status = vault.status();
        if (status.equity != worth) fail_("INS-1");
        int256 most = worth - int256(house.owed());
        if (status.value > (most > 0 ? uint256(most) : 0)) fail_("INS-1");
        checkTokens(vault);
        checkTokens(backstop);
        checkTokens(pool);
    }

    function checkTokens(IShareVault holder) internal {
        if (quote.balanceOf(address(holder)) != donated[holder]) fail_("INS-1");
    }

    // ---- numbers

    function booksOf(IShareVault holder) internal view returns (Books memory) {
        IShareVault.Status memory s = holder.status();
        return Books(s.generation, s.supply, s.value > s.locked ? s.value - s.locked : 0);
    }

    function valueOf(Books memory books, uint256 shares) internal pure returns (uint256) {
        return (shares * books.value) / (books.shares + VIRTUAL);
    }

    function holderOf(IShareVault holder, uint256 who) internal view returns (address owner) {
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            owner = owners[trader((who % ACCOUNTS) + i)];
            (uint256 asked, , ) = holder.requestOf(owner);
            if (asked != 0 || holder.balanceOf(owner) != 0) return owner;
        }
        return keeper;
    }
}
