// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {BallastTest} from "./BallastTest.sol";

/// @notice Traders with keys, and a pool of ETH of five million. The order's hash is computed here on its own.
abstract contract OrderTest is BallastTest {
    uint32 internal constant MAKER = 200;
    uint32 internal constant TAKER = 500;

    LiquidityPool internal pool;
    address internal provider = makeAddr("provider");
    mapping(address owner => uint256) internal keys;
    uint64 internal lastNonce;

    function setUp() public virtual override {
        super.setUp();
        key("alice");
        key("bob");
        key("carol");
        fund(alice, aliceId, 10_000e6);
        fund(bob, bobId, 10_000e6);
        fund(carol, carolId, 10_000_000e6);
        pool = openPool(ETH, provider, 5_000_000e6);
    }

    /// @dev Makes a name's key known to `signed`.
    function key(string memory name) internal returns (address who) {
        (who, keys[vm.addr(uint256(keccak256(bytes(name))))]) = makeAddrAndKey(name);
    }

    // ---- orders

    /// @dev Good for an hour, at any fee, with a nonce of its own.
    function order(
        AccountId account,
        AssetId asset,
        int256 size,
        uint256 limit
    ) internal returns (IExchange.Order memory o) {
        (o.account, o.asset, o.size, o.limit) = (account, asset, size, limit);
        o.nonce = ++lastNonce;
        o.expiry = uint64(block.timestamp + 1 hours);
        o.maxFee = TAKER;
    }

    /// @dev At the market, to reduce.
    function stop(
        AccountId account,
        int256 size,
        IExchange.Condition condition,
        uint256 level
    ) internal returns (IExchange.Order memory o) {
        o = order(account, ETH, size, size > 0 ? type(uint256).max : 0);
        (o.reduceOnly, o.condition, o.level) = (true, condition, level);
    }

    function guard(
        AccountId account,
        int256 size,
        uint256 level,
        uint256 target
    ) internal returns (IExchange.Order memory o) {
        o = stop(account, size, IExchange.Condition.HealthBelow, level);
        o.target = target;
    }

    function sign(IExchange.Order memory o, uint256 signingKey) internal view returns (IExchange.SignedOrder memory) {
        return signAs(o, vm.addr(signingKey), signingKey);
    }

    /// @dev Names one signer, is signed with the key of maybe another.
    function signAs(
        IExchange.Order memory o,
        address signer,
        uint256 signingKey
    ) internal view returns (IExchange.SignedOrder memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signingKey, hashOf(o));
        return IExchange.SignedOrder(o, signer, abi.encodePacked(r, s, v));
    }

    /// @dev By the owner of its account.
    function signed(IExchange.Order memory o) internal view returns (IExchange.SignedOrder memory) {
        return sign(o, keys[o.account.ownerOf()]);
    }

    function signed(
        AccountId account,
        AssetId asset,
        int256 size,
        uint256 limit
    ) internal returns (IExchange.SignedOrder memory) {
        return signed(order(account, asset, size, limit));
    }

    function pair(
        IExchange.Order memory maker,
        IExchange.Order memory taker
    ) internal view returns (IExchange.Match memory) {
        return IExchange.Match(signed(maker), signed(taker), type(uint256).max);
    }

    // ---- EIP-712

    function hashOf(IExchange.Order memory o) internal view returns (bytes32) {
        return hashAt(o, block.chainid, address(exchange));
    }

    function hashAt(IExchange.Order memory o, uint256 chainId, address at) internal pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Ballast Exchange"),
                keccak256("1"),
                chainId,
                at
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(bytes.concat(firstHalf(o), secondHalf(o)))));
    }

    function firstHalf(IExchange.Order memory o) private pure returns (bytes memory) {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "Order(uint256 account,uint16 asset,int256 size,uint256 limit,uint64 nonce,uint64 expiry,",
                "uint64 notBefore,uint32 maxFee,bool reduceOnly,uint8 condition,uint256 level,uint256 target,uint256 tip)"
            )
        );
        uint256 account = AccountId.unwrap(o.account);
        return abi.encode(typeHash, account, uint256(AssetId.unwrap(o.asset)), o.size, o.limit, uint256(o.nonce));
    }

    function secondHalf(IExchange.Order memory o) private pure returns (bytes memory) {
        bytes memory words = abi.encode(uint256(o.expiry), uint256(o.notBefore), uint256(o.maxFee));
        bytes32 reduceOnly = bytes32(uint256(o.reduceOnly ? 1 : 0));
        return bytes.concat(words, reduceOnly, abi.encode(uint256(o.condition), o.level, o.target, o.tip));
    }

    // ---- calls

    function poolTerms(AccountId account, int256 size) internal view returns (IExchange.PoolTrade memory) {
        return IExchange.PoolTrade(account, ETH, size, size > 0 ? type(uint256).max : 0, false, block.timestamp);
    }

    function fill(
        address caller,
        IExchange.Order memory maker,
        AccountId taker,
        uint256 most
    ) internal returns (uint256) {
        IExchange.SignedOrder memory s = signed(maker);
        vm.prank(caller);
        return exchange.fill(s, taker, most, 0, block.timestamp);
    }

    function setOperator(address owner, address operator, bool approved) internal {
        vm.prank(owner);
        house.setOperator(operator, approved);
    }

    /// @dev Token units of quote in the wallet, approved to the exchange.
    function give(address payer, uint256 amount) internal {
        quote.mint(payer, amount);
        vm.prank(payer);
        quote.approve(address(exchange), amount);
    }

    // ---- numbers

    /// @dev What a fill pays at this rate, in millionths.
    function feeOn(uint256 size, uint256 price, uint256 rate) internal pure returns (uint256) {
        uint256 value = (size * price + 1e18 - 1) / 1e18;
        return (value * rate + 1e6 - 1) / 1e6;
    }

    function health(AccountId account) internal view returns (uint256) {
        return lens.health(account);
    }

    function expectRefused(bytes4 selector, AccountId account, address caller) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, account, caller));
    }
}
