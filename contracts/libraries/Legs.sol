// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetId} from "../types/AssetId.sol";

/// @notice The assets an account holds: up to eight ids of twelve bits, packed from the low end without gaps.
library Legs {
    uint256 internal constant MAX = 8;
    uint256 private constant BITS = 12;
    uint256 private constant MASK = 0xfff;

    error TooManyLegs(uint256 legs, uint256 bound);

    function count(uint96 legs) internal pure returns (uint256 n) {
        for (uint256 rest = legs; rest != 0; rest >>= BITS) ++n;
    }

    function legAt(uint96 legs, uint256 i) internal pure returns (AssetId) {
        return AssetId.wrap(uint16((uint256(legs) >> (BITS * i)) & MASK));
    }

    function contains(uint96 legs, AssetId asset) internal pure returns (bool) {
        for (uint256 rest = legs; rest != 0; rest >>= BITS) {
            if (rest & MASK == AssetId.unwrap(asset)) return true;
        }
        return false;
    }

    function add(uint96 legs, AssetId asset) internal pure returns (uint96) {
        uint256 n = count(legs);
        require(n < MAX, TooManyLegs(n + 1, MAX));
        return legs | (uint96(AssetId.unwrap(asset)) << uint96(BITS * n));
    }

    /// @dev The last id takes the place of the one that leaves.
    function remove(uint96 legs, AssetId asset) internal pure returns (uint96) {
        uint256 last = count(legs) - 1;
        uint256 i;
        while (legAt(legs, i) != asset) ++i;
        uint256 moved = AssetId.unwrap(legAt(legs, last));
        uint256 rest = (uint256(legs) & ~(MASK << (BITS * i))) | (moved << (BITS * i));
        return uint96(rest & ~(MASK << (BITS * last)));
    }

    function list(uint96 legs) internal pure returns (AssetId[] memory assets) {
        assets = new AssetId[](count(legs));
        for (uint256 i = 0; i < assets.length; ++i) assets[i] = legAt(legs, i);
    }
}
