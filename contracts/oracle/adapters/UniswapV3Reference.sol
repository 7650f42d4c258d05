// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {IPriceSource} from "../../interfaces/IPriceSource.sol";
import {IUniswapV3Pool} from "../../interfaces/IUniswapV3Pool.sol";
import {FixedPoint} from "../../libraries/math/FixedPoint.sol";

/// @notice The time-weighted geometric mean price of a Uniswap v3 pool, of the base token in the other one. It lags by
///         half its window, so it is a reference beside other sources and not one of them.
contract UniswapV3Reference is IPriceSource {
    uint256 internal constant MIN_WINDOW = 60;
    uint256 internal constant MAX_WINDOW = 1 days;
    /// @dev ln 1.0001 in 1e36.
    uint256 internal constant LOG_OF_TICK = 99_995_000_333_308_335_333_166_680_951_131;

    IUniswapV3Pool public immutable pool;
    address public immutable base;
    uint32 public immutable window;
    bool internal immutable baseIsToken0;
    uint256 internal immutable baseUnit;
    uint256 internal immutable quoteUnit;

    error ZeroPool();
    error TokenNotInPool(address token, address token0, address token1);
    error WindowOutOfBounds(uint256 window, uint256 least, uint256 most);
    error TooManyDecimals(uint256 decimals, uint256 bound);

    constructor(IUniswapV3Pool pool_, address base_, uint256 window_) {
        require(address(pool_) != address(0), ZeroPool());
        require(window_ >= MIN_WINDOW && window_ <= MAX_WINDOW, WindowOutOfBounds(window_, MIN_WINDOW, MAX_WINDOW));
        (address token0, address token1) = (pool_.token0(), pool_.token1());
        require(base_ == token0 || base_ == token1, TokenNotInPool(base_, token0, token1));
        pool = pool_;
        base = base_;
        window = uint32(window_);
        baseIsToken0 = base_ == token0;
        baseUnit = unitOf(base_);
        quoteUnit = unitOf(base_ == token0 ? token1 : token0);
    }

    /// @inheritdoc IPriceSource
    function latestPrice() external view returns (uint256, uint256, uint256) {
        int256 tick = meanTick();
        return (priceAt(baseIsToken0 ? tick : -tick), block.timestamp, 0);
    }

    /// @dev Towards minus infinity, as the pool rounds a price to its tick.
    function meanTick() internal view returns (int256) {
        uint32[] memory secondsAgos = new uint32[](2);
        secondsAgos[0] = window;
        (int56[] memory cumulatives, ) = pool.observe(secondsAgos);
        return FixedPoint.mulDivFloor(int256(cumulatives[1]) - cumulatives[0], 1, window);
    }

    /// @dev 1.0001^tick · baseUnit / quoteUnit in 1e18. A negative power is the inverse of a positive one, because
    ///      small results of the exponential have few digits. Before the last floor the relative error is below 1e-16.
    function priceAt(int256 tick) internal view returns (uint256) {
        uint256 power = uint256(
            FixedPointMathLib.expWad(int256(FixedPoint.mulDivDown(FixedPoint.abs(tick), LOG_OF_TICK, 1e18)))
        );
        return
            tick < 0
                ? FixedPoint.mulDivDown(1e36, baseUnit, power * quoteUnit)
                : FixedPoint.mulDivDown(power, baseUnit, quoteUnit);
    }

    function unitOf(address token) internal view returns (uint256) {
        uint256 decimals = IERC20Metadata(token).decimals();
        require(decimals <= 18, TooManyDecimals(decimals, 18));
        return 10 ** decimals;
    }
}
