// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a Uniswap v3 pool tells about its tokens and its past.
interface IUniswapV3Pool {
    function token0() external view returns (address);

    function token1() external view returns (address);

    /// @param secondsAgos how far back each reading lies
    /// @return tickCumulatives the tick times seconds since the pool began, at each reading
    function observe(
        uint32[] calldata secondsAgos
    ) external view returns (int56[] memory tickCumulatives, uint160[] memory secondsPerLiquidityCumulativeX128s);
}
