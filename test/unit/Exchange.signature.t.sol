// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {SmartWallet} from "../../contracts/mocks/SmartWallet.sol";
import {Exchange} from "../../contracts/trading/Exchange.sol";
import {AccountId, accountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {Capability} from "../../contracts/types/Capability.sol";
import {FEES} from "../../contracts/types/Rows.sol";
import {OrderTest} from "../support/OrderTest.sol";

contract ExchangeSignatureTest is OrderTest {
    uint256 internal constant CURVE = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    SmartWallet internal wallet;
    AccountId internal walletId;

    function setUp() public override {
        super.setUp();
        wallet = new SmartWallet();
        walletId = accountId(address(wallet), 0);
        fund(carol, walletId, 10_000e6);
    }

    // ---- the message

    function testFuzz_HashOf_IsEip712(
        uint256[6] memory words,
        uint64[3] memory times,
        uint32 fee,
        uint8 bits
    ) public view {
        IExchange.Order memory o;
        (o.account, o.asset, o.size) = (AccountId.wrap(words[0]), AssetId.wrap(uint16(words[1])), int256(words[1]));
        (o.limit, o.level, o.target, o.tip) = (words[2], words[3], words[4], words[5]);
        (o.nonce, o.expiry, o.notBefore) = (times[0], times[1], times[2]);
        (o.maxFee, o.reduceOnly, o.condition) = (fee, bits & 4 != 0, IExchange.Condition(bits & 3));
        assertEq(exchange.hashOf(o), hashOf(o));
    }

    function test_Domain_SaysWhatIsSigned() public view {
        (, string memory name, string memory version, uint256 chainId, address at, , ) = exchange.eip712Domain();
        assertEq(name, "Ballast Exchange");
        assertEq(version, "1");
        assertEq(chainId, block.chainid);
        assertEq(at, address(exchange));
    }

    /// @dev A change of any field is another order.
    function test_Sign_CoversEveryField() public {
        for (uint256 i = 0; i < 13; ++i) {
            IExchange.SignedOrder memory s = signed(aliceId, ETH, 1e18, 2_000e18);
            change(s.order, i);
            refuse(s);
        }
    }

    // ---- keys

    function test_Sign_ByTheOwner() public {
        accepted(signed(aliceId, ETH, 1e18, 2_000e18));
    }

    function test_Sign_RevertsWhen_AnotherKey() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_000e18);
        refuse(signAs(o, alice, keys[bob]));
        IExchange.SignedOrder memory s = sign(o, keys[bob]);
        expectRefused(IExchange.NotOwnerOrOperator.selector, aliceId, bob);
        exchange.fillable(s, 2_000e18, true);
    }

    function test_Sign_ByAnOperatorWhileHeIsOne() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_000e18);
        IExchange.SignedOrder memory s = sign(o, keys[carol]);
        expectRefused(IExchange.NotOwnerOrOperator.selector, aliceId, carol);
        exchange.fillable(s, 2_000e18, true);
        setOperator(alice, carol, true);
        assertEq(exchange.fillable(s, 2_000e18, true), 1e18);
        setOperator(alice, carol, false);
        expectRefused(IExchange.NotOwnerOrOperator.selector, aliceId, carol);
        exchange.fillable(s, 2_000e18, true);
        setOperator(alice, carol, true);
        accepted(s);
    }

    function test_Sign_RevertsWhen_RowOfTheHouse() public {
        IExchange.SignedOrder memory s = signAs(order(FEES, ETH, 1e18, 2_000e18), address(0), keys[alice]);
        expectRefused(IExchange.NotOwnerOrOperator.selector, FEES, address(0));
        exchange.fillable(s, 2_000e18, true);
        // A signature nobody made recovers to zero, the owner of no account.
        s.signature = new bytes(65);
        expectRefused(IExchange.NotOwnerOrOperator.selector, FEES, address(0));
        exchange.fillable(s, 2_000e18, true);
    }

    /// @dev The exchange is an operator of those who let it withdraw: that signs nothing.
    function test_Sign_RevertsWhen_SignerIsTheExchange() public {
        setOperator(alice, address(exchange), true);
        refuse(signAs(order(aliceId, ETH, 1e18, 2_000e18), address(exchange), keys[bob]));
    }

    function test_Sign_RevertsWhen_Malleable() public {
        IExchange.SignedOrder memory s = signed(aliceId, ETH, 1e18, 2_000e18);
        (uint8 v, bytes32 r, bytes32 half) = vm.sign(keys[alice], hashOf(s.order));
        s.signature = abi.encodePacked(r, bytes32(CURVE - uint256(half)), v == 27 ? 28 : 27);
        refuse(s);
    }

    function testFuzz_Sign_RevertsWhen_OfAnotherLength(uint256 length) public {
        IExchange.SignedOrder memory s = signed(aliceId, ETH, 1e18, 2_000e18);
        length = bound(length, 0, 130);
        if (length == 65) return;
        bytes memory cut = new bytes(length);
        for (uint256 i = 0; i < length && i < 65; ++i) cut[i] = s.signature[i];
        s.signature = cut;
        refuse(s);
    }

    function testFuzz_Sign_RevertsWhen_AnyBitDiffers(uint256 bit) public {
        IExchange.SignedOrder memory s = signed(aliceId, ETH, 1e18, 2_000e18);
        bit = bound(bit, 0, 65 * 8 - 1);
        s.signature[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        refuse(s);
    }

    // ---- contracts

    function test_Sign_ByAWallet() public {
        IExchange.SignedOrder memory s = byWallet(walletId);
        refuse(s);
        wallet.approve(hashOf(s.order));
        accepted(s);
        assertEq(sizeOf(walletId, ETH), 1e18);
    }

    function test_Sign_ByAWalletThatIsAnOperator() public {
        IExchange.SignedOrder memory s = byWallet(aliceId);
        wallet.approve(hashOf(s.order));
        expectRefused(IExchange.NotOwnerOrOperator.selector, aliceId, address(wallet));
        exchange.fillable(s, 2_000e18, true);
        setOperator(alice, address(wallet), true);
        accepted(s);
    }

    function test_Sign_ByAKeyThatIsAnOperatorOfAWallet() public {
        IExchange.Order memory o = order(walletId, ETH, 1e18, 2_000e18);
        wallet.setOperator(house, alice, true);
        accepted(sign(o, keys[alice]));
    }

    /// @dev A wallet that answers the right word says yes, whatever follows it.
    function test_Sign_AWordIsEnough() public {
        wallet.setMode(SmartWallet.Mode.Long);
        accepted(byWallet(walletId));
    }

    function test_Sign_RevertsWhen_TheWalletFails() public {
        SmartWallet.Mode[7] memory modes = [
            SmartWallet.Mode.Revert,
            SmartWallet.Mode.BurnGas,
            SmartWallet.Mode.Garbage,
            SmartWallet.Mode.Short,
            SmartWallet.Mode.Nothing,
            SmartWallet.Mode.Huge,
            SmartWallet.Mode.Endless
        ];
        for (uint256 i = 0; i < modes.length; ++i) {
            IExchange.SignedOrder memory s = byWallet(walletId);
            wallet.approve(hashOf(s.order));
            wallet.setMode(modes[i]);
            uint256 before = gasleft();
            refuse(s);
            assertLt(before - gasleft(), 400_000);
        }
    }

    function test_Sign_ABadWalletSpoilsNobodysBatch() public {
        wallet.setMode(SmartWallet.Mode.BurnGas);
        IExchange.SignedOrder[] memory orders = new IExchange.SignedOrder[](4);
        for (uint256 i = 0; i < 3; ++i) orders[i] = byWallet(walletId);
        orders[3] = signed(aliceId, ETH, 1e18, 2_100e18);
        vm.prank(keeper);
        bytes[] memory reasons = exchange.executeBatch{gas: 2_000_000}(orders, keeperId);
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(
                reasons[i],
                abi.encodeWithSelector(IExchange.BadSignature.selector, address(wallet), hashOf(orders[i].order)),
                "LIVE-1"
            );
        }
        assertEq(reasons[3].length, 0, "LIVE-1");
        assertEq(sizeOf(aliceId, ETH), 1e18, "LIVE-1");
    }

    // ---- elsewhere

    function test_Sign_RevertsWhen_OnAnotherChain() public {
        IExchange.Order memory o = order(aliceId, ETH, 1e18, 2_000e18);
        IExchange.SignedOrder memory s = signed(o);
        bytes32 here = hashOf(o);
        vm.chainId(block.chainid + 1);
        assertNotEq(exchange.hashOf(o), here);
        refuse(s);
        accepted(signed(o));
    }

    function test_Sign_RevertsWhen_OfAnotherDeployment() public {
        Exchange other = new Exchange(address(manager), lens, IExchange.FeeTerms(MAKER, TAKER));
        configurator.setCapability(address(other), Capability.Trade, true);
        IExchange.SignedOrder memory s = signed(aliceId, ETH, 1e18, 2_000e18);
        bytes32 there = hashAt(s.order, block.chainid, address(other));
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadSignature.selector, alice, there));
        other.fillable(s, 2_000e18, true);
        accepted(s);
    }

    // ---- helpers

    function byWallet(AccountId account) internal returns (IExchange.SignedOrder memory) {
        return IExchange.SignedOrder(order(account, ETH, 1e18, 2_000e18), address(wallet), "");
    }

    function accepted(IExchange.SignedOrder memory s) internal {
        vm.prank(bob);
        assertEq(exchange.fill(s, bobId, 1e18, 0, block.timestamp), 1e18);
    }

    function refuse(IExchange.SignedOrder memory s) internal {
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadSignature.selector, s.signer, hashOf(s.order)));
        exchange.fillable(s, s.order.limit, true);
    }

    /// @dev Each still leads to the signature's check.
    function change(IExchange.Order memory o, uint256 field) internal view {
        if (field == 0) o.account = accountId(alice, 1);
        if (field == 1) o.asset = BTC;
        if (field == 2) o.size += 1;
        if (field == 3) o.limit += 1;
        if (field == 4) o.nonce += 1_000;
        if (field == 5) o.expiry += 1;
        if (field == 6) o.notBefore = uint64(block.timestamp - 1);
        if (field == 7) o.maxFee += 1;
        if (field == 8) o.reduceOnly = true;
        if (field == 9) o.condition = IExchange.Condition.MarkAtLeast;
        if (field == 10) o.level = 1;
        if (field == 11) o.target = 1;
        if (field == 12) o.tip = 1;
    }
}
