// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Names an asset: 0 is the quote, 1 to 4095 a perp or a spot collateral. Twelve bits, so that the eight legs of
/// an account fit beside its cash in one slot.
type AssetId is uint16;

using {equalsAsset as ==, differsAsset as !=} for AssetId global;

AssetId constant QUOTE = AssetId.wrap(0);
uint256 constant MAX_ASSET = 4095;

function equalsAsset(AssetId a, AssetId b) pure returns (bool) {
    return AssetId.unwrap(a) == AssetId.unwrap(b);
}

function differsAsset(AssetId a, AssetId b) pure returns (bool) {
    return AssetId.unwrap(a) != AssetId.unwrap(b);
}
