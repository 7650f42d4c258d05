// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {IUniswapV3Pool} from "../../contracts/interfaces/IUniswapV3Pool.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {BallastTest} from "./BallastTest.sol";

interface IFactory {
    function createPool(address tokenA, address tokenB, uint24 fee) external returns (address pool);
}

interface IPool is IUniswapV3Pool {
    function slot0() external view returns (uint160 sqrtPriceX96, int24 tick, uint16, uint16, uint16, uint8, bool);

    function initialize(uint160 sqrtPriceX96) external;

    function increaseObservationCardinalityNext(uint16 next) external;

    function mint(
        address owner,
        int24 lower,
        int24 upper,
        uint128 liquidity,
        bytes calldata data
    ) external returns (uint256, uint256);

    function swap(
        address recipient,
        bool zeroForOne,
        int256 amount,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256, int256);
}

/// @notice Beside the whole system a pool of Uniswap v3, as its factory makes it: ether, token 0, at 2,000 dollars.
abstract contract UniswapTest is BallastTest {
    string internal constant FACTORY =
        "./node_modules/@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json";
    /// @dev All ticks that the fee of 0.3 % allows.
    int24 internal constant RANGE = 887_220;

    IFactory internal factory;
    TestToken internal token0;
    TestToken internal token1;
    IPool internal pool;

    function setUp() public virtual override {
        super.setUp();
        bytes memory code = vm.parseJsonBytes(vm.readFile(FACTORY), ".bytecode");
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        factory = IFactory(made);
        token0 = weth;
        token1 = quote;
        while (address(token1) < address(token0)) token1 = new TestToken("USD Coin", "USDC", 6);
        pool = newPool(token0, token1, 2_000e6, 1e18);
    }

    function uniswapV3MintCallback(uint256 amount0, uint256 amount1, bytes calldata) external {
        pay(int256(amount0), int256(amount1));
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        pay(amount0, amount1);
    }

    /// @dev `amountB` of b for `amountA` of a, whose address is lower.
    function newPool(TestToken a, TestToken b, uint256 amountB, uint256 amountA) internal returns (IPool made) {
        made = IPool(factory.createPool(address(a), address(b), 3_000));
        made.initialize(uint160(FixedPointMathLib.sqrt(FixedPointMathLib.fullMulDiv(amountB, 1 << 192, amountA))));
        made.mint(address(this), -RANGE, RANGE, 1e17, "");
    }

    /// @dev Swaps until the root of the price is `factor` / 10,000 of what it was.
    function shift(uint256 factor) internal {
        (uint160 root, , , , , , ) = pool.slot0();
        uint256 target = (uint256(root) * factor) / 10_000;
        if (target != root) pool.swap(address(this), target < root, 1 << 120, uint160(target), "");
    }

    function pay(int256 amount0, int256 amount1) internal {
        if (amount0 > 0) token0.mint(msg.sender, uint256(amount0));
        if (amount1 > 0) token1.mint(msg.sender, uint256(amount1));
    }
}
