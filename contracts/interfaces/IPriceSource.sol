// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice One source of a price. A revert, a price of zero or an old time makes it count as not fresh.
interface IPriceSource {
    /// @return price in 1e18
    /// @return updatedAt the source's own time of the price
    /// @return confidence half-width of the source's own uncertainty, in 1e18; 0 when it declares none
    function latestPrice() external view returns (uint256 price, uint256 updatedAt, uint256 confidence);
}
